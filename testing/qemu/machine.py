"""machine.py - one virtual machine under test: start QEMU, talk to its console, read its log, end it.

Every machine has a deadline, is killed by its own process id only, and dies with the process that
started it. The console is the guest's first serial port, on a pseudo-terminal that the caller reads.
"""
import ctypes
import os
import re
import select
import shlex
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

import pexpect

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("BUILD", ROOT / "build")).resolve()
PROFILES = ("fortress", "balanced", "performance", "ludicrous")
QEMU = os.environ.get("QEMU", "qemu-system-x86_64")
EXIT_PORT = 0x501
STATUS_SUCCESS = 33    # isa-debug-exit turns the value written, 0x10, into 2 * value + 1
OVMF = ("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_CODE.fd")
ACCELS = {
    "tcg": ["-accel", "tcg,thread=multi"],
    "icount": ["-accel", "tcg", "-icount", "shift=0,sleep=off",
               "-rtc", "base=2020-01-01T00:00:00,clock=vm"],
    "kvm": ["-accel", "kvm"],
}
# What a kernel prints when it is in trouble; a user program must never make it print one of these.
COMPLAINT = re.compile(
    r"(^|\] |aramid: )(BUG|WARNING|Oops|Kernel panic|panic|oops|general protection fault|"
    r"contained fault|lock rank|lock check|check failed|failed check|[Ss]tack overflow|stack smashed|"
    r"index \d+ out of bounds|watchdog: |rcu: INFO|INFO: task)\b", re.M)
GRUB_WARNING = "no console will be available to OS"
# QEMU has the terminal turn each newline into two characters more than the guest's own.
_NEWLINE = re.compile("\r+\n")


def kernel_path(profile):
    """The kernel of a profile: build/<profile>/aramid.elf, or Linux's bzImage for 'linux'."""
    if profile == "linux":
        return BUILD / "linux" / "bzImage"
    return BUILD / profile / "aramid.elf"


def complaints(log):
    """The lines of a console log in which the kernel reports trouble."""
    return [line for line in log.replace("\r", "").split("\n")
            if COMPLAINT.search(line) and GRUB_WARNING not in line and "+0x" not in line]


class MachineError(Exception):
    """The machine did not do what was awaited; the message ends with the tail of its console."""


@dataclass
class Config:
    """What to boot. The defaults are the smallest usual machine."""
    kernel: object = None
    initrd: object = None
    append: str = ""
    smp: int = 1
    mem: str = "512M"
    machine: str = "pc"
    cpu: str = "max"
    accel: str = "tcg"
    iso: object = None
    firmware: str = "bios"          # or "uefi"
    debug_exit: bool = False
    serial: str = "console"         # "console": ours to talk to; else a path that takes the output
    extra: list = field(default_factory=list)

    def command(self):
        """The QEMU command line."""
        if self.accel == "icount" and self.smp != 1:
            raise ValueError("icount counts one CPU: smp must be 1")
        args = [QEMU, "-M", self.machine, "-cpu", self.cpu, "-smp", str(self.smp), "-m", self.mem,
                *ACCELS[self.accel], "-nodefaults", "-no-user-config", "-display", "none",
                "-vga", "std", "-no-reboot"]
        if self.serial == "console":
            args += ["-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"]
        else:
            args += ["-serial", f"file:{self.serial}"]
        if self.firmware == "uefi":
            code = next((path for path in OVMF if os.path.exists(path)), None)
            if code is None:
                raise MachineError("no OVMF firmware: install the package ovmf")
            args += ["-drive", f"if=pflash,format=raw,readonly=on,file={code}"]
        if self.iso:
            args += ["-boot", "d", "-cdrom", str(self.iso)]
        if self.kernel:
            args += ["-kernel", str(self.kernel), "-append", self.append]
        if self.initrd:
            args += ["-initrd", str(self.initrd)]
        if self.debug_exit:
            args += ["-device", f"isa-debug-exit,iobase={EXIT_PORT:#x},iosize=0x4"]
        return args + list(self.extra)


def _die_with_parent():
    """In the child, before QEMU: have the kernel end it when its parent ends (PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Machine:
    """A running machine. Use it as a context manager: leaving the block ends QEMU.

    timeout is the life of the whole machine in seconds; after it every wait fails.
    """

    def __init__(self, config, timeout=60, log=None):
        self.config = config
        self.output = ""
        self.log_path = Path(log) if log else None
        self.deadline = time.monotonic() + timeout
        self.timeout = timeout
        self.position = 0
        self.held = ""          # carriage returns at the end of a read: a newline may follow
        self.started = time.monotonic()
        command = config.command()
        self.command = shlex.join(command)
        self.child = pexpect.spawn(command[0], command[1:], timeout=None, echo=False,
                                   dimensions=(24, 80), preexec_fn=_die_with_parent)
        self.child.delaybeforesend = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def left(self, seconds=None):
        """Seconds until the deadline, or until `seconds` from now if that is sooner."""
        rest = max(0.0, self.deadline - time.monotonic())
        return rest if seconds is None else min(rest, seconds)

    def read(self, seconds):
        """Take what the console printed, waiting up to `seconds` for the first byte.

        Returns "" when nothing came, None when the machine has ended.
        """
        try:
            text = self.child.read_nonblocking(65536, timeout=seconds)
        except pexpect.TIMEOUT:
            return ""
        except pexpect.EOF:
            return None
        text = self.held + text.decode("utf-8", "replace")
        whole = text.rstrip("\r")
        self.held = text[len(whole):]
        self.output += _NEWLINE.sub("\r\n", whole)
        return text

    def settle(self, quiet=0.5):
        """Read until the console has been quiet for so long: what was started now waits for input."""
        while self.left():
            text = self.read(min(quiet, self.left()))
            if text is None:
                self.fail("machine ended")
            if not text:
                return

    def tail(self, lines=25):
        return "\n".join(self.output.replace("\r", "").split("\n")[-lines:])

    def fail(self, what):
        raise MachineError(f"{what}\ncommand: {self.command}\nconsole ends with:\n{self.tail()}")

    def expect(self, pattern, seconds=30):
        """Wait until the console matches the regular expression after what was matched before."""
        regex = re.compile(pattern, re.M)
        until = time.monotonic() + self.left(seconds)
        while True:
            found = regex.search(self.output, self.position)
            if found:
                self.position = found.end()
                return found
            rest = until - time.monotonic()
            if rest <= 0:
                self.fail(f"no {pattern!r} on the console in time")
            if self.read(min(rest, 1)) is None and not regex.search(self.output, self.position):
                self.fail(f"machine ended (status {self.wait()}) before {pattern!r}")

    def send(self, text):
        """Type text, reading the console meanwhile, so that neither side waits for the other."""
        data = text.encode() if isinstance(text, str) else text
        fd = self.child.fileno()
        while data:
            if not self.left():
                self.fail(f"the console takes no input, {len(data)} bytes left")
            readable, writable, _ = select.select([fd], [fd], [], 1)
            if readable and self.read(0) is None:
                self.fail("machine ended while typing")
            if writable:
                data = data[os.write(fd, data[:256]):]

    def line(self, text):
        """Type a line and press Enter."""
        self.send(text + "\r")

    def wait(self, seconds=None):
        """Wait for QEMU to end by itself. Returns its exit status, negative for a signal."""
        until = time.monotonic() + self.left(seconds)
        while self.read(min(1, max(0.01, until - time.monotonic()))) is not None:
            if time.monotonic() >= until:
                self.fail("the machine does not end")
        self.child.wait()
        self.save_log()
        if self.child.signalstatus:
            return -self.child.signalstatus
        return self.child.exitstatus

    def kill(self):
        """End QEMU, this one only, and keep the log. Harmless when it has ended."""
        if self.child.isalive():
            self.child.kill(signal.SIGKILL)
            try:
                while self.read(1) is not None:
                    pass
            except OSError:
                pass
            self.child.wait()
        self.child.close()
        self.save_log()

    def save_log(self):
        if self.log_path:
            self.log_path.parent.mkdir(parents=True, exist_ok=True)
            self.log_path.write_text(self.output.replace("\r\n", "\n"))
