"""table.py - results as a table in text: benchmark, Linux, each kernel with its ratio and whether the goal is met."""
from testing.bench import goals
from testing.qemu.machine import PROFILES

MARKS = {True: "ok", False: "NO", None: ""}


def number(value):
    """Short, and exact where it is short: 312, 3,301.9, 1,612,279,002."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}".removesuffix(".0")


def cell(results, kernel, name, base):
    entry = results[kernel].get(name)
    if entry is None:
        return "missing".rjust(15) + " " * 10
    ratio = goals.ratio(results, kernel, name, base)
    factor = f"{ratio:.3f}x" if ratio is not None else ""
    return f"{number(entry['per_op']):>15} {factor:>6} {MARKS[goals.met(results, kernel, name)]:2}"


def lines(results, names, base="linux"):
    """The table's lines; names are the benchmarks, in order."""
    others = [kernel for kernel in results if kernel != base]
    wide = max([len(name) for name in names], default=8)
    yield f"{'benchmark':{wide}} {base if base in results else '':>15} " + " ".join(f"{kernel:>25}" for kernel in others)
    for name in names:
        entry = results.get(base, {}).get(name)
        first = number(entry["per_op"]) if entry else "missing" if base in results else ""
        yield f"{name:{wide}} {first:>15} " + " ".join(cell(results, kernel, name, base) for kernel in others)


def means(results, rows, base="linux"):
    """Lines with the geometric means of the ratios, of each group and of the rows that have a goal."""
    others = [kernel for kernel in results if kernel != base]
    if base not in results or not others:
        return
    yield "geometric means, against " + base
    groups = dict.fromkeys(row.group for row in rows)
    table = {group: [row.name for row in rows if row.group == group] for group in groups}
    with_goal = [row.name for row in rows if row.name in goals.GOALS["rows"]]
    table["all with a goal"] = with_goal
    for title, names in table.items():
        cells = [goals.geometric_mean([goals.ratio(results, kernel, name, base) for name in names]) for kernel in others]
        if any(cells):
            text = "  ".join(f"{kernel} {value:.3f}x" if value else f"{kernel} -" for kernel, value in zip(others, cells))
            yield f"  {title:16} {text}"
    wanted = goals.wanted_mean(with_goal)
    if wanted:
        yield f"  {'the goals':16} {wanted:.3f}x for performance and ludicrous"
    for kernel in others:
        verdicts = [goals.met(results, kernel, row.name) for row in rows]
        if kernel in PROFILES and any(verdict is not None for verdict in verdicts):
            yield f"  {kernel}: {verdicts.count(True)} goals met, {verdicts.count(False)} not"
