#!/usr/bin/python3
"""run.py - run the benchmark suite on Linux and on the profiles, and say what each operation costs where.

usage: run.py [--kernels A,B] [--profile P]... [--only X,Y] [--accel kvm|tcg|icount] [--full] [--seed N] [--pairs N]
              [--check] [--fresh] [--make]
  --kernels   of: linux linux-thp linux-default linux-hardened, the profiles, each profile with -thp, each of these with +SIDE_OPTION
              default: linux and the four profiles; --profile P: linux and P
  --only      names of benchmarks or groups
  --pairs     by the wall clock: how often every kernel runs, in turns (default 10)
  --check     by counted instructions: run all twice and compare; the least difference is a failure
  --fresh     do not take Linux's counted figures from an earlier run of the same files
  --make      bring the kernels up to date first
Results: a table, build/bench/latest.json, and the same under build/bench/runs. Status 1 if anything is missing.
"""
import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from testing.bench import kernels, suite, table, user
from testing.bench.progress import BOOT, Progress
from testing.qemu.machine import PROFILES, QEMU

DEFAULT = ("linux", *PROFILES)
CACHE = suite.OUT / "cache"
MAX_BOOTS = 12


class Session:
    """One call of the harness: what is measured, and what came out so far."""

    def __init__(self, options, accel, rows):
        self.options, self.accel, self.rows = options, accel, rows
        self.samples = {}       # kernel -> name -> results of the suite, one a run
        self.troubles = []
        self.commands = {}
        self.progress = None
        self.user_told = False
        self.interrupted = False

    def words(self, rows):
        """The suite's command line for these rows."""
        options = self.options
        words = ["--count" if self.accel == "icount" else "--clock", "--full" if options.full else "--quick"]
        if options.seed:
            words.append(f"--seed={options.seed}")
        return words + ["--only=" + ",".join(row.name for row in rows)]

    def machines(self):
        """(rows, big memory, CPUs) of the boots that the chosen rows need."""
        counted = self.accel == "icount"
        plain = [row for row in self.rows if not row.flags & (suite.BIG | suite.SMP)]
        big = [row for row in self.rows if row.has(suite.BIG)]
        smp = [row for row in self.rows if row.has(suite.SMP) and not counted]
        return [part for part in ((plain, False, 1), (big, True, 1), (smp, False, 2)) if part[0]]

    def tasks(self, rounds):
        """Everything that will run, for the progress bar."""
        per_kernel = [name for rows, _, _ in self.machines() for name in (BOOT, *(row.name for row in rows))]
        return [(f"{kernel}{turn or ''}", name) for turn in range(rounds) for kernel in self.options.kernels
                for name in per_kernel]

    def boot(self, kernel, rows, big, smp, turn):
        """One boot, and more after a crash, without the benchmark it is charged to. Returns name -> result."""
        label, results, left = f"{kernel}{turn or ''}", {}, list(rows)
        for attempt in range(MAX_BOOTS):
            self.progress.begin((label, BOOT))
            config = kernels.config(kernel, self.accel, self.words(left), big, smp)
            log = suite.OUT / "log" / f"{label}{'-big' if big else ''}{'-smp' if smp > 1 else ''}-{attempt}.log"
            boot = kernels.run(config, lambda name: self.progress.begin((label, name)), log)
            self.progress.end(keep=not boot.trouble)
            self.commands.setdefault(kernel, boot.command)
            results.update(boot.results)
            self.verify(kernel, boot)
            if boot.interrupted:
                self.interrupted = True
                return results
            if not boot.trouble:
                return results
            where = f" in {boot.running}" if boot.running else ""
            self.trouble(f"{kernel}: stopped{where} (log: {log})\n{boot.trouble}")
            left = [row for row in left if row.name not in results and row.name != boot.running]
            if not boot.running or not left:
                return results
        self.trouble(f"{kernel}: given up after {MAX_BOOTS} boots")
        return results

    def verify(self, kernel, boot):
        """The suite's own word on what it is must be this suite's."""
        mine = suite.file_hash(suite.build())
        if boot.begin and boot.begin["hash"] != mine:
            self.trouble(f"{kernel}: ran a suite with the hash {boot.begin['hash']}, not {mine}")
        for name, result in boot.results.items():
            if "failed" in result:
                self.trouble(f"{kernel}: {name} failed: {result['failed']}")

    def trouble(self, text):
        self.troubles.append(text)
        self.progress.say(f"bench: {text}")

    def cache_key(self, kernel, rows, big):
        """What a counted figure depends on, in one hash."""
        config = kernels.config(kernel, self.accel, self.words(rows), big)
        return suite.key(suite.file_hash(config.kernel), suite.file_hash(config.initrd), *config.command(),
                         kernels.version(QEMU, "--version"))

    def one(self, kernel, rows, big, smp, turn):
        """A boot's results, from an earlier run if they are Linux's, counted, and of the same files."""
        may_keep = self.accel == "icount" and kernel.startswith("linux") and not self.options.check
        kept = CACHE / f"{self.cache_key(kernel, rows, big)}.json" if may_keep else None
        if kept and kept.exists() and not self.options.fresh:
            stored = json.loads(kept.read_text())
            self.commands.setdefault(kernel, stored["command"])
            return stored["results"]
        before = len(self.troubles)
        results = self.boot(kernel, rows, big, smp, turn)
        if kept and len(self.troubles) == before and not self.interrupted:
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(json.dumps({"command": self.commands[kernel], "results": results}, indent=1))
        return results

    def run(self):
        """Everything; in turns where it is wall clock. Returns whether it was interrupted."""
        rounds = self.options.pairs if self.accel != "icount" else 2 if self.options.check else 1
        self.progress = Progress(self.accel, self.tasks(rounds))
        try:
            for turn in range(rounds):
                for kernel in self.options.kernels:
                    for rows, big, smp in self.machines():
                        with pinned(smp if self.accel != "icount" else 0):
                            results = self.one(kernel, rows, big, smp, turn)
                        into = self.samples.setdefault(kernel, {})
                        for name, result in results.items():
                            if "failed" not in result:
                                into.setdefault(name, []).append(result)
                        if self.interrupted:
                            return True
            return False
        except KeyboardInterrupt:
            return True
        finally:
            self.progress.close()

    def results(self):
        """Kernel -> benchmark -> figures, in the form of latest.json."""
        results = {}
        for kernel, by_name in self.samples.items():
            rows = [row for row in self.rows if row.name in by_name]
            shares = self.shares(kernel, rows)
            results[kernel] = {row.name: combine(by_name[row.name], shares.get(row.name)) for row in rows}
        return results

    def shares(self, kernel, rows):
        """Name -> user instructions, for the rows that have them."""
        if self.accel != "icount" or self.interrupted or not any(row.has(suite.SHARE) for row in rows):
            return {}
        if not self.user_told:
            print("bench: counting user instructions, once for each kernel", file=sys.stderr)
        self.user_told = True
        try:
            return user.count(kernel, rows)
        except RuntimeError as error:
            self.troubles.append(str(error))
            return {}

    def holes(self, interrupted):
        """What is missing or differs, in words."""
        found = []
        run = {row.name for rows, _, _ in self.machines() for row in rows}
        for kernel in self.options.kernels:
            missing = [row.name for row in self.rows if row.name in run and row.name not in self.samples.get(kernel, {})]
            if missing:
                found.append(f"{kernel}: missing: {' '.join(missing)}")
        for name in run:
            found += self.differences(name)
        return found + (["interrupted"] if interrupted else [])

    def differences(self, name):
        """Iteration counts that differ between kernels, and counted figures that differ between runs."""
        entries = {kernel: by_name[name] for kernel, by_name in self.samples.items() if name in by_name}
        counts = {entry["iters"] for runs in entries.values() for entry in runs}
        if len(counts) > 1:
            yield f"{name}: iteration counts differ: {sorted(counts)}"
        for kernel, runs in entries.items():
            figures = {(entry["per_op"], entry["q1"], entry["q3"]) for entry in runs}
            if self.accel == "icount" and len(figures) > 1:
                yield f"{kernel}: {name} is not the same twice: {[entry['per_op'] for entry in runs]}"


class pinned:
    """QEMU, started in this block, stays on as many CPUs as the machine has; 0: where it likes."""

    def __init__(self, cpus):
        self.all = os.sched_getaffinity(0)
        self.some = set(sorted(self.all)[-cpus:]) if cpus else self.all

    def __enter__(self):
        os.sched_setaffinity(0, self.some)

    def __exit__(self, *_):
        os.sched_setaffinity(0, self.all)


def quantile(values, fraction):
    values = sorted(values)
    at = fraction * (len(values) - 1)
    low = int(at)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (at - low)


def combine(runs, user_share):
    """The figures of one benchmark on one kernel, of all its runs."""
    values = [run["per_op"] for run in runs]
    entry = {"per_op": quantile(values, 0.5), "iters": runs[0]["iters"], "unit": runs[0]["unit"]}
    if user_share is not None:
        entry["user"] = user_share
    if entry["unit"] == "ns":
        entry.update(q1=quantile(values, 0.25), q3=quantile(values, 0.75), n=len(values))
    return entry


def git(*words):
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def meta(session, why, interrupted):
    """Everything needed to repeat the run."""
    options = session.options
    used = {kernel: kernels.image(kernel) for kernel in session.samples}
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "accel": session.accel, "accel_words": kernels.ACCEL_WORDS[session.accel], "accel_reason": why,
        "mode": "full" if options.full else "quick", "seed": options.seed, "only": options.only,
        "pairs": options.pairs if session.accel != "icount" else None,
        "interrupted": interrupted, "troubles": session.troubles,
        "cpu": kernels.CPU, "host_cpu": host_cpu(), "host_kernel": platform.release(),
        "qemu": kernels.version(QEMU, "--version"), "gcc": kernels.version("gcc", "--version"),
        "linux": kernels.linux_version(), "suite": suite.file_hash(suite.build()),
        "initramfs": suite.file_hash(suite.initramfs()), "source": git("rev-parse", "HEAD"),
        "source_changed": bool(git("status", "--porcelain", "--untracked-files=no")),
        "images": {kernel: suite.file_hash(path) for kernel, path in used.items() if path.exists()},
        "commands": session.commands,
        "rows": {row.name: {"group": row.group, "ops": row.ops, "samples": row.full if options.full else row.quick}
                 for row in session.rows},
    }


def host_cpu():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as info:
        return next((line.split(":", 1)[1].strip() for line in info if line.startswith("model name")), "unknown")


def save(document):
    """Write latest.json and a copy that stays; returns the copy's path."""
    text = json.dumps(document, indent=1)
    runs = suite.OUT / "runs"
    runs.mkdir(parents=True, exist_ok=True)
    stamp = document["meta"]["date"][:19].replace(":", "").replace("T", "-")
    copy = runs / f"{stamp}-{document['meta']['accel']}.json"
    copy.write_text(text)
    part = suite.OUT / f"latest.{os.getpid()}"
    part.write_text(text)
    part.replace(suite.OUT / "latest.json")
    return copy


def not_built():
    lines = (ROOT / "testing/bench/not_built").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def report(session, document, interrupted):
    """Print the table, the means, the versions and what is missing. Returns the exit status."""
    data, results = document["meta"], document["results"]
    names = [row.name for row in session.rows if any(row.name in by_name for by_name in results.values())]
    unit = "instructions" if session.accel == "icount" else "nanoseconds"
    print(f"{unit} per operation; ratio to linux; ok/NO: the goal is met or not")
    for line in [*table.lines(results, names), *table.means(results, session.rows)]:
        print(line)
    print(f"{data['qemu']}; Linux: {data['linux']}; {data['gcc']}\n{data['accel']}: {data['accel_words']}\n"
          f"  because {data['accel_reason']}; {data['mode']} run, seed {data['seed']}")
    wall = [row.name for row in session.rows if row.has(suite.SMP)]
    if session.accel == "icount" and wall:
        print(f"only by the wall clock, on 2 CPUs (ACCEL=tcg or kvm): {' '.join(wall)}")
    if not session.options.only:
        for line in not_built():
            print(f"not built: {line}")
        long = sorted({row.group for row in suite.rows() if row.has(suite.LONG)} - {row.group for row in session.rows})
        if long:
            print(f"only with FULL=1, or by name (ONLY=): {' '.join(long)}")
    holes = session.holes(interrupted) + session.troubles
    for hole in holes:
        print(f"bench: {hole.splitlines()[0]}", file=sys.stderr)
    return (130 if interrupted else 1) if holes else 0


def chosen(rows, only, full):
    """The rows that --only names, or all; those that take long only in a full run."""
    words = only.split(",") if only else []
    known = {row.name for row in rows} | {row.group for row in rows}
    unknown = [word for word in words if word not in known]
    if unknown:
        raise SystemExit(f"bench: no benchmark or group {' '.join(unknown)}; there are: {' '.join(sorted(known))}")
    return [row for row in rows if row.name in words or row.group in words or (not words and (full or not row.has(suite.LONG)))]


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--kernels", default="")
    parser.add_argument("--profile", action="append", default=[])
    parser.add_argument("--only", default="")
    parser.add_argument("--accel", default="", choices=["", "kvm", "tcg", "icount"])
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--make", action="store_true")
    options = parser.parse_args()
    names = options.kernels.split(",") if options.kernels else ["linux", *options.profile] if options.profile else DEFAULT
    options.kernels = list(dict.fromkeys(names))
    wrong = [name for name in options.kernels if not kernels.known(name)]
    if wrong:
        parser.error(f"no kernel {' '.join(wrong)}; there are: {' '.join(kernels.KERNELS)}")
    return options


def main():
    options = parse()
    if options.make:
        kernels.build(options.kernels)
    missing = [text for text in map(kernels.image_check, options.kernels) if text]
    if missing:
        sys.exit("\n".join(f"bench: {text}" for text in missing))
    accel, why = kernels.choose_accel(options.accel)
    suite.initramfs()
    session = Session(options, accel, chosen(suite.rows(), options.only, options.full))
    if not session.machines():
        sys.exit(f"bench: nothing of {options.only} can be measured with {accel}: try ACCEL=tcg")
    interrupted = session.run()
    results = session.results()
    document = {"meta": meta(session, why, interrupted), "results": results}
    copy = save(document)
    status = report(session, document, interrupted)
    print(f"kept as {copy} and {suite.OUT / 'latest.json'}")
    return status


if __name__ == "__main__":
    sys.exit(main())
