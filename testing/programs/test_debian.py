"""Debian's dynamic bash, coreutils and Python print what they print on Linux."""
import difflib
import functools
from pathlib import Path

import pytest

from testing.programs import data, debian_root, guest

HERE = Path(__file__).resolve().parent
PROGRAMS = sorted((HERE / "debian").iterdir())


@functools.cache
def frames(target):
    archive = debian_root.build()
    archive.add_file("cases/init", (HERE / "debian_init.sh").read_bytes(), 0o755)
    for program in PROGRAMS:
        archive.add_file(f"cases/programs/{program.name}", program.read_bytes(), 0o755)
    data.add(archive, "cases/data")
    return guest.run_linux(archive, len(PROGRAMS)) if target == "linux" else guest.run(target, archive, len(PROGRAMS))


def check(target, built, progress):
    built("linux")
    built(target)
    wanted, got = frames("linux"), frames(target)
    lines = []
    for number, program in enumerate(PROGRAMS, 1):
        assert "exit 0\n" in wanted[number], f"{program.name} on Linux:\n{wanted[number]}"
        lines += difflib.unified_diff(wanted[number].split("\n"), got[number].split("\n"), f"{program.name} on Linux",
                                      target, n=2, lineterm="")
    progress(f"{len(PROGRAMS)} programs, {sum(map(len, wanted.values()))} bytes of output as on Linux")
    assert not lines, "\n" + "\n".join(lines)


@pytest.mark.full
def test_debian(aramid, built, progress):
    check(aramid, built, progress)
