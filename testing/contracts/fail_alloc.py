#!/usr/bin/python3
"""fail_alloc.py - run the contracts with the n-th allocation failing, for n = 1, 2, 3 ... as far as time allows.

usage: fail_alloc.py [--profile P] [--smp N] [--only PATTERN] [--budget MS] [--seed X]
  --budget MS  the time of one contract's runs; more allocations than that are sampled, depending on the seed
The kernel is one with FAIL_ALLOC (make PROFILE=fortress WITH=FAIL_ALLOC). What the contract prints does not matter: without
memory it may fail. But the kernel must not panic or complain, each process must end when killed, and each time all that was
in use before must be free again.
"""
import argparse
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from testing.contracts import run
from testing.qemu.cpio import Archive
from testing.qemu.machine import BUILD, Config, Machine, MachineError, complaints

SECONDS = 4              # for one run; a contract may wait for what could not be made
SILENCE = 90             # between two lines of the guest
MAX_BOOTS = 12


@dataclass
class Report:
    """What the runs of all contracts gave."""
    findings: list = field(default_factory=list)
    injected: dict = field(default_factory=dict)    # contract -> failures that happened
    tried: int = 0
    seconds: float = 0.0
    boots: int = 0


def build():
    """The guest's init."""
    run.build()
    source, target = ROOT / "testing/contracts/fail_runner.c", run.OUT / "fail_runner"
    newest = max(path.stat().st_mtime for path in (source, source.with_name("runner.h")))
    with run.locked("build"):
        if not target.exists() or target.stat().st_mtime < newest:
            done = subprocess.run(["gcc", *run.CFLAGS, "-o", str(target), str(source)], capture_output=True, text=True,
                                  check=False)
            if done.returncode:
                sys.exit(done.stderr)
    return target


def pack(names, budget, seed, path):
    archive = Archive()
    for folder in ("dev", "proc", "sys", "tmp"):
        archive.add_folder(folder)
    archive.add_device("dev/console", 5, 1)
    archive.add_file("init", build().read_bytes(), 0o755)
    for name in names:
        archive.add_file(f"contracts/{name}", (run.OUT / "bin" / name).read_bytes(), 0o755)
    archive.add_file("contracts.list", "".join(f"{name} {SECONDS} {budget} {seed}\n" for name in names))
    path.write_bytes(archive.pack(1))


def watch(machine, report, left):
    """Follow the guest; `left` shrinks by the contracts that are done. Returns what runs, for the error's sake."""
    at = ["boot"]
    try:
        machine.expect(r"@@@ ready 1", run.BOOT_SECONDS)
        while True:
            line = machine.expect(r"@@@ (run|allocations|fail|leak|stuck|end|done)([^\r\n]*)\r?\n", SILENCE)
            words = line[2].split()
            if line[1] in ("run", "fail"):
                at[0] = " ".join(words)
            elif line[1] in ("leak", "stuck"):
                report.findings.append(f"{line[1]}: {line[2].strip()}")
            elif line[1] == "end":
                report.tried += int(words[2])
                report.injected[words[0]] = int(words[4])
                left.remove(words[0])
                machine.save_log()
            elif line[1] == "done":
                machine.wait(60)
                return None
    except MachineError as error:
        return at[0], error


def run_all(names, kernel, smp=1, budget=2000, seed=1, log="fail_alloc"):
    """All contracts, in as many boots as it takes: one that brings the kernel down is left out of the next."""
    report = Report()
    begin = time.monotonic()
    left = list(names)
    with tempfile.TemporaryDirectory(prefix="aramid-fail-") as folder:
        initrd = Path(folder) / "initrd.gz"
        while left and report.boots < MAX_BOOTS:
            report.boots += 1
            pack(left, budget, seed, initrd)
            config = Config(kernel=kernel, initrd=initrd, smp=smp, append="console=ttyS0 quiet panic=-1")
            with Machine(config, 300 + len(left) * (budget / 250 + 30), run.OUT / "log" / f"{log}-{report.boots}.log") as machine:
                broken = watch(machine, report, left)
                machine.read(0.5)
                kind = "hang" if machine.child.isalive() else "crash"
                output = machine.output
            if broken:
                report.findings.append(f"{kind} at {broken[0]}: {broken[1]}")
                left = [name for name in left if name != broken[0].split()[0]]
                if broken[0] == "boot":
                    break
            else:
                report.findings += complaints(re.sub(r"@@@[^\r\n]*", "", output))
    report.findings += [f"not run: {name}" for name in left]
    report.seconds = time.monotonic() - begin
    return report


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--profile", default="fortress")
    parser.add_argument("--smp", type=int, default=1)
    parser.add_argument("--only", default="*")
    parser.add_argument("--budget", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    names = run.all_names(options.only)
    kernel = BUILD / f"{options.profile}+FAIL_ALLOC" / "aramid.elf"
    if not names or not kernel.exists():
        sys.exit(f"no contract matches {options.only}" if not names else
                 f"no kernel {kernel}: make PROFILE={options.profile} WITH=FAIL_ALLOC")
    report = run_all(names, kernel, options.smp, options.budget, options.seed)
    for finding in report.findings:
        print(finding)
    print(f"{len(report.injected)} of {len(names)} contracts, {sum(report.injected.values())} failed allocations in "
          f"{report.tried} runs, {len(report.findings)} findings; {report.seconds:.0f} s, {report.boots} boot(s)")
    return 1 if report.findings else 0


if __name__ == "__main__":
    sys.exit(main())
