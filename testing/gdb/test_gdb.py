"""`make run GDB=1` waits for `make gdb`, whose commands show what the kernel is doing."""
import re
import socket
import subprocess

import pexpect
import pytest

from testing.conftest import clean_environment
from testing.qemu.machine import BUILD, ROOT

COMMANDS = ("break kernel_main", "continue", "aramid-cpus", "delete", "hbreak init_run", "continue", "backtrace 1", "delete", "hbreak sys_wait4", "continue",
            "aramid-cpus", "aramid-tasks", "aramid-stack 2", "aramid-log 100", "kill")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def waiting(one_aramid, built):
    """A machine under `make run GDB=1`: (the words for make, its console)."""
    built(one_aramid)
    words = [f"PROFILE={one_aramid}", f"BUILD={BUILD}", f"GDBPORT={free_port()}"]
    console = pexpect.spawn("make", ["--no-print-directory", "run", "GDB=1", "SMP=2", *words], cwd=str(ROOT),
                            env=clean_environment(), timeout=60, encoding="utf-8")
    yield words, console
    console.close(force=True)


def test_commands(waiting):
    words, console = waiting
    console.expect("waiting for gdb")
    arguments = "-batch " + " ".join(f"-ex '{command}'" for command in COMMANDS)
    done = subprocess.run(["make", "--no-print-directory", "gdb", f"GDB_ARGS={arguments}", *words], cwd=ROOT, timeout=120,
                          env=clean_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    text = done.stdout
    assert "Error" not in text and "Exception" not in text, text
    assert re.search(r"Breakpoint 2, .*init_run \(\) at .*kernel/init/main\.c:\d+", text), text
    assert text.count(": not yet: ") == 2, text
    assert re.search(r"^CPU [01]: task 1 \(init\)$", text, re.M) and len(re.findall(r"^CPU \d: task", text, re.M)) == 2, text
    assert re.search(r"^ +1 +0 runnable +init$", text, re.M), text
    assert re.search(r"^ +\d+ +1 \w+ +\S+$", text, re.M), text
    assert re.search(r"<schedule(_once)?\+\d+>", text), text     # by a sleep, or by being preempted
    assert re.search(r"^\[ +\d+\.\d{6}\] .*Run /init as init process$", text, re.M), text


def test_commands_list_themselves():
    done = subprocess.run(["gdb", "-batch", "-nx", "-x", "testing/gdb/aramid.py", "-ex", "help user-defined"], cwd=ROOT,
                          stdout=subprocess.PIPE, text=True, check=True)
    assert all(f"aramid-{name} -- " in done.stdout for name in ("cpus", "tasks", "stack", "log"))
