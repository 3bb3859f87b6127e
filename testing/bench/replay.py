#!/usr/bin/python3
"""replay.py - run a contract or a benchmark once more, bit for bit, with gdb attached.

usage: replay.py TEST [--profile P] [--smp N] [--tries N] [--seed N] [--gdb-args '...'] [--make]
  TEST: a contract, such as vm/cow_fork, or a benchmark, such as fork_exit.
With one CPU: QEMU counts instructions and records what comes from outside; then it replays that, waiting for gdb, which has the
kernel's symbols and the commands of testing/gdb. Each replay is the same to the instruction: a breakpoint, a number of steps, a
watchpoint find the same moment again. Status 0 if the replay printed what the recording did, as far as gdb let it run.
With more CPUs nothing can be recorded: the test runs with the same seed until it fails, at most --tries times, and says which
time it was. Status 0 if it failed: the failure came back.
Leaves recording and consoles in build/replay.
"""
import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[0] = str(ROOT)
from testing.bench import kernels, suite
from testing.contracts import run as contracts
from testing.qemu.machine import BUILD, PROFILES, Config, Machine, MachineError, kernel_path

OUT = BUILD / "replay"
SECONDS = 600


class Contract:
    """One contract, alone in its boot."""

    def __init__(self, name, profile, smp):
        self.name, self.profile, self.smp = name, profile, smp
        contracts.build()
        initrd = OUT / "initrd.gz"
        contracts.pack([name], 1, initrd)
        self.config = Config(kernel=kernel_path(profile), initrd=initrd, smp=smp, accel="icount" if smp == 1 else "tcg",
                             append="console=ttyS0 quiet panic=-1")
        self.config.cpu = kernels.CPU if smp == 1 else self.config.cpu

    def run(self, config, log):
        """Returns what is wrong, "" if nothing."""
        report = contracts.Report(self.profile, self.smp)
        contracts.boot(report, [self.name], config, 1, log)
        contracts.judge(report)
        return contracts.explain(report)


class Benchmark:
    """One row of the suite."""

    def __init__(self, name, profile, smp):
        row = next(row for row in suite.rows() if row.name == name)
        if row.has(suite.SMP) and smp == 1:
            sys.exit(f"replay: {name} needs SMP=2: it is not counted, and not recorded")
        words = ["--count" if smp == 1 else "--clock", f"--only={name}"]
        self.config = kernels.config(profile, "icount" if smp == 1 else "tcg", words, row.has(suite.BIG), smp)

    def run(self, config, log):
        boot = kernels.run(config, log=log, finish=True)
        return boot.trouble or "\n".join(result["failed"] for result in boot.results.values() if "failed" in result)


def recorded(config, what, file):
    """The machine with its events recorded to the file, or replayed from it."""
    return replace(config, extra=[*config.extra, "-icount", f"rr={what},rrfile={file}"])


def drain(machine):
    """In a thread: take what the console prints, until the machine ends."""
    while machine.left() and machine.read(1) is not None:
        pass


def debug(config, gdb_args, log):
    """Replay with gdb in front. Returns (the console, whether the machine came to its end)."""
    with tempfile.TemporaryDirectory(prefix="aramid-replay-") as folder:
        door = Path(folder) / "gdb"
        waiting = [*config.extra, "-S", "-chardev", f"socket,path={door},server=on,wait=off,id=gdb", "-gdb", "chardev:gdb"]
        with Machine(replace(config, extra=waiting), SECONDS, log) as machine:
            reader = threading.Thread(target=drain, args=(machine,))
            reader.start()
            while not door.exists() and reader.is_alive():
                reader.join(0.05)
            symbols = Path(config.kernel).with_name("aramid.debug")
            subprocess.run(["gdb", "-q", symbols, "-x", ROOT / "testing/gdb/aramid.py", "-ex", f"target remote {door}",
                            *shlex.split(gdb_args)], check=False)
            reader.join(SECONDS)
            return machine.output, not reader.is_alive()


def replay(test, gdb_args):
    """Record, then replay. Returns the exit status."""
    file = OUT / "recording"
    wrong = test.run(recorded(test.config, "record", file), OUT / "recorded.log")
    print(f"replay: recorded: {'it fails:' if wrong else 'it passes'}")
    if wrong:
        print(wrong)
    if not gdb_args:
        print("replay: gdb waits before the first instruction: `hbreak FUNCTION`, `continue`; `detach` lets it run to its end; "
              "`help user-defined`")
    first = (OUT / "recorded.log").read_text()
    said, ended = debug(recorded(test.config, "replay", file), gdb_args, OUT / "replayed.log")
    again = said.replace("\r\n", "\n")
    same = again == first if ended and len(again) >= len(first) else first.startswith(again)
    print(f"replay: {'the console is the same' if same else 'THE CONSOLE DIFFERS: see'} "
          f"{'' if same else OUT / 'recorded.log, replayed.log'} ({len(again)} of {len(first)} bytes)")
    return 0 if same else 1


def repeat(test, tries, seed):
    """Until it fails. Returns the exit status."""
    for number in range(1, tries + 1):
        log = OUT / f"try-{number}.log"
        wrong = test.run(replace(test.config, extra=[*test.config.extra, "-seed", str(seed)]), log)
        print(f"replay: try {number} of {tries}, seed {seed}: {'fails' if wrong else 'passes'}", flush=True)
        if wrong:
            print(f"{wrong}\nreplay: the failure came back at try {number}; console: {log}")
            return 0
    print(f"replay: {tries} tries with seed {seed}, on {test.config.smp} CPUs: it does not fail. Their order is not recorded: "
          "more TRIES may find it")
    return 1


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("test")
    parser.add_argument("--profile", default="balanced", choices=PROFILES)
    parser.add_argument("--smp", type=int, default=1)
    parser.add_argument("--tries", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--gdb-args", default=os.environ.get("GDB_ARGS", ""))
    parser.add_argument("--make", action="store_true")
    return parser.parse_args()


def main():
    options = parse()
    names = {name: Contract for name in contracts.all_names()} | {row.name: Benchmark for row in suite.rows()}
    if options.test not in names:
        if not options.test:
            sys.exit("replay: which test? TEST=x, a contract or a benchmark, such as TEST=vm/cow_fork or TEST=getpid")
        near = [name for name in names if options.test and options.test in name]
        sys.exit(f"replay: TEST={options.test}: no such contract or benchmark. {'Perhaps: ' + ' '.join(near) if near else ''}")
    if options.make:
        kernels.build([options.profile])
    os.makedirs(OUT, exist_ok=True)
    try:
        test = names[options.test](options.test, options.profile, options.smp)
        return replay(test, options.gdb_args) if options.smp == 1 else repeat(test, options.tries, options.seed)
    except MachineError as error:
        sys.exit(f"replay: {error}")
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
