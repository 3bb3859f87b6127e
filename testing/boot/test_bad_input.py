"""What a broken start prints, line by line, and the status that a script sees.

The table is the contract with the kernel. With the word debug_exit on the command line the kernel writes
the debug-exit port after the line, and QEMU ends with FAILED; without it the machine stands still.
"""
import gzip
import re

import pytest

from testing.qemu.cpio import Archive
from testing.qemu.machine import Machine
from testing.qemu.shell import INITRD

FAILED = 3              # isa-debug-exit turns 1 into 2 * 1 + 1
WORDS = "console=ttyS0 quiet debug_exit"


def without_init(_):
    archive = Archive()
    archive.add_file("etc/passwd", "root:x:0:0::/:/bin/sh\n")
    return archive.pack()


def with_init(data, mode=0o755):
    archive = Archive()
    archive.add_folder("dev")
    archive.add_device("dev/console", 5, 1)
    archive.add_file("init", data, mode)
    return archive.pack()


def busybox(shell_initrd):
    """The first ELF file of the shell's initramfs."""
    data = gzip.decompress(shell_initrd)
    return data[data.index(b"\x7fELF"):][:900000]


def corrupt_cpio(shell_initrd):
    """The header of the second entry is overwritten."""
    data = bytearray(gzip.decompress(shell_initrd))
    at = data.index(b"070701", 6)
    data[at:at + 6] = b"garbag"
    return bytes(data)


def corrupt_gzip(shell_initrd):
    """Some bytes in the middle of the compressed data are overwritten."""
    middle = len(shell_initrd) // 2
    return shell_initrd[:middle] + b"\xff" * 64 + shell_initrd[middle + 64:]


def cut_elf(shell_initrd):
    """A program whose segments lie past the end of its file."""
    return with_init(busybox(shell_initrd)[:5000])


def wrong_machine(shell_initrd):
    """A program for another kind of processor: e_machine is 183, aarch64."""
    program = bytearray(busybox(shell_initrd))
    program[18] = 183
    return with_init(bytes(program))


# name: (what makes the initramfs or None, more words, memory, the line)
CASES = {
    "no initramfs": (None, "", "512M", r"aramid: no initramfs: pass one with -initrd"),
    "empty initramfs": (lambda _: b"\0" * 512, "", "512M",
                        r"aramid: no init: the initramfs has no /init"),
    "no init": (without_init, "", "512M", r"aramid: no init: the initramfs has no /init"),
    "rdinit that is not there": (lambda initrd: initrd, "rdinit=/missing", "512M",
                                 r"aramid: no init: cannot run /missing: ENOENT"),
    "init that is no program": (lambda _: with_init(b"\1\2\3 nothing to run\n"), "", "512M",
                                r"aramid: no init: cannot run /init: ENOEXEC"),
    "init without the right to run": (lambda _: with_init(b"#!/bin/sh\n", 0o644), "", "512M",
                                      r"aramid: no init: cannot run /init: EACCES"),
    "corrupt cpio": (corrupt_cpio, "", "512M", r"aramid: corrupt initramfs: .*at offset \d+.*"),
    "cut cpio": (lambda initrd: gzip.decompress(initrd)[:100000], "", "512M",
                 r"aramid: corrupt initramfs: .*"),
    "corrupt gzip": (corrupt_gzip, "", "512M", r"aramid: corrupt initramfs: .*"),
    "cut gzip": (lambda initrd: initrd[:len(initrd) // 2], "", "512M", r"aramid: corrupt initramfs: .*"),
    "corrupt ELF": (cut_elf, "", "512M", r"aramid: no init: cannot run /init: ENOEXEC"),
    "ELF of another machine": (wrong_machine, "", "512M", r"aramid: no init: cannot run /init: ENOEXEC"),
    "16 MiB of memory": (lambda initrd: initrd, "", "16M",
                         r"aramid: not enough memory: \d+ MiB usable, \d+ MiB needed"),
}


@pytest.fixture
def broken(request, tmp_path, booting, built, one_aramid):
    """broken(case, words, ...) starts the case's machine."""
    def start(name, words, **changes):
        built(one_aramid)
        make, more, mem, _ = CASES[name]
        initrd = None
        if make:
            initrd = tmp_path / "initrd"
            initrd.write_bytes(make(INITRD.read_bytes()))
        machine = booting(one_aramid, 60, kind=Machine, initrd=initrd, mem=mem,
                          append=f"{words} {more}".strip(), **changes)
        machine.trouble_expected = True
        return machine
    return start


@pytest.mark.parametrize("name", CASES)
def test_one_line_and_status(name, broken):
    line = CASES[name][3]
    with broken(name, WORDS, debug_exit=True) as machine:
        machine.expect(rf"^{line}\r?$")
        assert machine.wait(20) == FAILED
        lines = [text for text in machine.output.replace("\r", "").split("\n")
                 if text.strip() and not re.match(r"(SeaBIOS|iPXE|Booting|\x1b)", text)]
        assert len(lines) == 1, f"not one line but {lines}"


@pytest.mark.parametrize("name", ["no initramfs", "16 MiB of memory", "corrupt gzip"])
def test_stands_still_unless_told(name, broken):
    """Without the word, nothing is written to the port: the machine prints its line and stays."""
    with broken(name, "console=ttyS0 quiet", debug_exit=True) as machine:
        machine.expect(rf"^{CASES[name][3]}\r?$")
        for _ in range(3):
            assert machine.read(0.5) is not None
