#!/usr/bin/python3
"""icount.py - count the instructions from reset to init's first one, exactly.

usage: icount.py [--profile P ...] [--budget N] [--initrd FILE] [--mem 512M] [--append WORDS]
The initramfs is the shell's, whole, with one more file in it: an init that reads the counter.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from testing.qemu.cpio import Archive
from testing.qemu.machine import BUILD, PROFILES, Config, Machine, MachineError, kernel_path

DEFAULT_INITRD = BUILD / "initramfs" / "busybox.cpio.gz"
BUDGET = 100_000_000
INIT = "icount-init"


def build_init(folder):
    """Assemble the counting init; returns its bytes."""
    out = Path(folder) / INIT
    subprocess.run(["gcc", "-static", "-nostdlib", "-no-pie", "-Wl,--build-id=none", "-s", "-o", out,
                    ROOT / "testing/qemu/icount_init.S"], check=True)
    return out.read_bytes()


def measure(kernel, initrd=DEFAULT_INITRD, mem="512M", append="", machine="pc", timeout=240, log=None):
    """Boot the kernel under icount; returns the count of instructions before init's first."""
    with tempfile.TemporaryDirectory() as folder:
        archive = Archive(Path(initrd).read_bytes() if initrd else b"")
        if not initrd:
            archive.add_folder("dev")
            archive.add_device("dev/console", 5, 1)
        archive.add_file(INIT, build_init(folder), 0o755)
        packed = Path(folder) / "initrd.gz"
        packed.write_bytes(archive.pack())
        config = Config(kernel=kernel, initrd=packed, mem=mem, machine=machine, accel="icount",
                        cpu="max,-rdrand,-rdseed",
                        append=f"console=ttyS0 quiet rdinit=/{INIT} {append}".strip())
        with Machine(config, timeout, log) as machine_:
            return int(machine_.expect(r"@@@ icount (\d+)\s")[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--profile", action="append", help="a profile, linux, or all; repeatable")
    parser.add_argument("--kernel", help="a kernel of your own instead")
    parser.add_argument("--initrd", default=str(DEFAULT_INITRD))
    parser.add_argument("--mem", default="512M")
    parser.add_argument("--machine", default="pc")
    parser.add_argument("--append", default="")
    parser.add_argument("--budget", type=int, default=BUDGET, help="fail above this, except linux")
    options = parser.parse_args()
    names = options.profile or (["given"] if options.kernel else ["balanced"])
    if "all" in names:
        names = list(PROFILES)
    initrd = options.initrd if os.path.exists(options.initrd) else None
    if not initrd:
        print(f"{options.initrd} is not there: counting without the shell's files", file=sys.stderr)
    over = False
    for name in names:
        try:
            count = measure(options.kernel or kernel_path(name), initrd, options.mem, options.append,
                            options.machine)
        except MachineError as error:
            sys.exit(f"icount.py: {name}: {error}")
        verdict = ""
        if name != "linux":
            verdict = "within the budget" if count <= options.budget else "OVER THE BUDGET"
            over |= count > options.budget
        print(f"{name:12} {count:>15,} instructions from reset to init {verdict}", flush=True)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
