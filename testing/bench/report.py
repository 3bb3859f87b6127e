#!/usr/bin/python3
"""report.py - a page and pictures of what each profile costs, from saved results of run.py.

usage: report.py [RUN.json] [--old OLD.json] [--out FOLDER] [--picture]
  RUN   the results on top; default build/bench/latest.json. --old: what the comparison starts with; default the run before.
--picture: also the pictures that README shows, Documentation/cost-light.svg and cost-dark.svg.
Leaves report.html (self-contained; also offers the latest saved runs) and cost-light.svg, cost-dark.svg in build/bench.
"""
import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[0] = str(ROOT)
from testing.bench import goals, sections, suite
from testing.bench.chart import document

HERE = Path(__file__).resolve().parent
RUNS_OFFERED = 20
COLOURS = {"fortress": "#8250df", "balanced": "#0969da", "performance": "#1a9c5b", "ludicrous": "#e8590c"}
INKS = {"light": "#1b1f24", "dark": "#e6edf3"}
STYLE = """
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: 0.92em; width: 100%; }
th, td { border-bottom: 1px solid var(--rule); padding: 3px 8px; text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
th:first-child, td:first-child { text-align: left; position: sticky; left: 0; background: var(--paper); }
#unmet td:last-child { white-space: normal; min-width: 22em; }
#unmet :is(th, td):nth-child(2), #unmet :is(th, td):last-child, #compared :is(th, td):nth-child(2), #figures :is(th, td):nth-child(2) {
  text-align: left; }
th button { all: unset; cursor: pointer; font-weight: 600; } th button:focus-visible { outline: 2px solid currentColor; }
th[aria-sort=ascending] button::after { content: " \\25b2"; } th[aria-sort=descending] button::after { content: " \\25bc"; }
.good { color: var(--good); } .bad { color: var(--bad); } #troubles { color: var(--bad); white-space: pre-wrap; }
.choices { display: flex; flex-wrap: wrap; gap: 12px; margin: 8px 0; } select { font: inherit; max-width: 100%; box-sizing: border-box; } label { max-width: 100%; }
#groups, #rows, #pages { max-width: 100%; overflow-x: auto; } #troubles, #meta { overflow-wrap: anywhere; }
#meta { font-size: 0.85em; } #compare-box { max-height: 600px; overflow: auto; }
"""
BODY = """
<h1>Aramid: what each profile costs</h1>
<p>Cost of one operation, in counted instructions or nanoseconds. Less is better. Where a benchmark runs programs, ratios are of what
is left without the user instructions.</p>
<div class="choices"><label>Results <select id="run"></select></label> <label>against <select id="base"></select></label></div>
<p id="meta"></p><details id="trouble-box"><summary id="trouble-count" class="bad"></summary><p id="troubles"></p></details>
<h2>By group</h2><div id="groups"></div>
<h2>By benchmark</h2><div id="rows"></div>
<section id="pages-box"><h2>Pages a fault</h2>
<p>2 GiB, a store to each page, per page. Aramid brings as many pages a fault as the program asked for by multi_page_alloc; Linux has no
such call.</p><div id="pages"></div></section>
<h2>Figures</h2><p>Click a column's title to sort. ✓ and ✗: the goal is met or not.</p>
<div class="wide"><table id="figures"></table></div>
SECTIONS
<h2>Two runs compared</h2>
<div class="choices"><label>Old <select id="old"></select></label> <label>New <select id="new"></select></label> <span id="verdict"></span></div>
<div class="wide" id="compare-box"><table id="compared"></table></div>
"""


def load(path):
    """{name, meta, results} of a saved run."""
    data = json.loads(Path(path).read_text())
    meta = data["meta"]
    name = f"{meta['date'].replace('T', ' ')[:19]} {meta['accel']}, {len(data['results'])} kernels"
    return {"name": name + (f", {meta['only']}" if meta["only"] else ""), **data}


def offered(first, old):
    """The runs of the page, the one on top first, and the index of the one to compare with."""
    paths = [Path(first)] + ([Path(old)] if old else [])
    paths += sorted((suite.OUT / "runs").glob("*.json"), reverse=True)[:RUNS_OFFERED]
    runs = []
    for path in paths:
        run = load(path)
        if not any(run["meta"] == other["meta"] for other in runs):
            runs.append(run)
    return runs, min(1, len(runs) - 1)


def page(runs, old):
    """The page's text."""
    from plotly.offline import get_plotlyjs
    groups = {}
    for run in reversed(runs):
        groups.update({name: row["group"] for name, row in run["meta"]["rows"].items()})
    table = [row.name for row in suite.rows()]
    order = [name for name in table if name in groups] + [name for name in groups if name not in table]
    data = {"runs": runs, "old": old, "goals": goals.GOALS, "order": order, "groups": groups}
    text = json.dumps(data).replace("</", "<\\/")
    script = (HERE / "report.js").read_text()
    body = BODY.replace("SECTIONS", sections.sections(runs[0]))
    return document("Aramid benchmarks", f"{body}<script>{get_plotlyjs()}</script><script>const DATA = {text};\n{script}</script>", STYLE)


def group_means(run):
    """Group -> kernel -> geometric mean of the ratios to Linux; the last is of all rows with a goal."""
    results, rows = run["results"], run["meta"]["rows"]
    profiles = [kernel for kernel in COLOURS if kernel in results]
    members = {}
    for name, row in rows.items():
        members.setdefault(row["group"], []).append(name)
    members["all with a goal"] = [name for name in rows if name in goals.GOALS["rows"]]
    means = {group: {kernel: goals.geometric_mean([goals.ratio(results, kernel, name) for name in names]) for kernel in profiles}
             for group, names in members.items()}
    return {group: values for group, values in means.items() if any(values.values())}


def source(meta):
    """Where the figures come from, in a line."""
    emulator = meta["qemu"].split(" (")[0].replace("emulator version ", "")
    linux = meta["linux"].split()[0].removeprefix("linux-image-")
    return f"{meta['date'][:10]}, Linux {linux}, {emulator} {meta['accel']}, {len(meta['rows'])} benchmarks"


def picture(run, theme, path):
    """Geometric means of each group, one bar a profile, against Linux; no background, ink for the theme."""
    import matplotlib
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "aramid"
    from matplotlib import pyplot
    from matplotlib.ticker import FuncFormatter
    means, ink = group_means(run), INKS[theme]
    profiles = [kernel for kernel in COLOURS if kernel in run["results"]]
    if not means or not profiles:
        return False
    figure, axes = pyplot.subplots(figsize=(9, 0.9 + len(means) * (0.22 + 0.14 * len(profiles))))
    high = 0.8 / len(profiles)
    for index, kernel in enumerate(profiles):
        at = [row + (index - (len(profiles) - 1) / 2) * high for row in range(len(means))]
        widths = [values[kernel] or 0 for values in means.values()]
        axes.barh(at, widths, high * 0.92, color=COLOURS[kernel], label=kernel)
        for y, width in zip(at, widths):
            axes.text(width, y, f" {width:.2f}" if width else "", va="center", fontsize=7, color=ink)
    axes.axvline(1, color="#8c959f", linestyle=":", linewidth=1.2)
    axes.set_yticks(range(len(means)), means, color=ink)
    axes.invert_yaxis()
    unit = "instructions" if run["meta"]["accel"] == "icount" else "time"
    axes.set_xlabel(f"{unit} an operation, Linux = 1 (geometric means; less is better)", color=ink)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.tick_params(colors=ink)
    for side in axes.spines.values():
        side.set_visible(False)
    figure.text(0.99, 0.005, source(run["meta"]), ha="right", fontsize=6.5, color=ink, alpha=0.7)
    legend = axes.legend(loc="lower right", frameon=False, fontsize=9)
    for text in legend.get_texts():
        text.set_color(ink)
    figure.tight_layout(rect=(0, 0.02, 1, 1))
    figure.savefig(path, transparent=True, metadata={"Date": None})
    pyplot.close(figure)
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("run", nargs="?", default=str(suite.OUT / "latest.json"))
    parser.add_argument("--old")
    parser.add_argument("--out", default=str(suite.OUT))
    parser.add_argument("--picture", action="store_true")
    options = parser.parse_args()
    missing = [path for path in (options.run, options.old) if path and not Path(path).exists()]
    if missing:
        sys.exit(f"bench-report: no {missing[0]}: run 'make bench' first")
    runs, old = offered(options.run, options.old)
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    made = [out / "report.html"]
    made[0].write_text(page(runs, old))
    if options.picture and not {"linux", *COLOURS} <= set(runs[0]["results"]):
        sys.exit("bench-report: the picture needs a run with Linux and the four profiles: run 'make bench'")
    for folder in [out] + ([ROOT / "Documentation"] if options.picture else []):
        for theme in INKS:
            path = folder / f"cost-{theme}.svg"
            if picture(runs[0], theme, path):
                made.append(path)
    print("\n".join(map(str, made)))


if __name__ == "__main__":
    main()
