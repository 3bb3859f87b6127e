"""price.py - cost.json, what cost.py measured, as texts: Documentation/COST.md, a line in each mechanism's help text, README's column."""
import json
import re
import textwrap

from testing.bench import goals
from testing.mechanisms import mechanisms
from testing.qemu.machine import ROOT

FILE = ROOT / "testing/bench/cost.json"
DOCUMENT = ROOT / "Documentation/COST.md"
KCONFIG = ROOT / "profiles/Kconfig"
NOTHING = 0.0005
# In a help text: a paragraph of its own, the last one.
PARAGRAPH = re.compile(r"\n\n\t  Price: [^\n]*(?:\n\t  \S[^\n]*)*")


def load():
    return json.loads(FILE.read_text()) if FILE.exists() else {}


def save(document):
    """Rows whose cost is the same with and without are left out."""
    parts = []
    for part, content in document.items():
        if part == "unmeasured":
            parts.append(f" {json.dumps(part)}: {json.dumps(content)}")
            continue
        lines = [f"  {json.dumps(name)}: {json.dumps(slim(value))}" for name, value in content.items()]
        parts.append(f" {json.dumps(part)}: {{\n" + ",\n".join(lines) + "\n }")
    FILE.write_text("{\n" + ",\n".join(parts) + "\n}\n")


def slim(value):
    if not isinstance(value, dict) or "rows" not in value:
        return value
    return {**{key: word for key, word in value.items() if key not in ("base", "rows")},
            "rows": {row: count for row, count in value["rows"].items() if count}}


def compare(without, with_it):
    """What the second kernel's figures are more than the first's. The ratio of a row that runs programs is of the kernel's share."""
    results = {"without": without, "with": with_it}
    ratios = {row: goals.ratio(results, "with", row, "without") for row in without}
    added = {row: round(with_it[row]["per_op"] - without[row]["per_op"], 1) for row in without}
    worst = max(ratios, key=lambda row: abs(ratios[row] - 1))
    return {"mean": round(goals.geometric_mean(ratios.values()), 5), "worst": worst, "worst_ratio": round(ratios[worst], 4),
            "base": {row: entry["per_op"] for row, entry in without.items()}, "rows": added}


def percent(ratio):
    part = abs(ratio - 1) * 100
    return f"{part:.0f} %" if part >= 10 else f"{part:.1f} %"


def short(cost):
    """For a table's cell: mean, and the worst row."""
    if abs(cost["mean"] - 1) < NOTHING and abs(cost["worst_ratio"] - 1) < NOTHING:
        return "nothing"
    sign = "-" if cost["mean"] < 1 else ""
    worst = "-" if cost["worst_ratio"] < 1 else ""
    return f"{sign}{percent(cost['mean'])}; {cost['worst']} {worst}{percent(cost['worst_ratio'])}"


def sentence(cost):
    """For a help text."""
    if short(cost) == "nothing":
        return "Price: nothing that the benchmarks see."
    count = cost["rows"].get(cost["worst"], 0)
    verb = ("most", "more") if cost["worst_ratio"] > 1 else ("most", "fewer")
    mean = f"{percent(cost['mean'])} {'more' if cost['mean'] >= 1 else 'fewer'} instructions in the mean of the benchmarks"
    return f"Price: {mean}, {verb[0]} in {cost['worst']}: {percent(cost['worst_ratio'])} {verb[1]}, {abs(count):,.0f} an operation."


def help_with(text, symbol, cost):
    """Kconfig's text with the symbol's price in its help."""
    found = re.search(rf"^config {symbol}\n.*?(?=\n\n(?:config|endmenu|menu|endchoice|choice)\b)", text, re.M | re.S)
    if not found:
        raise SystemExit(f"bench-cost: {KCONFIG.name} has no option {symbol}")
    entry = PARAGRAPH.sub("", found[0])
    lines = textwrap.wrap(sentence(cost), 76)
    return text[:found.start()] + entry + "\n\n" + "\n".join("\t  " + line for line in lines) + text[found.end():]


def kconfig(text, document):
    for symbol, cost in document.get("on", {}).items():
        if symbol in mechanisms():
            text = help_with(text, symbol, cost)
    return text


def wanted():
    """part of cost.json -> the names that it should have."""
    return {"on": set(mechanisms()), "off": {name for name, where in mechanisms().items() if "fortress" in where}}


def note_unmeasured(document):
    """What a run that was cut short has left out is listed, so that it is no silent hole."""
    missing = {part: sorted(names - set(document.get(part, {}))) for part, names in wanted().items()}
    document["unmeasured"] = {part: names for part, names in missing.items() if names}


def page(document):
    """Documentation/COST.md."""
    about, on, off = document["meta"], document.get("on", {}), document.get("off", {})
    lines = [
        "# What each mechanism costs", "",
        "Made by `make bench-cost`, which says in testing/bench/cost.py how; the figures are in testing/bench/cost.json, one for each "
        "mechanism and benchmark. Counted instructions (QEMU's icount), so the same on every machine; what the clock of a processor would "
        "say of a stac or a retpoline is not in them.", "",
        f"{about['benchmarks']} benchmarks. First figure: geometric mean of the ratios, with the mechanism to without it. Second: the "
        "benchmark that changes most; where it runs programs, without their user instructions. A mechanism that needs another is "
        "measured on top of it.", "",
        "| mechanism | on, from performance | kept on, in fortress |", "|---|---|---|"]
    for symbol in mechanisms():
        cells = [short(part[symbol]) if symbol in part else "not measured" if symbol in wanted()[name] else "-"
                 for name, part in (("on", on), ("off", off))]
        lines.append(f"| {symbol} | {cells[0]} | {cells[1]} |")
    for title, part in (("Instructions more with the mechanism, from performance", on), ("The same, in fortress", off)):
        lines += ["", f"## {title}", "", "Benchmarks in which a mechanism changes at least one instruction an operation.", "",
                  "| mechanism | instructions an operation |", "|---|---|"]
        for symbol in (symbol for symbol in mechanisms() if symbol in part):
            rows = part[symbol]["rows"]
            told = ", ".join(f"{row} {count:+,.0f}" for row, count in sorted(rows.items(), key=lambda pair: -abs(pair[1])) if abs(count) >= 1)
            lines.append(f"| {symbol} | {told or 'none'} |")
    return "\n".join(lines + ["", f"{about['qemu']}, {about['gcc']}.", ""])


def texts():
    """path -> what it should contain, by cost.json."""
    document = load()
    if not document.get("on"):
        return {}
    return {DOCUMENT: page(document), KCONFIG: kconfig(KCONFIG.read_text(), document)}


def write():
    for path, text in texts().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


def stale():
    """What disagrees with cost.json, in words."""
    document = load()
    told = [f"{path.relative_to(ROOT)} is not what cost.json says: make bench-cost WRITE=1"
            for path, text in texts().items() if not path.exists() or path.read_text() != text]
    for part, names in wanted().items():
        missing = names ^ set(document.get(part, {})) ^ set(document.get("unmeasured", {}).get(part, []))
        if missing:
            told.append(f"cost.json, {part}: not measured, or no mechanism: {' '.join(sorted(missing))}")
    return told


def table(found):
    """Mechanism by benchmark, as text: instructions more an operation."""
    for part, by_name in found.items():
        if not by_name:
            continue
        names = [row for row in next(iter(by_name.values()))["base"] if any(abs(cost["rows"].get(row, 0)) >= 0.5 for cost in by_name.values())]
        for name, cost in by_name.items():
            yield f"{part} {name}: {short(cost)}"
        wide = max(map(len, by_name))
        for at in range(0, len(names), 8):
            some = names[at:at + 8]
            yield f"{part:{wide}} " + " ".join(f"{row[:13]:>13}" for row in some)
            for name, cost in by_name.items():
                yield f"{name:{wide}} " + " ".join(f"{cost['rows'][row]:>+13,.0f}" for row in some)
