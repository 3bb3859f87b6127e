#!/usr/bin/python3
"""profile.py - where the instructions of one benchmark go, by kernel function, exactly.

usage: profile.py --only X [--kernel K] [--function F] [--lines N] [--full] [--make]
  --kernel    a profile, or linux; default balanced
  --function  show this function's instructions, each with how often it ran in one operation
  --make      bring the kernel up to date first
A QEMU plugin (trace/trace.c) counts each instruction between the suite's two readings of the counter. Prints a table: the
function's own cost, with what it calls, calls from where; leaves a flame graph in build/bench/profile/<kernel>-<X>.{html,svg}
and the chains of callers in .folded, for any other tool.
"""
import argparse
import bisect
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Not this script's own folder: its name is also that of a module of Python's.
sys.path[0] = str(ROOT)
from testing.bench import flame, kernels, suite, user

OUT = suite.OUT / "profile"
USER = 1


class Symbols:
    """Addresses to names of functions."""

    def __init__(self, lines):
        found = {}
        for line in lines:
            words = line.split()
            if len(words) >= 3 and words[1] in "tTwW":
                found.setdefault(int(words[0], 16), words[2])
        self.names = dict(sorted(found.items()))
        self.starts = list(self.names)

    def name(self, address):
        if address == USER:
            return "(user)"
        at = bisect.bisect_right(self.starts, address) - 1
        return self.names[self.starts[at]] if at >= 0 else hex(address)


def elf_symbols(path):
    return subprocess.run(["nm", path], check=True, capture_output=True, text=True).stdout.splitlines()


def linux_symbols():
    """Debian's package has no symbol file: the running kernel is asked, once for each image."""
    path = suite.OUT / f"symbols-{suite.file_hash(kernels.image('linux'))[:16]}"
    if not path.exists():
        print("profile: reading Linux's symbols from its console, once; this takes a minute", file=sys.stderr)
        boot = kernels.run(kernels.config("linux", "icount", ["--count", "--only=getpid", "--print=/proc/kallsyms"]))
        if boot.trouble:
            raise SystemExit(f"profile: {boot.trouble}")
        path.write_text("\n".join(boot.files["/proc/kallsyms"]))
    return path.read_text().splitlines()


def symbols(kernel):
    return Symbols(linux_symbols() if kernel.startswith("linux") else elf_symbols(kernels.image(kernel)))


def trace(kernel, name, full):
    """Run one benchmark under the plugin. Returns (trace file's lines, the suite's result, begin)."""
    OUT.mkdir(parents=True, exist_ok=True)
    out = OUT / f"{kernel}-{name}.trace"
    words = ["--count", "--full" if full else "--quick", f"--only={name}"]
    row = next((row for row in suite.rows() if row.name == name), None)
    if row is None:
        raise SystemExit(f"profile: no benchmark {name}; there are: {' '.join(row.name for row in suite.rows())}")
    config = kernels.config(kernel, "icount", words, row.has(suite.BIG), extra=user.plugin_words(out))
    boot = kernels.run(config, log=suite.OUT / "log" / f"profile-{kernel}.log", finish=True)
    result = boot.results.get(name, {})
    if boot.trouble or "sum" not in result:
        raise SystemExit(f"profile: {kernel}: {boot.trouble or result.get('failed', 'no result')}")
    return out.read_text().splitlines(), result


def read(lines, names):
    """(chain of names -> count, function -> own count) of a trace."""
    chains, own = Counter(), Counter()
    for line in lines:
        kind, what, *rest = line.split()
        if kind == "at":
            own[names.name(int(what, 16))] += int(rest[0])
        elif kind == "chain":
            chains[tuple(names.name(int(entry, 16)) for entry in what.split(";"))] += int(rest[0])
    return chains, own


def with_calls(chains):
    """Function -> cost with everything it calls; recursion counts once."""
    total = Counter()
    for chain, count in chains.items():
        for name in set(chain):
            total[name] += count
    return total


def show(chains, own, operations, limit):
    """The table. A function's own cost is by address: exact whatever the chain of callers was taken for."""
    total = with_calls(chains)
    everything = sum(chains.values())
    own = Counter({**own, "(user)": chains.get(("(user)",), 0)})
    print(f"{'own':>12} {'share':>6} {'with calls':>12}  function")
    shown = [pair for pair in own.most_common(limit) if pair[1] / operations >= 0.1]
    for name, count in shown:
        print(f"{count / operations:12,.1f} {count / everything:6.1%} {total[name] / operations:12,.1f}  {name}")
    rest = everything - sum(count for _, count in shown)
    if rest > 0:
        print(f"{rest / operations:12,.1f} {rest / everything:6.1%} {'':12}  all others")


def annotate(image, names, lines, function, operations):
    """Print the function's code with how often each instruction ran in one operation."""
    ran = {int(what, 16): int(count) for kind, what, count in map(str.split, lines) if kind == "at"}
    starts = [start for start, name in names.names.items() if name == function]
    if not starts or not str(image).endswith(".elf"):
        raise SystemExit(f"profile: no code of a function {function} in {image}")
    start = starts[0]
    after = names.starts[bisect.bisect_right(names.starts, start):][:1] or [start + 4096]
    code = subprocess.run(["objdump", "-d", "--no-show-raw-insn", f"--start-address={start:#x}", f"--stop-address={after[0]:#x}",
                           image], check=True, capture_output=True, text=True).stdout
    for line in code.splitlines():
        head, colon, rest = line.partition(":\t")
        if colon:
            count = ran.get(int(head, 16), 0) / operations
            print(f"{count:12,.2f}  {head.strip()}  {rest}" if count else f"{'':12}  {head.strip()}  {rest}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", required=True)
    parser.add_argument("--kernel", default="balanced", choices=kernels.KERNELS)
    parser.add_argument("--lines", type=int, default=40)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--make", action="store_true")
    parser.add_argument("--function", default="")
    options = parser.parse_args()
    if options.make:
        kernels.build([options.kernel])
    missing = kernels.image_check(options.kernel)
    if missing:
        sys.exit(f"profile: {missing}")
    names = symbols(options.kernel)
    lines, result = trace(options.kernel, options.only, options.full)
    chains, own = read(lines, names)
    operations = result["ops"] * result["samples"]
    counted = sum(chains.values())
    print(f"{options.only} on {options.kernel}: {counted / operations:,.1f} instructions an operation, mean of {operations} "
          f"(median {result['per_op']:,.1f}; the counter says {result['sum'] / operations:,.1f})")
    show(chains, own, operations, options.lines)
    if options.function:
        annotate(kernels.image(options.kernel), names, lines, options.function, operations)
    base = OUT / f"{options.kernel}-{options.only}"
    base.with_suffix(".folded").write_text("".join(f"{';'.join(chain)} {count}\n" for chain, count in chains.items()))
    root = flame.tree({chain: count / operations for chain, count in chains.items()}, f"{options.only} on {options.kernel}")
    base.with_suffix(".html").write_text(flame.page(root, "instructions an operation"))
    flame.svg(root, "instructions an operation", base.with_suffix(".svg"))
    print(f"flame graph: {base}.html and .svg")


if __name__ == "__main__":
    main()
