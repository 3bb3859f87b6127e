"""sections.py - the report's tables that need no script: goals that are not met, and what instructions do not price."""
import html
import json

from testing.bench import events, goals
from testing.qemu.machine import PROFILES, ROOT

BUDGET = ROOT / "testing/bench/budget.json"


def table(name, titles, rows):
    """Rows of texts as HTML."""
    def line(tag, cells):
        return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"
    return f"<div class=\"wide\"><table id=\"{name}\">{line('th', titles)}{''.join(line('td', row) for row in rows)}</table></div>"


def unmet(run):
    """A row for each goal that is not met: by how much, and where the instructions go, as budget.json has it."""
    told = json.loads(BUDGET.read_text())["reasons"]
    for name in run["meta"]["rows"]:
        for profile in PROFILES:
            if goals.met(run["results"], profile, name) is not False:
                continue
            limit = goals.limit(run["results"], profile, name)
            mine = goals.cost(run["results"][profile][name], goals.GOALS["rows"][name].get("kernel_share"))
            why = told.get(profile, {}).get(name) or told.get("*", {}).get(name, "")
            yield name, profile, f"{limit:,.0f}", f"{mine:,.0f}", f"{mine / limit - 1:+.1%}", why


def beside(found):
    """A row for each benchmark: loads of CR3, flushes and exceptions of one operation, by kernel."""
    for name in dict.fromkeys(name for by_name in found.values() for name in by_name):
        yield name, *(events.cell(by_name.get(name)) for by_name in found.values())


def sections(run):
    """Both, as HTML; "" for what there is no figure of."""
    text = ""
    rows = list(unmet(run))
    if rows:
        text += ("<h2>Goals that are not met</h2><p>The most that an operation may take, what it takes, and where that goes. Of fortress and "
                 "balanced the limit follows from performance.</p>"
                 + table("unmet", ("benchmark", "profile", "limit", "measured", "above", "where the instructions go"), rows))
    found = events.kept()
    if found:
        text += ("<h2>Beside the instructions</h2><p>Page-table-root loads / TLB flushes / exceptions and interrupts of one operation, which "
                 "counted instructions price at nothing; from the last <code>make bench-events</code>.</p>"
                 "<details><summary>All benchmarks</summary>" + table("beside", ("benchmark", *found), beside(found)) + "</details>")
    return text
