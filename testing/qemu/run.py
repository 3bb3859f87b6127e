#!/usr/bin/python3
"""run.py - boot kernels to the shell, see them work, and power them off: one line of verdict a kernel.

usage: run.py [--profile P]... [--with OPTION]... [--smp N[,N]] [--mem M] [--machine M] [--cpu C]
              [--accel tcg|icount|kvm] [--append WORDS] [--initrd FILE] [--firmware bios|uefi --iso FILE]
              [--command LINE]... [--timeout S] [--log FILE] [--show]
  P: fortress, balanced, performance, ludicrous, all (those four), linux.
With --with KERNEL_TESTS, build/P+KERNEL_TESTS is booted and its in-kernel tests must report "ok N/N";
what the kernel says while they run is not held against it, as some provoke a warning.
Each boot also checks that free memory comes back after work, that the kernel complained about
nothing, and that poweroff ends QEMU with status 0.
"""
import argparse
import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from testing.qemu.machine import ACCELS, BUILD, PROFILES, MachineError, complaints, kernel_path
from testing.qemu.shell import INITRD, Shell, shell_config

KERNEL_TESTS = re.compile(r"kunit: ok (\d+)/(\d+)")
WORK = "for i in 1 2 3 4 5 6 7 8; do seq 1 2000 | sort -n | md5sum; done > /tmp/w; rm /tmp/w"
MEMORY_LOSS_KB = 1024


@dataclass
class Verdict:
    """How one boot went; trouble is empty if it went well."""
    name: str
    seconds: float = 0.0
    tests: str = "-"
    free_kb: tuple = (0, 0)
    trouble: str = ""

    def line(self):
        free = f"{self.free_kb[0]} -> {self.free_kb[1]} KiB free"
        return (f"{self.name:34} {self.seconds:6.1f} s  tests {self.tests:9} {free:32} "
                f"{'ok' if not self.trouble else 'FAIL: ' + self.trouble}")


def free_kb(shell):
    return int(shell.check("awk '/^MemFree/ { print $2 }' /proc/meminfo"))


def work_and_measure(shell):
    """Free memory before and after work that leaves nothing behind; a first round fills the caches."""
    shell.check(WORK)
    before = free_kb(shell)
    for _ in range(3):
        shell.check(WORK)
    return before, free_kb(shell)


def boot(name, config, commands=(), timeout=180, log=None, kernel_tests=False):
    """Boot, work, power off. Never raises for what the kernel does: see Verdict.trouble."""
    verdict = Verdict(name)
    begin = time.monotonic()
    found = None
    with Shell(config, timeout, log) as shell:
        try:
            shell.prompt(timeout)
            verdict.seconds = time.monotonic() - begin
            if kernel_tests:
                found = KERNEL_TESTS.search(shell.output)
                if not found:
                    shell.fail('no "ok N/N" of the kernel\'s tests')
                verdict.tests = f"{found[1]}/{found[2]}"
                if found[1] != found[2] or found[2] == "0":
                    shell.fail(f"kernel tests: {verdict.tests}")
            for command in commands:
                print(shell.check(command, timeout), end="")
            verdict.free_kb = work_and_measure(shell)
            lost = verdict.free_kb[0] - verdict.free_kb[1]
            if lost > MEMORY_LOSS_KB:
                verdict.trouble = f"{lost} KiB lost"
            status = shell.power_off()
            if status:
                verdict.trouble = f"QEMU ends with status {status}"
        except MachineError as error:
            verdict.trouble = str(error)
        after_tests = shell.output[found.end() if found else 0:]
        verdict.trouble += "".join("\n  the kernel complains: " + line for line in complaints(after_tests))
    return verdict


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--profile", action="append", default=[])
    parser.add_argument("--with", dest="options", action="append", default=[])
    parser.add_argument("--smp", default="1")
    parser.add_argument("--mem", default="512M")
    parser.add_argument("--machine", default="pc")
    parser.add_argument("--cpu", default="max")
    parser.add_argument("--accel", default="tcg", choices=list(ACCELS))
    parser.add_argument("--append", default="")
    parser.add_argument("--initrd", default=str(INITRD))
    parser.add_argument("--iso")
    parser.add_argument("--firmware", default="bios", choices=["bios", "uefi"])
    parser.add_argument("--command", action="append", default=[])
    parser.add_argument("--timeout", type=int, default=180)
    parser.add_argument("--log")
    parser.add_argument("--show", action="store_true", help="print the QEMU command line and stop")
    options = parser.parse_args()
    names = options.profile or ["balanced"]
    options.profile = [each for name in names for each in (PROFILES if name == "all" else (name,))]
    for name in options.profile:
        if name not in (*PROFILES, "linux"):
            parser.error(f"no profile {name}: {', '.join(PROFILES)}, all, linux")
    return options


def main():
    options = arguments()
    bad = False
    for profile in options.profile:
        build = "+".join([profile, *options.options])
        kernel = kernel_path(profile) if profile == "linux" else BUILD / build / "aramid.elf"
        if not options.iso and not kernel.exists():
            sys.exit(f"run.py: no kernel {kernel}: make it first")
        for smp in map(int, options.smp.split(",")):
            changes = {"kernel": kernel, "initrd": options.initrd}
            if options.iso:
                changes = {"kernel": None, "initrd": None, "iso": options.iso, "firmware": options.firmware}
            words = "console=ttyS0" if "KERNEL_TESTS" in options.options else "console=ttyS0 quiet"
            config = shell_config(profile, smp=smp, mem=options.mem, machine=options.machine, cpu=options.cpu,
                                  accel=options.accel, append=f"{words} {options.append}".strip(), **changes)
            if options.show:
                print(" ".join(config.command()))
                continue
            verdict = boot(f"{build} -smp {smp}", config, options.command, options.timeout, options.log,
                           "KERNEL_TESTS" in options.options)
            print(verdict.line(), flush=True)
            bad |= bool(verdict.trouble)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
