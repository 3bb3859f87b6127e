"""goals.py - what each figure should be, from goals.json, and how far a set of results is from it."""
import json
import math

from testing.qemu.machine import PROFILES, ROOT

GOALS = json.loads((ROOT / "testing/bench/goals.json").read_text())


def cost(entry, share):
    """What a kernel can change of a figure: all of it, or what is left without the user instructions."""
    if not share:
        return entry["per_op"]
    return entry["per_op"] - entry["user"] if entry.get("user") is not None else None


def ratio(results, kernel, name, base="linux"):
    """The kernel's cost over the base's, or None where one of the two is not there."""
    share = GOALS["rows"].get(name, {}).get("kernel_share", False)
    pair = [results.get(which, {}).get(name) for which in (kernel, base)]
    if not all(pair) or pair[0]["unit"] != pair[1]["unit"]:
        return None
    mine, other = (cost(entry, share and entry["unit"] == "insn") for entry in pair)
    return mine / other if mine is not None and other else None


def limit(results, kernel, name):
    """The most that the figure may be, or None where there is no goal or nothing to derive it from."""
    goal = GOALS["rows"].get(name)
    rule = GOALS.get(kernel)
    if goal is None:
        return None
    base = results.get(rule["of"] if rule else "linux", {}).get(name)
    value = base and cost(base, goal.get("kernel_share"))
    if value is None:
        return None
    if not rule:
        return value * goal["ratio"]
    return max(value * rule["times"], value + rule.get("plus", 0))


def met(results, kernel, name):
    """True or False, or None where there is no goal. Goals are of counted instructions."""
    entry = results.get(kernel, {}).get(name)
    if kernel not in PROFILES or not entry or entry["unit"] != "insn":
        return None
    most = limit(results, kernel, name)
    mine = cost(entry, GOALS["rows"].get(name, {}).get("kernel_share"))
    return None if most is None or mine is None else mine <= most


def geometric_mean(values):
    values = [value for value in values if value and value > 0]
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def wanted_mean(names):
    """The geometric mean of the goals themselves, over these benchmarks."""
    return geometric_mean([GOALS["rows"][name]["ratio"] for name in names if name in GOALS["rows"]])
