#!/usr/bin/python3
"""events.py - the column beside the instructions: what icount prices at nothing, for each operation of each benchmark.

usage: events.py [--kernels A,B] [--only X,Y] [--make] [--counters]
  --kernels   as of run.py; default linux and the four profiles, with --counters performance
  --counters  what Aramid's /proc/vmstat counted, instead
Page-table-root loads, TLB flushes (INVLPG, INVPCID, writes of CR4), exceptions and interrupts, counted by a QEMU plugin
(trace/events.c) in the timed parts alone, on Linux as on Aramid. With one CPU there are no interrupts between CPUs: those are in
Aramid's /proc/vmstat (ipi_sent, tlb_range_ipi, tlb_full_ipi). Leaves build/bench/events.json, {kernel: {benchmark: {"roots",
"flushes", "events"}}}, which keeps what a kernel's other runs found.
"""
import argparse
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[0] = str(ROOT)
from testing.bench import kernels, profile, suite, user
from testing.qemu.machine import PROFILES

KEPT = suite.OUT / "events.json"
NAMES = ("roots", "flushes", "events")
# Each exception and interrupt runs the first instruction of exactly one of these.
ARAMID = re.compile(r"(interrupt|exception|page_fault|debug|nmi|double_fault|machine_check)_entry_(plain|pti)$")
LINUX = re.compile(r"asm_(exc_\w+|sysvec_\w+|common_interrupt|spurious_interrupt)$")


def entries(kernel):
    """A file with the addresses at which exceptions and interrupts begin."""
    linux = kernel.startswith("linux")
    lines = profile.linux_symbols() if linux else profile.elf_symbols(kernels.image(kernel))
    pattern = LINUX if linux else ARAMID
    found = {words[0] for words in map(str.split, lines) if len(words) >= 3 and pattern.match(words[2])}
    if not found:
        raise RuntimeError(f"{kernel}: no entries of exceptions among its symbols")
    path = suite.OUT / f"entries-{kernel}"
    path.write_text("\n".join(sorted(found)) + "\n")
    return path


def count(kernel, rows):
    """Benchmark -> events of one operation. Raises RuntimeError if one is missing."""
    names = [row.name for row in rows]
    out = suite.OUT / "events.trace"
    words = user.plugin_words(out)[1].split(",", 1)[1]
    extra = ["-plugin", f"{user.plugin('events')},{words},entries={entries(kernel)}"]
    config = kernels.config(kernel, "icount", ["--count", "--quick", "--only=" + ",".join(names)], extra=extra)
    boot = kernels.run(config, log=suite.OUT / f"log/events-{kernel}.log", finish=True)
    if boot.interrupted:
        raise KeyboardInterrupt
    missing = [name for name in names if "per_op" not in boot.results.get(name, {})]
    windows = [line.split()[1:] for line in out.read_text().splitlines()]
    if boot.trouble or missing or len(windows) != len(boot.results):
        raise RuntimeError(f"{kernel}: {boot.trouble or f'missing: {missing}; {len(windows)} windows'}")
    operations = {name: result["ops"] * result["samples"] for name, result in boot.results.items()}
    return {name: {kind: round(int(value) / operations[name], 3) for kind, value in zip(NAMES, values)}
            for name, values in zip(boot.results, windows)}


def counted(kernel, rows):
    """Benchmark -> {line of /proc/vmstat: its growth by one operation}: what the benchmark did, in the kernel's own words."""
    words = ["--count", "--quick", "--json", "--counters", "--only=" + ",".join(row.name for row in rows)]
    boot = kernels.run(kernels.config(kernel, "icount", words), log=suite.OUT / f"log/counters-{kernel}.log")
    if boot.interrupted:
        raise KeyboardInterrupt
    missing = [row.name for row in rows if row.name not in boot.counters or "per_op" not in boot.results.get(row.name, {})]
    if boot.trouble or missing:
        raise RuntimeError(f"{kernel}: {boot.trouble or f'missing: {missing}'}")
    operations = {name: result["ops"] * result["samples"] for name, result in boot.results.items()}
    return {name: {line: value / operations[name] for line, value in grown.items() if not line.startswith("nr_")}
            for name, grown in boot.counters.items()}       # nr_: what there is, not what has happened


def counter_lines(kernel, found):
    """A line a benchmark; what happens less than once in 1,000 operations is left out."""
    yield f"{kernel}: lines of /proc/vmstat that grew, by operation"
    for name, grown in found.items():
        words = [f"{line} {value:.3f}".rstrip("0").rstrip(".") for line, value in grown.items() if value >= 0.001]
        yield f"{name:22} " + (", ".join(words) or "-")


def kept():
    return json.loads(KEPT.read_text()) if KEPT.exists() else {}


def cell(counts):
    """One benchmark's, as the table has it."""
    return "/".join(f"{counts[kind]:.2f}".removesuffix(".00") for kind in NAMES) if counts else "missing"


def lines(found, names):
    """The table: for each kernel, roots / flushes / events."""
    yield "of one operation: page-table-root loads / TLB flushes / exceptions and interrupts"
    yield f"{'benchmark':22} " + " ".join(f"{kernel:>22}" for kernel in found)
    for name in names:
        yield f"{name:22} " + " ".join(f"{cell(by_name.get(name)):>22}" for by_name in found.values())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--kernels", default="")
    parser.add_argument("--only", default="")
    parser.add_argument("--make", action="store_true")
    parser.add_argument("--counters", action="store_true")
    options = parser.parse_args()
    names = options.kernels.split(",") if options.kernels else ["performance"] if options.counters else ["linux", *PROFILES]
    wanted = set(options.only.split(",")) if options.only else None
    rows = [row for row in suite.rows() if not row.flags & (suite.BIG | suite.SMP | suite.BOOT)
            and (not wanted or {row.name, row.group} & wanted)]
    if set(names) - set(kernels.KERNELS) or not rows:
        sys.exit(f"bench-events: kernels are {' '.join(kernels.KERNELS)}; benchmarks: {suite.OUT}/suite --list")
    if options.make:
        kernels.build(names)
    missing = [text for text in map(kernels.image_check, names) if text]
    if missing:
        sys.exit("\n".join(f"bench-events: {text}" for text in missing))
    found, troubles = {}, []
    for kernel in names:
        print(f"bench-events: {kernel}", file=sys.stderr, flush=True)
        try:
            if options.counters:
                print("\n".join(counter_lines(kernel, counted(kernel, rows))))
                continue
            found[kernel] = count(kernel, rows)
        except RuntimeError as error:
            troubles.append(str(error))
        except KeyboardInterrupt:
            troubles.append("interrupted")
            break
        before = kept()
        KEPT.write_text(json.dumps({**before, **{name: {**before.get(name, {}), **by_name} for name, by_name in found.items()}}, indent=1))
    for line in lines(found, [row.name for row in rows]) if found else ():
        print(line)
    for trouble in troubles:
        print(f"bench-events: {trouble}", file=sys.stderr)
    return 1 if troubles else 0


if __name__ == "__main__":
    sys.exit(main())
