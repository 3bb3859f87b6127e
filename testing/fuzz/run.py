#!/usr/bin/python3
"""run.py - the system-call fuzzer: boots fortress, every check on, and has workers call it in every way the table allows;
some of them make allocations fail.

usage: run.py [--seconds N] [--seed X] [--round N] [--smp N] [--profile P] [--trace] [--corpus]
  --round N   this round alone, as often as the time allows: how a finding is replayed
  --trace     each call on the console before it is made: slow, and the last line is the culprit
  --corpus    first the rounds of testing/fuzz/corpus, which found something once
A panic, a complaint of the kernel, a process that cannot be killed, silence, or a leak is a finding; the command that
replays it is printed. Calls follow from seed and round; the order between workers does not.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from testing.qemu.cpio import Archive
from testing.qemu.machine import BUILD, Config, Machine, MachineError, complaints, kernel_path

HERE = Path(__file__).resolve().parent
OUT = BUILD / "fuzz"
PROFILE = "fortress+FAIL_ALLOC"
CFLAGS = ["-std=gnu11", "-static", "-O1", "-Wall", "-Wextra", "-Werror", "-Wno-unused-result", "-pthread", "-s",
          f"-I{ROOT}/kernel/include"]
BOOT_SECONDS = 90
SILENCE = 120            # between two lines of the guest: a round takes 4 s, its end up to 60 s on a loaded host
FOREVER = 1 << 40
AFTER = re.compile(r"@@@ after (\d+) calls (\d+) free (-?\d+) slab(.*?)\r?$", re.M)
PAIR = re.compile(r"([\w-]+)=(\d+)")
WARM_ROUNDS = 3          # until the caches have their usual size
LEAK_ROUNDS = 6          # fewer say nothing
# The guest has each CPU give back its free lists before it counts, so objects are exact. What may be more without being lost:
# names below /dev, /proc and / that were looked up, which stay in the dentry cache until memory is short, with an inode
# each; there are some 100 of them in path_make. Pages: those dentries, and a slab of each cache that is partly used.
OBJECTS = 16
KEPT = {"dentry": 400, "inode": 200}
KIB = 1024


@dataclass
class Finding:
    """What went wrong, and in which round it was seen."""
    what: str
    round: int


@dataclass
class Outcome:
    """One machine's run."""
    seed: int
    smp: int
    rounds: int = 0
    calls: int = 0
    seconds: float = 0.0
    findings: list = field(default_factory=list)


def build():
    """The guest's init."""
    OUT.mkdir(parents=True, exist_ok=True)
    target = OUT / "fuzz"
    sources = sorted(HERE.glob("*.c"))
    inputs = [*sources, *HERE.glob("*.h"), ROOT / "kernel/include/kernel/syscall_list.h"]
    if not target.exists() or target.stat().st_mtime < max(path.stat().st_mtime for path in inputs):
        fresh = target.with_suffix(".new")
        done = subprocess.run(["gcc", *CFLAGS, "-o", str(fresh), *map(str, sources)], capture_output=True, text=True,
                              check=False)
        if done.returncode:
            sys.exit(done.stderr)
        os.replace(fresh, target)
    return target


def pack(path, words):
    archive = Archive()
    for folder in ("dev", "proc", "sys", "tmp"):
        archive.add_folder(folder)
    archive.add_device("dev/console", 5, 1)
    archive.add_file("init", build().read_bytes(), 0o755)
    archive.add_file("fuzz.conf", " ".join(f"{key} {value}" for key, value in words.items()) + "\n")
    path.write_bytes(archive.pack(1))


def grown(series, noise):
    """How much the least of the last third exceeds the most of the first third, if it is more than noise."""
    third = len(series) // 3
    more = min(series[-third:]) - max(series[:third])
    return more if more > noise else 0


def leaks(output):
    """What grew round by round, as text. A bounded cache of the kernel stops growing within the first third."""
    rounds = [(int(match[3]), dict(PAIR.findall(match[4]))) for match in AFTER.finditer(output)]
    # A message of the kernel may have come into the middle of a line.
    rounds = [entry for entry in rounds[WARM_ROUNDS:] if len(entry[1]) == max(len(objects) for _, objects in rounds)]
    if len(rounds) < LEAK_ROUNDS:
        return []
    found = []
    for cache in rounds[-1][1]:
        more = grown([int(objects.get(cache, 0)) for _, objects in rounds], KEPT.get(cache, OBJECTS))
        if more:
            found.append(f"{cache}: {more} objects more after {len(rounds)} rounds")
    less = grown([-free for free, _ in rounds], KIB)
    if less:
        found.append(f"{less} KiB less free memory after {len(rounds)} rounds")
    return found


def watch(machine, outcome, seconds):
    """Follow the guest to its end."""
    current = -1
    machine.expect("@@@ ready", BOOT_SECONDS)
    while True:
        line = machine.expect(r"@@@ (round|after|stuck|bad|done) ([^\r\n]*)\r?\n", SILENCE)
        if line[1] == "round":
            current = int(line[2])
        elif line[1] == "after":
            outcome.rounds += 1
            whole = AFTER.search(line[0])       # a message of the kernel may have come into the middle of so long a line
            outcome.calls = int(whole[2]) if whole else outcome.calls
        elif line[1] in ("stuck", "bad"):
            outcome.findings.append(Finding(line[2], current))
        else:
            break
        if machine.left() < 1:
            raise MachineError(f"does not end within {seconds} s")
    machine.wait(60)


def run(seed, seconds=30, smp=4, profile=PROFILE, first=0, rounds=FOREVER, trace=False, kernel=None, mem="512M"):
    """One machine. The console's log is build/fuzz/<seed>.log."""
    outcome = Outcome(seed, smp)
    begin = time.monotonic()
    log = OUT / f"{seed}{'' if rounds == FOREVER else f'-{first}'}.log"
    with tempfile.TemporaryDirectory(prefix="aramid-fuzz-") as folder:
        initrd = Path(folder) / "initrd.gz"
        pack(initrd, {"seed": seed, "seconds": seconds, "round": first, "rounds": rounds, "trace": int(trace)})
        config = Config(kernel=kernel or kernel_path(profile), initrd=initrd, smp=smp, mem=mem,
                        append="console=ttyS0 quiet panic=-1")
        with Machine(config, BOOT_SECONDS + seconds + 3 * SILENCE, log) as machine:
            try:
                watch(machine, outcome, seconds)
            except MachineError as error:
                machine.read(1)
                rounds_seen = re.findall(r"@@@ round (\d+)", machine.output)
                outcome.findings.append(Finding(f"{'hang' if machine.child.isalive() else 'crash'}: {error}",
                                                int(rounds_seen[-1]) if rounds_seen else 0))
            output = machine.output
    crashed = any(finding.what.startswith("crash") for finding in outcome.findings)
    for line in [] if crashed else complaints("".join(line + "\n" for line in output.split("\n") if "@@@" not in line)):
        before = output[:output.find(line.strip()[:60])]
        outcome.findings.append(Finding(line, int((re.findall(r"@@@ round (\d+)", before) or ["0"])[-1])))
    outcome.findings += [Finding(f"leak: {text}", -1) for text in leaks(output)]
    outcome.seconds = time.monotonic() - begin
    return outcome


def corpus():
    """The kept rounds: [(seed, round)]; a line is `SEED ROUND what it found`."""
    path = HERE / "corpus"
    lines = path.read_text().splitlines() if path.exists() else []
    return [tuple(map(int, line.split()[:2])) for line in lines if line and not line.startswith("#")]


def commit_seed():
    """A seed that is another one for each commit, and the same for all who test that."""
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    return int(done.stdout[:8] or "1", 16)


def describe(outcome, profile=PROFILE):
    """The findings, each with the command that replays it."""
    lines = []
    for finding in outcome.findings:
        where = f" --round {finding.round}" if finding.round >= 0 else ""
        lines.append(f"{finding.what}\n  again: testing/fuzz/run.py --profile {profile} --smp {outcome.smp} "
                     f"--seed {outcome.seed}{where} --seconds 30")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--round", type=int, dest="first")
    parser.add_argument("--smp", type=int, default=4)
    parser.add_argument("--profile", default=PROFILE)
    parser.add_argument("--kernel")
    parser.add_argument("--trace", action="store_true")
    parser.add_argument("--corpus", action="store_true")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else int(time.time())
    jobs = [(seed, options.seconds, options.first or 0, 1 if options.first is not None else FOREVER)]
    if options.corpus:
        jobs = [(kept, 20, first, 1) for kept, first in corpus()] + jobs
    failed = False
    for job_seed, seconds, first, rounds in jobs:
        print(f"fuzz: {options.profile}, -smp {options.smp}, seed {job_seed}, {seconds} s ...", flush=True)
        outcome = run(job_seed, seconds, options.smp, options.profile, first, rounds, options.trace, options.kernel)
        print(f"fuzz: {outcome.rounds} rounds, {outcome.calls} calls, {outcome.seconds:.0f} s, "
              f"{len(outcome.findings)} findings")
        if outcome.findings:
            failed = True
            print(describe(outcome, options.profile), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
