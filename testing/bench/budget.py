#!/usr/bin/python3
"""budget.py - the instructions that each benchmark may take on each profile, budget.json, and whether they are kept.

usage: budget.py [--profile P]... [--only A,B] [--check] [--raise WHY] [--make]
  --check   measure, write nothing, and fail if a figure is more than 2 % above its budget
Without it: budgets come down to what was measured, new benchmarks get one, and those of benchmarks that are gone go. A figure above
its budget is an error unless --raise says why, with --only for which; that line is kept until the budget comes down again.
budget.json: {profile: {benchmark: instructions}, "raised": the same with lines, "reasons": {profile or *: {benchmark: why}}}. A budget above its goal must have
a reason; the goal is goals.json's, of Linux's figures in the same file, which are those of the last whole `make bench`.
"""
import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[0] = str(ROOT)
from testing.bench import goals, kernels, suite
from testing.qemu.machine import PROFILES

FILE = ROOT / "testing/bench/budget.json"
TOLERANCE = 0.02


def load():
    return json.loads(FILE.read_text())


def save(document):
    """One line for a profile's group would be unreadable in a diff: one for each benchmark."""
    FILE.write_text(json.dumps(document, indent=1) + "\n")


def rows():
    """All benchmarks that one CPU with the usual memory can count."""
    return [row for row in suite.rows() if not row.flags & (suite.BIG | suite.SMP)]


def measure(profile, names, log=None):
    """Name -> instructions of one boot. Raises RuntimeError if one is missing."""
    config = kernels.config(profile, "icount", ["--count", "--quick", "--only=" + ",".join(names)])
    boot = kernels.run(config, log=log or suite.OUT / f"log/budget-{profile}.log")
    if boot.interrupted:
        raise KeyboardInterrupt
    missing = [name for name in names if "per_op" not in boot.results.get(name, {})]
    if boot.trouble or missing:
        raise RuntimeError(f"{profile}: {boot.trouble or 'not measured: ' + ' '.join(missing)}")
    return {name: boot.results[name]["per_op"] for name in names}


def over(budgets, figures):
    """(name, figure, budget) of what is too dear, and of what has no budget (None)."""
    return [(name, figure, budgets.get(name)) for name, figure in figures.items()
            if name not in budgets or figure > budgets[name] * (1 + TOLERANCE)]


def say(profile, name, figure, budget):
    if budget is None:
        return f"{profile}: {name} takes {figure:,.1f} instructions and has no budget: make bench-budget"
    return f"{profile}: {name} takes {figure:,.1f} instructions, {figure / budget - 1:.1%} above its budget of {budget:,.1f}"


def above_goal(document, profile):
    """Benchmarks whose budget is above the goal, by Linux's figures and the shares that are kept with them."""
    results = {"linux": document["linux"]}
    for name in PROFILES:
        results[name] = {row: {"per_op": figure, "unit": "insn", **shared(document["linux"].get(row))}
                         for row, figure in document[name].items()}
    return [name for name in document[profile] if goals.met(results, profile, name) is False]


def shared(entry):
    return {"user": entry["user"]} if entry and "user" in entry else {}


def unexplained(document):
    """profile: benchmarks above the goal for which no reason is given."""
    found = {}
    for profile in PROFILES:
        told = {**document["reasons"].get("*", {}), **document["reasons"].get(profile, {})}
        found[profile] = [name for name in above_goal(document, profile) if name not in told]
    return {profile: names for profile, names in found.items() if names}


def idle_reasons(document):
    """(profile, benchmark) of reasons for budgets that are not above their goals any more."""
    above = {profile: set(above_goal(document, profile)) for profile in PROFILES}
    return [(profile, name) for profile, told in document["reasons"].items() for name in told
            if not any(name in above[each] for each in (PROFILES if profile == "*" else [profile]))]


def lower(document, profile, figures, why, everything):
    """Bring the profile's budgets down, and up where `why` says so. Returns what stays too dear."""
    budgets = document.setdefault(profile, {})
    refused = []
    for name, figure in figures.items():
        if name in budgets and figure > budgets[name] and not why:
            if figure > budgets[name] * (1 + TOLERANCE):
                refused.append(say(profile, name, figure, budgets[name]))
            continue
        raised = document.setdefault("raised", {}).setdefault(profile, {})
        if name in budgets and figure > budgets[name]:
            raised[name] = f"from {budgets[name]:,.0f}: {why}"
        elif name in budgets and figure < budgets[name]:
            raised.pop(name, None)
        budgets[name] = figure
    if everything:
        document[profile] = {name: budgets[name] for name in figures}
    return refused


def refresh_linux(document):
    """Linux's figures, for the goals, of the last `make bench` that had them all."""
    latest = suite.OUT / "latest.json"
    linux = json.loads(latest.read_text())["results"].get("linux", {}) if latest.exists() else {}
    wanted = {row.name for row in rows()}
    if wanted <= set(linux):
        document["linux"] = {name: {key: linux[name][key] for key in ("per_op", "unit", "user") if key in linux[name]}
                             for name in linux if name in wanted}


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--profile", action="append", default=[], choices=PROFILES)
    parser.add_argument("--only", default="")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--raise", dest="why", default="")
    parser.add_argument("--make", action="store_true")
    options = parser.parse_args()
    if options.why and not options.only:
        parser.error("--raise needs --only: which budgets?")
    return options


def main():
    options = parse()
    profiles = options.profile or PROFILES
    known = [row.name for row in rows()]
    names = options.only.split(",") if options.only else known
    if set(names) - set(known):
        sys.exit(f"bench-budget: no benchmark {' '.join(set(names) - set(known))}; there are: {' '.join(known)}")
    if options.make:
        kernels.build(profiles)
    document = load() if FILE.exists() else {"linux": {}, "reasons": {}}
    troubles = []
    for profile in profiles:
        print(f"bench-budget: {profile}", file=sys.stderr, flush=True)
        try:
            figures = measure(profile, names)
        except RuntimeError as error:
            troubles.append(str(error))
            continue
        except KeyboardInterrupt:
            troubles.append("interrupted")
            break
        if options.check:
            troubles += [say(profile, *entry) for entry in over(document.get(profile, {}), figures)]
        else:
            troubles += lower(document, profile, figures, options.why, not options.only)
    if not options.check:
        refresh_linux(document)
        if set(PROFILES) <= set(document):
            for profile, name in idle_reasons(document):
                del document["reasons"][profile][name]
            troubles += [f"{profile}: above the goal without a reason in budget.json: {' '.join(each)}"
                         for profile, each in unexplained(document).items()]
        save(document)
    for trouble in troubles:
        print(f"bench-budget: {trouble}", file=sys.stderr)
    return 1 if troubles else 0


if __name__ == "__main__":
    sys.exit(main())
