#!/usr/bin/python3
"""cost.py - what each mechanism of the profiles costs: one at a time, on from performance and off from fortress.

usage: cost.py [--from performance|fortress]... [--only A,B] [--missing] [--check] [--sample N] [--write]
  --from    where to start; default both: performance with one more, fortress with one less
  --only    mechanisms; what else cost.json says stays
  --missing only what cost.json has no figure of: goes on after a run that was cut short
  --check   measure and compare with cost.json: a price is stale if it is off by more than 5 % or 5 instructions
  --sample  with --check: N mechanisms, which ones depends on the commit
  --write   measure nothing: bring the texts that cost.json decides up to date
Every mix is built as PROFILE_CUSTOM in build/cost and measured in counted instructions, all rows that are quick. A mechanism that
needs another is measured on top of it. Leaves cost.json and, by price.py, Documentation/COST.md, prices in profiles/Kconfig and
README.md. What was measured is kept by the kernel's hash in build/bench/cost: ^C loses one kernel's figures.
"""
import argparse
import dataclasses
import datetime
import functools
import json
import os
import random
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[0] = str(ROOT)
from testing.bench import kernels, price, suite, user
from testing.mechanisms import mechanisms
from testing.qemu.machine import BUILD, QEMU
from testing.tools import readme

KEPT = suite.OUT / "cost"
FRAGMENT = suite.OUT / "cost.config"
IMAGE = BUILD / "cost" / "aramid.elf"
# A price may move by a part of itself, or so many instructions, or a part of the whole row: a tick more or less in a long one.
STALE_PART, STALE_COUNT, STALE_WHOLE = 0.05, 5, 0.005


def profile_set(profile):
    return frozenset(symbol for symbol, where in mechanisms().items() if profile in where)


@functools.lru_cache(maxsize=None)
def needs():
    """symbol -> (mechanisms that must be on, mechanisms that must be off), from Kconfig."""
    import kconfiglib
    os.chdir(ROOT)
    kconf = kconfiglib.Kconfig("Kconfig", warn=False)
    found = {}
    for symbol in mechanisms():
        words = kconfiglib.expr_str(kconf.syms[symbol].direct_dep).split(" && ")
        found[symbol] = (frozenset(word for word in words if word in mechanisms()),
                         frozenset(word[1:] for word in words if word.startswith("!")))
    return found


def fitting(without, with_it):
    """Both, less what cannot be beside what the second one adds: the figure is of that alone."""
    required = needs()
    leaving = {symbol for symbol in without if required[symbol][1] & with_it}
    return without - leaving, with_it - leaving


def plan_on():
    """symbol -> (the mix without it, the mix with it), beginning with performance."""
    start, plan = profile_set("performance"), {}
    for symbol, (wanted, unwanted) in needs().items():
        base = (start | wanted) - unwanted - {symbol}
        plan[symbol] = fitting(base, base | {symbol})
    return plan


def plan_off():
    """The same, beginning with fortress, for what fortress has."""
    start, required, plan = profile_set("fortress"), needs(), {}
    for symbol in sorted(start):
        base = start - {other for other in start if symbol in required[other][0]}
        plan[symbol] = (base - {symbol}, base)
    return plan


def plan_rows():
    """Row of README's table -> (performance without any of it, with all that fortress has of it)."""
    start, full, plan = profile_set("performance"), profile_set("fortress"), {}
    for name, words, _ in readme.ROWS:
        symbols = {word.lstrip("!") for word in words}
        plan[name] = fitting(start - symbols, (start - symbols) | (symbols & full))
    return plan


def rows():
    """What is measured: no row that takes long, needs a machine of its own or happens once."""
    return [row for row in suite.rows() if not row.flags & (suite.BIG | suite.COLD | suite.SMP | suite.BOOT)]


def build(mix):
    """Build the kernel with these mechanisms and no others; ends the program if that fails."""
    FRAGMENT.parent.mkdir(parents=True, exist_ok=True)
    FRAGMENT.write_text("CONFIG_PROFILE_CUSTOM=y\n" + "".join(
        f"CONFIG_{symbol}=y\n" if symbol in mix else f"# CONFIG_{symbol} is not set\n" for symbol in sorted(mechanisms())))
    clean = {key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "MAKELEVEL")}
    done = subprocess.run(["make", "--no-print-directory", f"BUILD={BUILD}", f"CONFIG={FRAGMENT}", f"-j{os.cpu_count()}"], cwd=ROOT,
                          env=clean, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    said = (BUILD / "cost/.config").read_text()
    wrong = [symbol for symbol in mechanisms() if (f"CONFIG_{symbol}=y\n" in said) != (symbol in mix)]
    if done.returncode or wrong:
        sys.exit(f"bench-cost: the kernel with {' '.join(sorted(mix))} does not build; wrong: {wrong}\n{done.stdout[-3000:]}")


def measure(mix, shares):
    """row -> {"per_op", "unit", "user"} of the kernel with these mechanisms. Raises RuntimeError if a row is missing."""
    build(mix)
    names = [row.name for row in rows()]
    words = ["--count", "--quick", "--only=" + ",".join(names)]
    config = dataclasses.replace(kernels.config("performance", "icount", words), kernel=IMAGE)
    key = suite.key(suite.file_hash(IMAGE), suite.file_hash(config.initrd), *config.command()[1:], kernels.version(QEMU, "--version"))
    kept = KEPT / f"{key}.json"
    if not kept.exists():
        boot = kernels.run(config, log=suite.OUT / "log/cost.log")
        missing = [name for name in names if "per_op" not in boot.results.get(name, {})]
        if boot.interrupted:
            raise KeyboardInterrupt
        if boot.trouble or missing:
            raise RuntimeError(f"{' '.join(sorted(mix))}: {boot.trouble or 'missing: ' + ' '.join(missing)}")
        KEPT.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps({name: boot.results[name]["per_op"] for name in names}))
    figures = json.loads(kept.read_text())
    return {name: {"per_op": figures[name], "unit": "insn", **({"user": shares[name]} if name in shares else {})} for name in names}


class Measured:
    """Mixes and their figures; each is built once."""

    def __init__(self, mixes):
        self.left = list(dict.fromkeys(mixes))
        self.count, self.figures = len(self.left), {}
        kernels.build(["performance"])
        self.shares = user.count("performance", rows())

    def run(self):
        """Measure all. Returns what went wrong."""
        troubles = []
        for number, mix in enumerate(self.left, 1):
            print(f"bench-cost: kernel {number} of {self.count}", file=sys.stderr, flush=True)
            try:
                self.figures[mix] = measure(mix, self.shares)
            except RuntimeError as error:
                troubles.append(str(error))
                print(f"bench-cost: {error}", file=sys.stderr)
            except KeyboardInterrupt:
                return troubles + ["interrupted"]
        return troubles

    def prices(self, plan):
        """name -> what it adds, of those whose two kernels were measured."""
        return {name: price.compare(self.figures[without], self.figures[with_it]) for name, (without, with_it) in plan.items()
                if without in self.figures and with_it in self.figures}


def stale(old, new, name):
    """What is off, in words."""
    if old is None:
        return [f"{name}: never measured"]
    told = []
    for row, count in new["rows"].items():
        before = old["rows"].get(row, 0)
        limit = max(STALE_COUNT, STALE_PART * abs(before), STALE_WHOLE * new["base"][row])
        if abs(before - count) > limit:
            told.append(f"{name}: {row} costs {count:,.0f} instructions more, cost.json says {before:,.0f}")
    return told


def meta():
    return {"date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"), "cpu": kernels.CPU,
            "qemu": kernels.version(QEMU, "--version"), "gcc": kernels.version("gcc", "--version"), "benchmarks": len(rows())}


def plans(options):
    """part of cost.json -> plan."""
    chosen = options.start or ["performance", "fortress"]
    made = {"on": plan_on(), "rows": plan_rows()} if "performance" in chosen else {}
    if "fortress" in chosen:
        made["off"] = plan_off()
    wanted = set(options.only.split(",")) if options.only else None
    unknown = (wanted or set()) - set(mechanisms())
    if unknown:
        sys.exit(f"bench-cost: no mechanism {' '.join(unknown)}; there are: {' '.join(mechanisms())}")
    if options.check and options.sample:
        commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
        wanted = set(random.Random(commit).sample(sorted(mechanisms()), options.sample))
    if wanted or options.check:
        made.pop("rows", None)
    document = price.load() if options.missing else {}
    return {part: {name: mixes for name, mixes in plan.items()
                   if (not wanted or name in wanted) and name not in document.get(part, {})} for part, plan in made.items()}


def write():
    """Bring the texts that cost.json decides up to date."""
    price.write()
    readme.write({"profiles": readme.profile_table()})


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--from", dest="start", action="append", choices=["performance", "fortress"], default=[])
    parser.add_argument("--only", default="")
    parser.add_argument("--missing", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--write", action="store_true")
    return parser.parse_args()


def main():
    options = parse()
    if options.write:
        write()
        return 0
    todo = plans(options)
    measured = Measured([mix for plan in todo.values() for mixes in plan.values() for mix in mixes])
    troubles = measured.run()
    found = {part: measured.prices(plan) for part, plan in todo.items()}
    document = price.load()
    if options.check:
        for part, by_name in found.items():
            for name, new in by_name.items():
                troubles += stale(document.get(part, {}).get(name), new, name)
    else:
        for part, by_name in found.items():
            kept = document.get(part, {}) if options.only or options.missing or troubles else {}
            document[part] = {**kept, **by_name}
        document["meta"] = meta()
        price.note_unmeasured(document)
        price.save(document)
        write()
    for line in price.table(found):
        print(line)
    for trouble in troubles:
        print(f"bench-cost: {trouble}", file=sys.stderr)
    return 1 if troubles else 0


if __name__ == "__main__":
    sys.exit(main())
