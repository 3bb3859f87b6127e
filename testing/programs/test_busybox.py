"""BusyBox's applets do to files what they do on Linux: exit status, output and folders, byte by byte."""
import difflib
import functools
from pathlib import Path

import pytest

from testing.programs import data, guest
from testing.qemu.cpio import Archive
from testing.qemu.shell import INITRD

HERE = Path(__file__).resolve().parent
LEAST = 60


def cases():
    """[(applet, command)] of busybox.cases."""
    lines = (HERE / "busybox.cases").read_text().splitlines()
    return [tuple(line.split(": ", 1)) for line in lines if line and not line.startswith("#")]


@functools.cache
def frames(target):
    archive = Archive(INITRD.read_bytes())
    archive.add_file("cases/init", (HERE / "busybox_init.sh").read_bytes(), 0o755)
    archive.add_file("cases/list", "".join(f"{command}\n" for _, command in cases()))
    data.add(archive, "cases/data")
    return guest.run_linux(archive, len(cases())) if target == "linux" else guest.run(target, archive, len(cases()))


def check(target, built, progress):
    built("linux")
    built(target)
    wanted, got = frames("linux"), frames(target)
    assert len(wanted) == len(got) == len(cases())
    differences = []
    for number, (applet, command) in enumerate(cases(), 1):
        if got[number] != wanted[number]:
            lines = difflib.unified_diff(wanted[number].split("\n"), got[number].split("\n"), "Linux", target, n=1,
                                         lineterm="")
            differences.append(f"{applet}: {command}\n" + "\n".join(lines))
    progress(f"{len(cases()) - len(differences)} of {len(cases())} applets as on Linux")
    assert not differences, "\n" + "\n\n".join(differences)


def test_many_applets():
    applets = [applet for applet, _ in cases()]
    assert len(applets) == len(set(applets)) >= LEAST


def test_applets(one_aramid, built, progress):
    check(one_aramid, built, progress)


@pytest.mark.full
def test_applets_on_every_profile(aramid, built, progress):
    check(aramid, built, progress)
