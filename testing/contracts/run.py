#!/usr/bin/python3
"""run.py - run the contracts on kernels and compare what they print with what they print on Linux.

usage: run.py [--profile P]... [--smp N[,N]] [--only PATTERN] [--kernel FILE] [--update] [--repeat N] [--mutants]
  P: fortress, balanced, performance, ludicrous, all (those four), linux (Debian's kernel in QEMU),
     host (this machine, natively: quick, but Linux in QEMU decides).
  --update    with linux: write contracts/<area>/<name>.expect from what Linux does
  --repeat N  run each contract N times and report which lose free memory
  --mutants   run each on a Linux that lies to it, which every contract must notice: mutants.py says how
A boot that hangs or crashes is charged to the contract that ran, and the next boot goes on after it.
Results: a table, and build/contracts/latest.json {profile: {contract: pass|fail|divergence}}.
"""
import argparse
import difflib
import fcntl
import fnmatch
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from testing.bench.progress import BOOT, Progress
from testing.contracts import mutants
from testing.qemu.cpio import Archive
from testing.qemu.machine import (BUILD, PROFILES, Config, Machine, MachineError, complaints,
                                  kernel_path)

CONTRACTS = ROOT / "contracts"
OUT = BUILD / "contracts"
DIVERGENCES = CONTRACTS / "divergences"
# The switched-off warnings are about bad arguments, which contracts pass on purpose.
CFLAGS = ["-std=gnu11", "-static", "-O1", "-Wall", "-Wextra", "-Werror", "-Wno-stringop-overflow",
          "-Wno-stringop-overread", "-Wno-nonnull", "-pthread", "-s", "-Wl,--build-id=none",
          f"-I{CONTRACTS}"]
SECONDS = 60             # for one contract, in the guest's time: most take less than 1, but a host may starve a virtual CPU
NATIVE_SECONDS = 20
SLACK = 40               # more than that without a word of the runner is a hang
BOOT_SECONDS = 90
MAX_BOOTS = 15
# Contracts that would change this machine for others: they run in QEMU only.
NOT_HERE = ("time/set_clock", "tty/termios_ioctls", "vm/overcommit", "vm/thp_shmem",
            "vm/thp_shmem_race", "vm/thp_shmem_tmpfs")
# Processes, a host name and mounts of its own: who is lied to may signal or rename the wrong one.
ASIDE = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--uts", "--ipc",
         *(["--map-root-user"] if os.geteuid() else [])]
END = re.compile(r"@@@ end (\S+) (exit|signal|timeout) (-?\d+) ms (-?\d+) free (-?\d+) (-?\d+) "
                 r"sysinfo (-?\d+) (-?\d+)\r?\n")


@dataclass
class Result:
    """What one run of one contract did."""
    output: str
    ending: str                     # "exit 0", "signal 11", "timeout 20", "hang", "crash"
    ms: int = 0
    free_kb: tuple = (0, 0)

    def text(self):
        """The result in the form of a .expect file."""
        lines = self.output.replace("\r", "").strip("\n")
        return (lines + "\n" if lines else "") + self.ending + "\n"


@dataclass
class Report:
    """The results of one profile at one number of CPUs."""
    profile: str
    smp: int
    results: dict = field(default_factory=dict)     # name -> [Result, ...]
    notes: list = field(default_factory=list)       # trouble of the kernel itself
    verdicts: dict = field(default_factory=dict)
    seconds: float = 0.0
    boots: int = 0

    def failed(self):
        return [name for name, verdict in self.verdicts.items() if verdict == "fail"]

    def summary(self):
        counts = list(self.verdicts.values())
        failed = f" ({' '.join(self.failed())})" if self.failed() else ""
        return (f"{self.profile}, -smp {self.smp}: {counts.count('pass')} pass, {counts.count('fail')} fail{failed}, "
                f"{counts.count('divergence')} differ as known; {self.seconds:.1f} s, {self.boots} boot(s)")


def all_names(pattern="*"):
    """The contracts, area/name, that match the pattern (a glob, or a part of the name)."""
    names = sorted(str(path.relative_to(CONTRACTS))[:-2] for path in CONTRACTS.glob("*/*.c"))
    return [name for name in names if fnmatch.fnmatch(name, pattern) or pattern in name]


def expect_path(name):
    return CONTRACTS / f"{name}.expect"


@contextmanager
def locked(name):
    """One process at a time, among those that build or record in this build folder."""
    OUT.mkdir(parents=True, exist_ok=True)
    with open(OUT / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build():
    """Compile what is out of date; returns the runner. The binaries are the same for every kernel."""
    headers = max(path.stat().st_mtime for path in CONTRACTS.glob("**/*.h"))
    jobs = [(CONTRACTS / f"{name}.c", OUT / "bin" / name) for name in all_names()]
    jobs += [(ROOT / f"testing/contracts/{tool}.c", OUT / tool) for tool in ("runner", "mutate")]

    def compile_one(job):
        source, target = job
        newest = max(source.stat().st_mtime, headers)
        if target.exists() and target.stat().st_mtime >= newest:
            return None
        target.parent.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(["gcc", *CFLAGS, "-o", str(target) + ".new", str(source)],
                              capture_output=True, text=True)
        if done.returncode:
            return done.stderr
        os.replace(str(target) + ".new", target)
        return None

    with locked("build"), ThreadPoolExecutor(2) as pool:
        errors = [error for error in pool.map(compile_one, jobs) if error]
    if errors:
        sys.exit("".join(errors))
    return OUT / "runner"


def pack(names, repeat, path):
    """Write the initramfs: the runner as init, the contracts, and the list of runs."""
    archive = Archive()
    for folder in ("dev", "proc", "sys", "tmp"):
        archive.add_folder(folder)
    archive.add_device("dev/console", 5, 1)
    archive.add_file("init", (OUT / "runner").read_bytes(), 0o755)
    archive.add_file("mutate", (OUT / "mutate").read_bytes(), 0o755)
    for name in dict.fromkeys(name.partition("@")[0] for name in names):
        archive.add_file(f"contracts/{name}", (OUT / "bin" / name).read_bytes(), 0o755)
    archive.add_file("contracts.list",
                     "".join(f"{name} {SECONDS}\n" for name in names for _ in range(repeat)))
    path.write_bytes(archive.pack(1))


def boot(report, names, config, repeat, log, begins=lambda name: None):
    """One boot over the names; calls begins(name) as each begins. Fills the report; returns the names that still have to run."""
    left = [name for name in names for _ in range(repeat)]
    running = None
    ready = False
    with Machine(config, BOOT_SECONDS + len(left) * (SECONDS + SLACK), log) as machine:
        try:
            machine.expect(r"@@@ ready \d+", BOOT_SECONDS)
            ready = True
            while left:
                running = None
                machine.expect(re.escape(f"@@@ run {left[0]}") + r"\r?\n", SLACK)
                running, start = left[0], machine.position
                begins(running)
                end = machine.expect(END.pattern, SECONDS + SLACK)
                if end[1] != running:
                    raise MachineError(f"the end of {end[1]} came for {running}")
                report.results.setdefault(running, []).append(
                    Result(machine.output[start:end.start()], f"{end[2]} {end[3]}", int(end[4]),
                           (int(end[7]), int(end[8]))))
                left.pop(0)
            machine.expect(r"@@@ done", SLACK)
            status = machine.wait(SLACK)
            if status:
                report.notes.append(f"QEMU ends with status {status}, expected 0 after power off")
        except MachineError as error:
            ending = "hang" if machine.child.isalive() else "crash"
            if not ready:
                report.notes.append(f"does not come to the first contract: {ending}: {error}")
                for name in left:
                    report.results[name] = [Result("", "not run: the kernel does not boot")]
                return []
            if not left:
                report.notes.append(f"after the last contract: {ending}: {error}")
                return []
            name = left[0]
            begin = machine.output.rfind(f"@@@ run {name}")
            output = machine.output[begin:].partition("\n")[2] if running else machine.output[-4000:]
            report.results[name] = [Result(output, ending)]
            left = [other for other in left if other != name]
        finally:
            report.notes += complaints(machine.output)
    return list(dict.fromkeys(left))


def run_qemu(profile, smp, names, kernel=None, repeat=1, append="", begins=lambda name: None,
             **machine):
    """Run the contracts on the profile's kernel, in as many boots as it takes. NAME@MUTATION is the contract
    under mutate.c. `begins`: called with each name. `machine`: other fields of Config."""
    report = Report(profile, smp)
    begin = time.monotonic()
    kernel = Path(kernel or kernel_path(profile))
    if not kernel.exists():
        raise MachineError(f"no kernel {kernel}: make PROFILE={profile} builds it" if
                           profile != "linux" else "no Linux: testing/linux/fetch.sh fetches it")
    left = list(names)
    with tempfile.TemporaryDirectory(prefix="aramid-contracts-") as folder:
        initrd = Path(folder) / "initrd.gz"
        config = Config(kernel=kernel, initrd=initrd, smp=smp, append=f"console=ttyS0 quiet panic=-1 {append}".strip(),
                        **{"mem": "512M", "accel": "tcg", **machine})
        while left and report.boots < MAX_BOOTS:
            report.boots += 1
            pack(left, repeat, initrd)
            left = boot(report, left, config, repeat,
                        OUT / "log" / f"{profile}-smp{smp}-boot{report.boots}.log", begins)
    for name in left:
        report.results[name] = [Result("", "not run: too many boots ended early")]
    report.seconds = time.monotonic() - begin
    return report


def run_host(names, repeat=1):
    """Run the contracts on this machine."""
    report = Report("host", os.cpu_count())
    begin = time.monotonic()
    for name in names:
        for _ in range(0 if name in NOT_HERE else repeat):
            report.results.setdefault(name, []).append(run_native(name))
    report.seconds = time.monotonic() - begin
    return report


def run_native(name, mutation=None, seconds=NATIVE_SECONDS):
    """Run a contract on this machine; if there is a mutation, under mutate.c and where it can harm nobody."""
    scratch = tempfile.mkdtemp(prefix="aramid-contract-")
    begin = time.monotonic()
    command = [*ASIDE, OUT / "mutate", mutation] if mutation else []
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen([*command, OUT / "bin" / name], cwd=scratch, stdin=subprocess.DEVNULL,
                                 stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
                                 env={"PATH": "/bin:/sbin", "HOME": "/"})
        try:
            status = child.wait(seconds)
            ending = f"signal {-status}" if status < 0 else f"exit {status}"
        except subprocess.TimeoutExpired:
            ending = f"timeout {seconds:.0f}"
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        child.wait()
        output.seek(0)
        text = output.read().decode("utf-8", "replace")
    shutil.rmtree(scratch, ignore_errors=True)
    return Result(text, ending, int((time.monotonic() - begin) * 1000))


def divergences():
    """The known differences: [(profile pattern, contract pattern, reason)]."""
    found = []
    if not DIVERGENCES.exists():
        return found
    for number, line in enumerate(DIVERGENCES.read_text().splitlines(), 1):
        line = line.partition("#")[0].strip()
        if not line:
            continue
        match = re.match(r"(\S+)\s+(\S+):\s+(\S.*)$", line)
        if not match:
            sys.exit(f"{DIVERGENCES}:{number}: not of the form PROFILE CONTRACT: reason")
        found.append(match.groups())
    return found


def divergence_for(profile, name):
    for where, what, reason in divergences():
        if fnmatch.fnmatch(profile, where) and fnmatch.fnmatch(name, what) and profile != "linux":
            return reason
    return None


def unneeded(reports):
    """The entries, as text, that no result needs: everything that they name was run, and passes. What this machine
    allows is its owner's business, so entries for `host` may be more than it needs."""
    lines = []
    for where, what, _ in divergences():
        met = [report for report in reports if report.profile != "host" and fnmatch.fnmatch(report.profile, where)]
        names = [name for name in all_names() if fnmatch.fnmatch(name, what)]
        if met and all(report.verdicts.get(name) == "pass" for report in met for name in names):
            lines.append(f"{DIVERGENCES.name}: no longer needed: {where} {what}")
    return lines


def judge(report):
    """Fill in the verdicts: every run must have ended as the .expect file says."""
    for name, results in report.results.items():
        path = expect_path(name)
        wanted = path.read_text() if path.exists() else None
        if wanted is not None and all(result.text() == wanted for result in results):
            report.verdicts[name] = "pass"
        elif divergence_for(report.profile, name):
            report.verdicts[name] = "divergence"
        else:
            report.verdicts[name] = "fail"


def update(report):
    """Write .expect files from Linux's results; a contract that Linux breaks is refused."""
    refused = []
    for name, results in report.results.items():
        texts = {result.text() for result in results}
        if len(texts) == 1 and results[0].ending == "exit 0":
            path = expect_path(name)
            text = texts.pop()
            if not path.exists() or path.read_text() != text:
                path.write_text(text)
                print(f"wrote {path.relative_to(ROOT)}")
        else:
            refused.append(name)
    return refused


def explain(report):
    """Why each contract failed, as text."""
    lines = []
    for name in report.failed():
        path = expect_path(name)
        lines.append(f"--- {name} on {report.profile}, -smp {report.smp}")
        if not path.exists():
            lines.append("no .expect file: run.py --profile linux --update writes it")
        wanted = path.read_text() if path.exists() else ""
        for result in report.results[name]:
            if result.text() != wanted:
                lines += difflib.unified_diff(wanted.split("\n"), result.text().split("\n"),
                                              "Linux", report.profile, n=2, lineterm="")
                break
    for note in report.notes:
        lines.append(f"--- the kernel of {report.profile}, -smp {report.smp}: {note}")
    return "\n".join(lines)


def table(reports):
    """Contract by kernel, with times."""
    names = sorted({name for report in reports for name in report.results})
    heads = [f"{report.profile}/{report.smp}" for report in reports]
    width = max(map(len, names), default=8)
    lines = [f"{'contract':{width}}" + "".join(f"{head:>18}" for head in heads)]
    for name in names:
        cells = []
        for report in reports:
            verdict = report.verdicts.get(name, "-")
            results = report.results.get(name)
            time_ms = f" {max(result.ms for result in results)} ms" if results else ""
            cells.append({"pass": "ok", "fail": "FAIL", "divergence": "differs"}.get(verdict, "-")
                         + time_ms)
        lines.append(f"{name:{width}}" + "".join(f"{cell:>18}" for cell in cells))
    return "\n".join(lines)


def leaks(report):
    """Contracts that lose free memory on each of their runs after the second, with --repeat."""
    found = []
    for name, results in report.results.items():
        after = [result.free_kb[1] for result in results[1:]]
        losses = [before - now for before, now in zip(after, after[1:])]
        if len(losses) > 1 and min(losses) > 0:
            found.append((min(losses), f"{name}: free memory falls on every run, {losses} KiB"))
    found.sort(reverse=True)
    more = [f"and {len(found) - 10} more, by {found[-1][0]} KiB or more a run"] if len(found) > 10 else []
    return [line for _, line in found[:10]] + more


def record(reports):
    """Merge the verdicts into latest.json, the worst over the numbers of CPUs."""
    worst = {"pass": 0, "divergence": 1, "fail": 2}
    path = OUT / "latest.json"
    with locked("latest"):
        latest = json.loads(path.read_text()) if path.exists() else {}
        fresh = {}
        for report in reports:
            verdicts = fresh.setdefault(report.profile, {})
            for name, verdict in report.verdicts.items():
                if worst[verdict] >= worst[verdicts.get(name, "pass")]:
                    verdicts[name] = verdict
        for profile, verdicts in fresh.items():
            latest.setdefault(profile, {}).update(verdicts)
            latest[profile] = {name: latest[profile][name] for name in sorted(latest[profile])
                               if (CONTRACTS / f"{name}.c").exists()}
        path.with_suffix(".new").write_text(json.dumps(latest, indent=1) + "\n")
        os.replace(path.with_suffix(".new"), path)


@contextmanager
def shown(label, names, accel):
    """On a terminal, a line that says which contract runs: gives what to call as each begins."""
    if not sys.stderr.isatty():
        yield lambda name: None
        return
    progress = Progress(accel, [(label, name) for name in (BOOT, *names)])
    progress.begin((label, BOOT))
    try:
        yield lambda name: progress.begin((label, name))
    finally:
        progress.close()


def run(profile, smp, names, **options):
    """Build, run and judge; the entry for tests."""
    build()
    if profile == "host":
        report = run_host(names, options.get("repeat", 1))
    else:
        report = run_qemu(profile, smp, names, **options)
    judge(report)
    record([report])
    return report


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--profile", action="append", default=[])
    parser.add_argument("--smp", default="1", help="numbers of CPUs, comma-separated")
    parser.add_argument("--only", default="*", help="a glob, or a part of the name")
    parser.add_argument("--kernel", help="a kernel to run instead of the profile's own")
    parser.add_argument("--accel", default="tcg")
    parser.add_argument("--mem", default="512M")
    parser.add_argument("--cpu", default="max", help="QEMU's -cpu")
    parser.add_argument("--append", default="", help="more words for the kernel's command line")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--mutants", action="store_true")
    options = parser.parse_args()
    profiles = options.profile or ["balanced"]
    if "all" in profiles:
        at = profiles.index("all")
        profiles[at:at + 1] = PROFILES
    for profile in profiles:
        if profile not in (*PROFILES, "linux", "host") and not options.kernel:
            parser.error(f"no profile {profile}: {', '.join(PROFILES)}, all, linux, host")
    options.profile = profiles
    if options.update and profiles != ["linux"]:
        parser.error("--update takes --profile linux and no other")
    return options


def main():
    options = arguments()
    names = all_names(options.only)
    if not names:
        sys.exit(f"no contract matches {options.only}")
    if options.mutants:
        build()
        outcome = mutants.run_all(sys.modules[__name__], names, print)
        print(mutants.summary(outcome), mutants.explain(outcome), sep="\n")
        return 1 if outcome.bad() else 0
    reports = []
    refused = []
    for profile in options.profile:
        for smp in map(int, options.smp.split(",")):
            if profile == "host" and any(report.profile == "host" for report in reports):
                continue
            print(f"{profile}, -smp {smp}: {len(names)} contracts ...", flush=True)
            build()
            if profile == "host":
                report = run_host(names, options.repeat)
            else:
                try:
                    with shown(f"contracts {profile} -smp {smp}", names, options.accel) as begins:
                        report = run_qemu(profile, smp, names, options.kernel, options.repeat, options.append, begins,
                                          accel=options.accel, mem=options.mem, cpu=options.cpu)
                except MachineError as error:
                    sys.exit(f"run.py: {error}")
            if options.update:
                refused += update(report)
            judge(report)
            reports.append(report)
            if explain(report):
                print(explain(report))
            for line in leaks(report):
                print(f"leak? {line}")
    record(reports)
    print("\n" + table(reports))
    known = [(report.profile, name) for report in reports for name, verdict in
             report.verdicts.items() if verdict == "divergence"]
    for profile, name in known:
        print(f"known difference: {profile} {name}: {divergence_for(profile, name)}")
    for name in refused:
        print(f"refused, because Linux breaks it: {name}")
    stale = unneeded(reports)
    print("\n".join([*stale, "", *(report.summary() for report in reports)]))
    bad = any(report.failed() or report.notes for report in reports)
    return 1 if bad or refused or stale else 0


if __name__ == "__main__":
    sys.exit(main())
