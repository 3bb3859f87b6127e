"""The build: four profiles, side options, the same bytes from any folder, and nothing stale after a change."""
import hashlib
import re
import shutil
import subprocess
import time
from pathlib import Path

import pexpect
import pytest

from testing.conftest import clean_environment

ROOT = Path(__file__).resolve().parents[2]
PROFILES = ("fortress", "balanced", "performance", "ludicrous")
ROW = re.compile(r"^\| ([A-Z0-9_]+) \| (on|-) \| (on|-) \| (on|-) \| (on|-) \|", re.M)


def make(*arguments, cwd=ROOT, fine=True):
    """Runs make; returns its output. `fine`: whether it has to succeed."""
    result = subprocess.run(["make", "--no-print-directory", *arguments], cwd=cwd, env=clean_environment(),
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert (result.returncode == 0) == fine, result.stdout
    return result.stdout


def copy_tree(target):
    """A copy of what is in version control or would be, and of the unpacked third-party source."""
    names = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True,
                           check=True).stdout.split("\n")
    for name in filter(None, names):
        if (ROOT / name).exists():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name, follow_symlinks=False)
    shutil.copytree(ROOT / "build/third_party", target / "build/third_party")
    return target


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return copy_tree(tmp_path_factory.mktemp("tree"))


def options(build):
    """The options that are on in a configured build folder."""
    return set(re.findall(r"^#define CONFIG_(\w+) 1$", (build / "generated/autoconf.h").read_text(), re.M))


def test_wrong_profile():
    output = make("PROFILE=paranoid", fine=False)
    assert "PROFILE=paranoid" in output and all(profile in output for profile in PROFILES)


@pytest.mark.parametrize("option, why", [("KERNEL_TEST", "no such option"), ("BOUNDS_CHECKS", "decided by the profile")])
def test_wrong_side_option(tmp_path, option, why):
    output = make("config", f"BUILD={tmp_path}", f"WITH={option}", fine=False)
    assert why in output and "KERNEL_TESTS" in output and not any(tmp_path.iterdir())


def test_unknown_option_in_file(tmp_path):
    (tmp_path / "mine.config").write_text("CONFIG_PROFILE_BALANCED=y\nCONFIG_BOUND_CHECKS=y\n")
    assert "BOUND_CHECKS" in make("config", f"BUILD={tmp_path}", f"CONFIG={tmp_path}/mine.config", fine=False)


def test_profile_cannot_be_weakened(tmp_path):
    (tmp_path / "mine.config").write_text("CONFIG_PROFILE_FORTRESS=y\n# CONFIG_BOUNDS_CHECKS is not set\n")
    output = make("config", f"BUILD={tmp_path}", f"CONFIG={tmp_path}/mine.config")
    assert "CONFIG_BOUNDS_CHECKS=n ignored" in output
    assert "BOUNDS_CHECKS" in options(tmp_path / "mine")


def test_custom_mixes(tmp_path):
    (tmp_path / "mine.config").write_text("CONFIG_PROFILE_CUSTOM=y\nCONFIG_SLAB_POISON=y\n")
    make("config", f"BUILD={tmp_path}", f"CONFIG={tmp_path}/mine.config")
    assert options(tmp_path / "mine") == {"PROFILE_CUSTOM", "SLAB_POISON"}


def test_table_of_profiles(tmp_path):
    """The table in profiles/README.md says what Kconfig does."""
    rows = ROW.findall((ROOT / "profiles/README.md").read_text())
    assert rows
    for column, profile in enumerate(PROFILES, 1):
        make("config", f"BUILD={tmp_path}", f"PROFILE={profile}")
        on = {row[0] for row in rows if row[column] == "on"}
        assert options(tmp_path / profile) == on | {f"PROFILE_{profile.upper()}"}


def test_help_names_the_goals():
    output = make("help")
    for word in ("setup", "run", "menuconfig", "test", "iso", "clean", "PROFILE", "WITH"):
        assert word in output


def test_setup_does_nothing_when_all_is_there():
    start = time.monotonic()
    output = make("-j4", "setup", "help")
    assert output.startswith("setup: all there\n") and "make menuconfig" in output
    assert time.monotonic() - start < 5


def test_initramfs_is_reproducible(tmp_path):
    hashes = set()
    for name in ("a", "b"):
        subprocess.run([ROOT / "testing/initramfs/build.py", tmp_path / name], check=True)
        hashes.add(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    assert len(hashes) == 1


def test_reproducible_from_any_folder(tree, built, monkeypatch):
    """Compiled anew elsewhere, where no compiler's cache helps, it is the same kernel."""
    monkeypatch.setenv("CCACHE_DISABLE", "1")
    make("-j2", "BUILD=folder-with-a-longer-name/out", cwd=tree)
    images = (tree / "folder-with-a-longer-name/out/balanced/aramid.elf", built("balanced"))
    assert len({hashlib.sha256(image.read_bytes()).hexdigest() for image in images}) == 1


def compiled(output):
    return set(re.findall(r"^  (?:CC|AS) +(\S+)$", output, re.M))


def test_incremental(tree):
    folder = ("objects", "DIR=libs", "BUILD=inc")
    everything = compiled(make(*folder, cwd=tree))
    assert "libs/rbtree/rbtree.c" in everything and not any("/test_" in name for name in everything)
    assert not compiled(make(*folder, cwd=tree)), "nothing changed"

    with (tree / "libs/include/lib/rbtree.h").open("a") as file:
        file.write("/* changed */\n")
    again = compiled(make(*folder, cwd=tree))
    assert "libs/rbtree/rbtree.c" in again and "libs/elf/elf.c" not in again

    (tree / "libs/rbtree/new.c").write_text("int new_one;\n")
    assert compiled(make(*folder, cwd=tree)) == {"libs/rbtree/new.c"}
    (tree / "libs/rbtree/new.c").unlink()

    flags = tree / "profiles/flags.mk"
    text = flags.read_text()
    flags.write_text(text + "CFLAGS += -DCHANGED\n")
    assert compiled(make(*folder, cwd=tree)) == everything, "a changed flag rebuilds all"
    flags.write_text(text)


def test_option_change_rebuilds(tree):
    """The same file with another content: what depends on the option is made again, and is another. So it is where the first
    build found all it needed in the compiler's cache."""
    source, made = "platform/x86_64/entry/entry.S", tree / "opt/mine/platform/x86_64/entry/entry.S.o"

    def build(*on, name="mine"):
        (tree / f"{name}.config").write_text("CONFIG_PROFILE_CUSTOM=y\n" + "".join(f"CONFIG_{option}=y\n" for option in on))
        return compiled(make("objects", "DIR=platform/x86_64/entry", "BUILD=opt", f"CONFIG={name}.config", cwd=tree))

    assert source in build(name="other") and source in build()
    plain = made.read_bytes()
    assert source in build("ENTRY_SAVE_ALL") and made.read_bytes() != plain
    assert "ENTRY_SAVE_ALL" in options(tree / "opt/mine")
    assert not build("ENTRY_SAVE_ALL"), "nothing changed"
    assert source in build() and made.read_bytes() == plain


@pytest.fixture
def screen(tmp_path):
    """A terminal of 80 columns and 24 lines: call it with keys, it returns what is on the screen."""
    if not shutil.which("tmux"):
        pytest.skip("tmux is not installed: run 'make setup'")
    base = ["tmux", "-S", str(tmp_path / "socket"), "-f", "/dev/null"]

    def tmux(*arguments):
        return subprocess.run([*base, *arguments], env=clean_environment(), capture_output=True, text=True,
                              check=True).stdout

    def drive(*keys, until):
        """Presses the keys and waits for the text."""
        if keys:
            tmux("send-keys", *keys)
        for _ in range(100):
            text = tmux("capture-pane", "-p")
            if until in text:
                return text
            time.sleep(0.1)
        raise AssertionError(f"no {until!r} on the screen:\n{text}")

    command = f"cd {ROOT} && make menuconfig BUILD={tmp_path}/b; read end"
    tmux("new-session", "-d", "-x", "80", "-y", "24", command)
    yield drive
    subprocess.run([*base, "kill-server"], check=False, capture_output=True)


def test_menuconfig(screen, tmp_path):
    text = screen(until="Safety profile (balanced")
    assert max(map(len, text.split("\n"))) <= 80 and "[S] Save" in text
    screen("Enter", until="custom: each mechanism by hand")
    screen("Down", "Down", "Down", "Enter", until="Safety profile (custom")
    screen("Down", "Enter", until="[*] Check array indices")
    screen("?", until="Without it a wrong index reads or writes whatever lies behind the array.")
    screen("q", until="[*] Check array indices")
    screen("Space", until="[ ] Check array indices")
    screen("s", until="Filename to save")
    screen("Enter", until="Configuration saved")
    screen("Enter", until="[ ] Check array indices")
    screen("q", until=f"make CONFIG={tmp_path}/b/custom.config"[:40])
    make("config", f"BUILD={tmp_path}/b", f"CONFIG={tmp_path}/b/custom.config")
    on = options(tmp_path / "b/custom")
    assert "BOUNDS_CHECKS" not in on and {"CHECKS", "PROFILE_CUSTOM", "ENTRY_SAVE_ALL"} <= on


def test_menuconfig_keeps_what_is_saved(tmp_path):
    """Another profile to begin with replaces a saved file only when it is saved."""
    saved = tmp_path / "custom.config"
    saved.write_text("CONFIG_PROFILE_CUSTOM=y\n")
    for answer, said, kept in (("n", "was not saved", True), ("y", "saved to", False)):
        console = pexpect.spawn("make", ["menuconfig", f"BUILD={tmp_path}", "PROFILE=fortress"], cwd=str(ROOT),
                                env={**clean_environment(), "TERM": "vt100"}, timeout=30, encoding="utf-8")
        console.expect("Quit")
        console.send("q")
        console.expect("Save configuration")
        console.send(answer)
        console.expect(said)
        console.expect(f"make run CONFIG={saved}")
        console.expect(pexpect.EOF)
        assert (saved.read_text() == "CONFIG_PROFILE_CUSTOM=y\n") == kept
