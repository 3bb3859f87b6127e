"""shell.py - the BusyBox shell of a machine under test, as somebody at its console would use it."""
import re

from testing.qemu.machine import BUILD, Config, Machine, kernel_path

INITRD = BUILD / "initramfs" / "busybox.cpio.gz"
# The shell asks the terminal where its cursor is, which nobody answers here.
PROMPT = r"# (\x1b\[6n)?\Z"
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


class Shell(Machine):
    """A machine whose console shows a shell's prompt. See Machine for the rest."""

    def __init__(self, config, timeout=120, log=None):
        super().__init__(config, timeout, log)
        self.status = None

    def prompt(self, seconds=30):
        """Wait for the prompt to be the last thing on the console."""
        return self.expect(PROMPT, seconds)

    def run(self, command, seconds=60):
        """Run a command line; returns what it printed. Its exit status is in self.status."""
        self.line(f"{command}; echo @@$?@@")
        self.expect(r"@@\r*\n", seconds)        # the end of the echo of what was typed
        start = self.position
        end = self.expect(r"@@(\d+)@@\r*\n", seconds)
        self.status = int(end[1])
        self.prompt(seconds)
        return ESCAPES.sub("", self.output[start:end.start()]).replace("\r", "")

    def check(self, command, seconds=60):
        """Run a command line that must exit 0; returns what it printed."""
        output = self.run(command, seconds)
        if self.status:
            self.fail(f"{command!r} exits {self.status}")
        return output

    def power_off(self, seconds=30):
        """Type poweroff; returns QEMU's exit status."""
        self.line("poweroff")
        return self.wait(seconds)


def shell_config(target, **changes):
    """The usual machine for a target: its kernel, the shell's initramfs, a quiet console."""
    defaults = {"kernel": kernel_path(target), "initrd": INITRD, "append": "console=ttyS0 quiet"}
    return Config(**{**defaults, **changes})
