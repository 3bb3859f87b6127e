"""What a broken start prints, line by line, and the status that a script sees.

The table is the contract with the kernel. With the word debugexit on the command line the kernel writes
the debug-exit port after the line, and QEMU ends with 2 * code + 1; without the word the machine stands
still or powers off.
"""
import gzip
import re

import pytest

from testing.qemu.cpio import Archive
from testing.qemu.machine import Machine
from testing.qemu.shell import INITRD

CORRUPT, UNFIT, NO_INIT = 35, 37, 39
WORDS = "console=ttyS0 quiet debugexit"
TIME = r"(\[ *\d+\.\d+\] )?"       # once the kernel's log runs, each of its lines begins with it
NO_INIT_LINE = r"aramid: no init found: the initramfs needs an executable /init, or name one with rdinit="


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
    """A program cut off in its table of segments."""
    return with_init(busybox(shell_initrd)[:100])


def wrong_machine(shell_initrd):
    """A program for another kind of processor: e_machine is 183, aarch64."""
    program = bytearray(busybox(shell_initrd))
    program[18] = 183
    return with_init(bytes(program))


# name: (what makes the initramfs or None, more words, memory, the line, the status)
CASES = {
    "no initramfs": (None, "", "512M",
                     r"aramid: no initramfs: pass one with -initrd or as the first module", NO_INIT),
    "empty initramfs": (lambda _: bytes(512), "", "512M", NO_INIT_LINE, NO_INIT),
    "no init": (without_init, "", "512M", NO_INIT_LINE, NO_INIT),
    "rdinit that is not there": (lambda initrd: initrd, "rdinit=/missing", "512M",
                                 NO_INIT_LINE, NO_INIT),
    "init that is no program": (lambda _: with_init(b"\1\2\3 nothing to run\n"), "", "512M",
                                r"aramid: cannot run: /init \(error -8\)", NO_INIT),
    "init without the right to run": (lambda _: with_init(b"#!/bin/sh\n", 0o644), "", "512M",
                                      NO_INIT_LINE, NO_INIT),
    "corrupt cpio": (corrupt_cpio, "", "512M", r"aramid: initramfs is corrupt: .+", CORRUPT),
    "cut cpio": (lambda initrd: gzip.decompress(initrd)[:100000], "", "512M",
                 r"aramid: initramfs is corrupt: .+", CORRUPT),
    "corrupt gzip": (corrupt_gzip, "", "512M", r"aramid: initramfs is corrupt: .+", CORRUPT),
    "cut gzip": (lambda initrd: initrd[:len(initrd) // 2], "", "512M",
                 r"aramid: initramfs is corrupt: .+", CORRUPT),
    "corrupt ELF": (cut_elf, "", "512M", r"aramid: cannot run: /init \(error -8\)", NO_INIT),
    "ELF of another machine": (wrong_machine, "", "512M", r"aramid: cannot run: /init \(error -8\)", NO_INIT),
    "16 MiB of memory": (lambda initrd: initrd, "", "16M",
                         r"aramid: not enough memory: \d+ MiB usable, \d+ MiB needed", UNFIT),
}


@pytest.fixture
def broken(request, tmp_path, booting, built, one_aramid):
    """broken(case, words, ...) starts the case's machine."""
    def start(name, words, **changes):
        built(one_aramid)
        make, more, mem, *_ = CASES[name]
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
        machine.expect(rf"^{TIME}{line}\r?$")
        assert machine.wait(20) == CASES[name][4]
        lines = [text for text in machine.output.replace("\r", "").split("\n")
                 if text.strip() and not re.match(r"(SeaBIOS|iPXE|Booting|\x1b)", text)]
        assert len(lines) == 1, f"not one line but {lines}"


@pytest.mark.parametrize("name", ["no initramfs", "16 MiB of memory", "corrupt gzip"])
def test_port_untouched_unless_told(name, broken):
    """Without the word, nothing is written to the port: the machine prints its line, then stops or stays."""
    with broken(name, "console=ttyS0 quiet", debug_exit=True) as machine:
        machine.expect(rf"^{TIME}{CASES[name][3]}\r?$")
        ended = False
        for _ in range(3):
            ended |= machine.read(0.5) is None
        assert not ended or machine.wait(5) == 0
