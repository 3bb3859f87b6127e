"""README.md says of the kernels what is true, and names goals and files that exist."""
import re
import subprocess

from testing.conftest import clean_environment
from testing.qemu.machine import BUILD, PROFILES, ROOT
from testing.tools import readme

TEXT = (ROOT / "README.md").read_text()


def test_not_stale(built):
    for profile in PROFILES:
        built(profile)
    assert not readme.check(TEXT), "run 'make readme'"


def test_staleness_is_found(built):
    for profile in PROFILES:
        built(profile)
    start, end = readme.between(TEXT, "sizes")
    total = str(sum(readme.sizes()["balanced"]))
    wrong = TEXT[:start] + re.sub(r"\d{3,}", "99", TEXT[start:end]) + TEXT[end:]
    assert total not in wrong[start:end] and len(readme.check(wrong)) == len(PROFILES)
    assert readme.check(TEXT.replace("red zones", "green zones")) == ["the table of mechanisms"]
    assert readme.check(TEXT.replace("| signals | ", "| signals | 1")) == ["the number of contracts"]


def test_files_exist():
    names = re.findall(r"`([\w/.-]+\.\w+|[\w/-]+/)`", TEXT)
    assert len(names) > 10
    beside = ("", "platform/x86_64/boot/", "kernel/mm/", "kernel/fs/", "kernel/sched/", "Documentation/")
    assert not [name for name in names if not any((ROOT / folder / name).exists() for folder in beside)
                and not name.endswith(".elf")]


def test_goals_exist():
    """make -n knows each goal that the text names; variables after it are accepted."""
    goals = set(re.findall(r"^make ([\w -]+?)(?= *(?:#|$))", TEXT, re.M)) | set(re.findall(r"`make ([a-z-]+)", TEXT))
    assert {"menuconfig", "iso", "test", "run"} <= {word for goal in goals for word in goal.split()}
    for goal in sorted({word for goal in goals for word in goal.split()} - {"setup"}):
        done = subprocess.run(["make", "-n", goal, f"BUILD={BUILD}"], cwd=ROOT, env=clean_environment(),
                              capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
