#!/usr/bin/python3
"""floor.py - what this machine itself takes for the steps that no kernel can do without, and how far each benchmark is from them.

usage: floor.py [--profile P] [--accel kvm|tcg|icount] [--smp N] [--make]
Boots the profile's kernel with FLOOR_PROBE, and prints its steps. Then, from build/bench/latest.json if that has the same
accelerator: benchmarks whose steps are known (STEPS), beside the least that those steps take. Leaves build/bench/floor.json.
"""
import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[0] = str(ROOT)
from testing.bench import kernels, suite
from testing.qemu.machine import BUILD, PROFILES, Config, Machine, MachineError
from testing.qemu.shell import INITRD

LINE = re.compile(r"floor: (\w+) (\d+\.\d\d) ticks (\d+\.\d\d) ns")
KEPT = suite.OUT / "floor.json"
# What one operation cannot do without. Pages: fault-around of 16 shares a fault among as many.
STEPS = {
    "null_syscall": {"syscall_sysret": 1},
    "getpid": {"syscall_sysret": 1},
    "sigprocmask": {"syscall_sysret": 2},
    "eventfd": {"syscall_sysret": 2},
    "pipe": {"syscall_sysret": 2},
    "read_zero": {"syscall_sysret": 1, "page_zero": 1},
    "mmap_munmap": {"syscall_sysret": 2},
    "mprotect": {"syscall_sysret": 2, "invlpg": 1},
    "fault_single": {"page_fault_user": 1, "page_zero": 1},
    "fault_zero_single": {"page_fault_user": 1},
    "mmap_fault": {"page_fault_user": 1 / 16, "page_zero": 1},
    "fault_zero": {"page_fault_user": 1 / 16},
    "mmap_fault_thp": {"page_fault_user": 1, "page_zero": 512},
    "cow_fault": {"page_fault_user": 1, "page_zero": 1, "invlpg": 1},
    "pipe_pingpong": {"syscall_sysret": 4, "root_load": 2},
    "ctx_switch_2": {"syscall_sysret": 2, "root_load": 1},
    "fork_exit": {"syscall_sysret": 3, "root_load": 2},
}


def measure(profile, accel, smp, make):
    """Step -> {"ticks", "ns"}. Raises MachineError."""
    name = f"{profile}+FLOOR_PROBE"
    if make:
        clean = {key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "MAKELEVEL")}
        subprocess.run(["make", "--no-print-directory", f"BUILD={BUILD}", f"PROFILE={profile}", "WITH=FLOOR_PROBE",
                        f"-j{os.cpu_count()}"], cwd=ROOT, env=clean, check=True)
        subprocess.run(["make", "--no-print-directory", "initramfs"], cwd=ROOT, env=clean, check=True)
    config = Config(kernel=BUILD / name / "aramid.elf", initrd=INITRD, smp=smp, cpu=kernels.CPU, accel=accel,
                    append="console=ttyS0 loglevel=6")
    with Machine(config, 120, suite.OUT / "log/floor.log") as machine:
        # To the end of the line: what has been read may end anywhere.
        machine.expect(r"floor: page_zero .* ns", 90)
        machine.expect(r"floor: shootdown .* ns" if smp > 1 else "Run /init|#", 60)
        found = LINE.findall(machine.output)
    return {step: {"ticks": float(ticks), "ns": float(ns)} for step, ticks, ns in found}


def least(name, steps, unit):
    """The least that the benchmark's steps take, or None."""
    figures = {step: value["ns" if unit == "ns" else "ticks"] for step, value in steps.items()}
    wanted = STEPS.get(name)
    return sum(figures[step] * times for step, times in wanted.items()) if wanted and set(wanted) <= set(figures) else None


def distances(steps, accel):
    """Lines: benchmark, its floor, and each kernel's figure over it."""
    latest = suite.OUT / "latest.json"
    run = json.loads(latest.read_text()) if latest.exists() else None
    if not run or run["meta"]["accel"] != accel:
        yield f"no results of {accel} to compare with: make bench ACCEL={accel}"
        return
    results = {kernel: by_name for kernel, by_name in run["results"].items() if by_name}
    yield f"{'benchmark':18} {'floor':>10} " + " ".join(f"{kernel:>22}" for kernel in results)
    for name in STEPS:
        entries = {kernel: by_name[name] for kernel, by_name in results.items() if name in by_name}
        floor = entries and least(name, steps, next(iter(entries.values()))["unit"])
        if floor:
            cells = [f"{entries[kernel]['per_op']:>12,.0f} {entries[kernel]['per_op'] / floor:>8.1f}x" if kernel in entries
                     else f"{'-':>22}" for kernel in results]
            yield f"{name:18} {floor:>10,.1f} " + " ".join(cells)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--profile", default="performance", choices=PROFILES)
    parser.add_argument("--accel", default="", choices=["", "kvm", "tcg", "icount"])
    parser.add_argument("--smp", type=int, default=0)
    parser.add_argument("--make", action="store_true")
    options = parser.parse_args()
    accel, why = kernels.choose_accel(options.accel)
    try:
        steps = measure(options.profile, accel, options.smp or (1 if accel == "icount" else 2), options.make)
    except (MachineError, subprocess.CalledProcessError) as error:
        sys.exit(f"bench-floor: {error}")
    KEPT.write_text(json.dumps({"accel": accel, "steps": steps}, indent=1))
    print(f"{accel}: {kernels.ACCEL_WORDS[accel]}\n  because {why}")
    for step, value in steps.items():
        print(f"{step:18} {value['ticks']:>12,.2f} ticks {value['ns']:>12,.2f} ns")
    for line in distances(steps, accel):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
