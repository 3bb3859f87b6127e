#!/usr/bin/python3
"""readme.py [--check] - writes what README.md says about the four kernels, between its markers, and contracts/README.md.

The table of mechanisms comes from profiles/README.md, in a reader's words, its prices from what `make bench-cost` measured; the
sizes from the kernels in the build folder; what they keep of the contracts from the last runs of these.
--check: writes nothing, fails if the table is another one or a size is off by more than 5 %.
"""
import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from testing.bench.price import FILE as COST, short
from testing.contracts import catalogue
from testing.mechanisms import PROFILES, has, mechanisms

BUILD = Path(os.environ.get("BUILD", ROOT / "build")).resolve()
TOLERANCE = 0.05

# What a reader calls it; {symbol: what the cell says if it is on}; what it says if none of them is.
ROWS = [
    ("index checks in kernel arrays", {"BOUNDS_CHECKS": "stop"}, "trusted"),
    ("the kernel's own invariants", {"CHECKS": "stop"}, "trusted"),
    ("array bounds, shifts, signed overflow and object sizes, checked by the compiler", {"SANITIZE_TRAPS": "trap"}, "trusted"),
    ("lock order, interrupt state, sleeping where one must not", {"LOCK_CHECKS": "stop"}, "trusted"),
    ("reference counts", {"REFCOUNT_SATURATE": "saturate", "REFCOUNT_DETECT_ZERO": "detect use of a dead object"}, "plain"),
    ("kernel objects", {"SLAB_REDZONE": "red zones", "SLAB_POISON": "poison", "SLAB_QUARANTINE": "quarantine",
                        "SLAB_HIDDEN_FREELIST": "hidden free list", "SLAB_DOUBLE_FREE": "double-free check"}, "unchecked"),
    ("kernel objects zeroed on allocation", {"INIT_ON_ALLOC": "all"}, "where asked for"),
    ("freed pages", {"INIT_ON_FREE": "zeroed", "PAGE_VERIFY": "still zero when allocated"}, "left as they are"),
    ("page tables of programs", {"PTE_VERIFY": "each edit checked and read again"}, "trusted"),
    ("kernel stacks", {"STACK_PROTECTOR": "protector", "STACK_INIT": "variables zeroed"}, "trusted"),
    ("copies from and to programs", {"USERCOPY_MASK": "sign-bit mask", "!USERCOPY_MASK": "range check", "USERCOPY_SMAP": "SMAP",
                                     "USERCOPY_OBJECT_BOUNDS": "object bounds"}, ""),
    ("registers saved on entry", {"ENTRY_SAVE_ALL": "all", "ENTRY_SAVE_CLEAR": "then cleared",
                                  "ENTRY_SAVE_MINIMAL": "only what the path touches"}, "caller-saved"),
    ("the usual page fault", {"FAULT_FASTPATH": "by the entry's own code"}, "by the handler in C"),
    ("retpolines, IBRS, STIBP, VERW, page-table isolation", {"MITIGATIONS": "as the CPU needs them"}, "off"),
    ("frame pointers, for exact backtraces", {"FRAME_POINTER": "on"}, "off"),
]


def cell(profile, words, otherwise):
    said = [word for symbol, word in words.items() if has(profile, symbol.lstrip("!")) != symbol.startswith("!")]
    return ", ".join(said) or otherwise


def profile_table():
    told = {symbol.lstrip("!") for _, words, _ in ROWS for symbol in words}
    if told != set(mechanisms()):
        sys.exit(f"readme.py: ROWS and profiles/README.md do not agree about {', '.join(sorted(told ^ set(mechanisms())))}")
    prices = json.loads(COST.read_text()).get("rows", {}) if COST.exists() else {}
    lines = ["| mechanism | " + " | ".join(PROFILES) + " | price in fortress |", "|---" * 6 + "|"]
    for name, words, otherwise in ROWS:
        price = short(prices[name]) if name in prices else "not measured"
        lines.append("| " + " | ".join([name, *(cell(profile, words, otherwise) for profile in PROFILES), price]) + " |")
    return lines


def sizes():
    """{profile: (text, data, bss) in KiB}"""
    found = {}
    for profile in PROFILES:
        kernel = BUILD / profile / "aramid.elf"
        if not kernel.exists():
            sys.exit(f"readme.py: no {kernel}: make all-profiles")
        text = subprocess.run(["size", kernel], stdout=subprocess.PIPE, check=True, text=True).stdout
        found[profile] = tuple(round(int(word) / 1024) for word in text.split("\n")[1].split()[:3])
    return found


def size_table(found):
    lines = ["| KiB | " + " | ".join(PROFILES) + " |", "|---" * 5 + "|"]
    for row, name in enumerate(("code and constants", "data", "zeroed data")):
        lines.append(f"| {name} | " + " | ".join(str(found[profile][row]) for profile in PROFILES) + " |")
    return lines + ["| together | " + " | ".join(str(sum(found[profile])) for profile in PROFILES) + " |"]


def between(text, name):
    """(start, end) of what lies between the markers."""
    found = re.search(rf"<!-- {name}: made by `make readme` -->\n(.*?)<!-- end -->", text, re.S)
    if not found:
        sys.exit(f"readme.py: README.md has no markers for {name}")
    return found.span(1)


def check(text):
    """What is stale, as words."""
    stale = []
    start, end = between(text, "profiles")
    if text[start:end].split("\n")[:-1] != profile_table():
        stale.append("the table of mechanisms")
    start, end = between(text, "contracts")
    stale += catalogue.stale(text[start:end])
    start, end = between(text, "sizes")
    said = [int(word) for word in re.findall(r"\d+", text[start:end].split("| together |")[-1])]
    for profile, told, parts in zip(PROFILES, said or [0] * 4, sizes().values()):
        if abs(told - sum(parts)) > TOLERANCE * sum(parts):
            stale.append(f"the size of {profile}, which is {sum(parts)} KiB")
    return stale


def write(parts):
    """Put the lines of each part between its markers."""
    path = ROOT / "README.md"
    text = path.read_text()
    for name, lines in parts.items():
        start, end = between(text, name)
        text = text[:start] + "\n".join(lines) + "\n" + text[end:]
    path.write_text(text)


def main():
    path = ROOT / "README.md"
    text = path.read_text()
    if "--check" in sys.argv[1:]:
        stale = check(text)
        sys.exit(f"README.md is stale: run 'make readme': {'; '.join(stale)}" if stale else 0)
    latest = catalogue.verdicts()
    write({"profiles": profile_table(), "sizes": size_table(sizes()), "contracts": catalogue.summary(latest)})
    catalogue.FILE.write_text(catalogue.pages(latest))


if __name__ == "__main__":
    main()
