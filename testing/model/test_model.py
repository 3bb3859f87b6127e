"""spin goes through every order of steps of vma_lock.pml, and finds each of the bugs that can be built into it."""
import re
import subprocess

import pytest

from testing.qemu.machine import ROOT

MODEL = ROOT / "testing/model/vma_lock.pml"
BUGS = ["NO_SEQUENCE", "LATE_SEQUENCE", "NO_FLUSH", "NO_TABLE_LOCK", "NO_BARRIER", "NO_READER_BARRIER", "NO_MARK_BARRIER",
        "NO_HANDOVER", "LATE_TOUCH", "NO_READERS", "NO_GONE", "NO_FORGET", "LATE_QUEUE"]


def check(folder, *bugs):
    """What the checker of the model says. With a bug it searches breadth first: what it shows is as short as can be."""
    steps = (["spin", "-a", *(f"-D{bug}" for bug in bugs), MODEL],
             ["gcc", "-O2", "-w", "-DSAFETY", *(["-DBFS"] if bugs else []), "-o", "pan", "pan.c"],
             ["./pan", "-m100000"])
    for step in steps:
        done = subprocess.run(step, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600,
                              check=True)
    return done.stdout


def test_model(tmp_path, progress):
    said = check(tmp_path)
    assert "errors: 0" in said and "max search depth" not in said, said
    states = re.search(r"(\d+) states, stored", said)[1]
    progress(f"spin: no error in {states} states")
    # Every statement was reached.
    assert set(re.findall(r"\((\d+) of \d+ states\)", said)) == {"0"}, said


@pytest.mark.parametrize("bug", BUGS)
def test_bug_is_found(tmp_path, bug):
    said = check(tmp_path, bug)
    assert re.search(r"pan:1: (assertion violated|invalid end state)", said), said


def test_bugs_are_all():
    text = MODEL.read_text()
    assert set(re.findall(r"^#ifn?def (\w+)", text, re.M)) == set(BUGS)
    assert set(re.findall(r"^ \*\t([A-Z_]+)\t", text, re.M)) == set(BUGS)
