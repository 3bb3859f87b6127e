"""What of a program's registers the kernel's C code finds: at a system call and at a page fault, seen by gdb.

The program of registers.S marks its registers. ENTRY_SAVE_CLEAR: none of the marks is left but in the registers that
carry arguments of the system call. Without it the callee-saved registers still have them.
"""
import re
import socket
import subprocess

import pytest

from testing.mechanisms import has
from testing.qemu.cpio import Archive
from testing.qemu.machine import ROOT, Machine

MARK = 0x5a5a5a5a5a5a5a5a
CALLEE_SAVED = {"rbx", "rbp", "r12", "r13", "r14", "r15"}
ARGUMENTS = {"rdi", "rsi", "rdx", "rcx", "r8", "r9"}
REGISTER = re.compile(r"^(r\w\w?) +0x([0-9a-f]+) ", re.M)


@pytest.fixture(scope="module")
def initramfs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("registers")
    subprocess.run(["gcc", "-nostdlib", "-static", "-o", folder / "init", ROOT / "testing/entry/registers.S"], check=True)
    archive = Archive()
    archive.add_file("init", (folder / "init").read_bytes(), 0o755)
    path = folder / "initramfs.cpio"
    path.write_bytes(archive.pack())
    return path


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def marked(text):
    """Which registers of gdb's list have the mark."""
    return {name for name, value in REGISTER.findall(text) if int(value, 16) == MARK}


@pytest.mark.parametrize("words", ["", "pti=on"], ids=["plain", "pti"])
def test_marks(aramid, words, booting, initramfs):
    port = free_port()
    with booting(aramid, timeout=120, kind=Machine, initrd=initramfs, append=f"console=ttyS0 panic=-1 {words}".strip(),
                 extra=["-S", "-gdb", f"tcp:127.0.0.1:{port}"]) as machine:
        commands = (f"target remote 127.0.0.1:{port}", "hbreak *sys_getppid", "continue", "echo <call>\\n", "info registers",
                    "delete", "hbreak *trap_page_fault if $rsi & 4", "continue", "echo <fault>\\n", "info registers", "kill")
        arguments = [word for command in commands for word in ("-ex", command)]
        done = subprocess.run(["gdb", "-nx", "-batch", machine.config.kernel, *arguments], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=100, check=False)
    _, call, fault = re.split("<call>|<fault>", done.stdout)
    assert len(REGISTER.findall(call)) >= 16 and len(REGISTER.findall(fault)) >= 16, done.stdout
    if has(aramid, "ENTRY_SAVE_CLEAR"):
        assert marked(call) <= ARGUMENTS and not marked(fault), done.stdout
    else:
        assert marked(call) >= CALLEE_SAVED and marked(fault) >= CALLEE_SAVED, done.stdout
