"""test_bench.py - the benchmark suite and its harness: counts, goals, failures that must be seen, and the page."""
import json
import re
import shutil
import subprocess

import pytest

from testing.bench import budget, events, goals, kernels, profile, report, suite, table, user
from testing.qemu.machine import ROOT

RUN = ROOT / "testing/bench/run.py"
# Runs after the page's own script: uses it as a reader would, and leaves what it saw in the document.
READER = """<script>
const seen = { errors: window.pageErrors };
const column = (id, at) => [...document.querySelectorAll("#" + id + " tbody tr")].map((row) => row.cells[at].dataset.key);
seen.figures = column("figures", 0).length;
document.querySelectorAll("#figures th button")[2].click();
seen.sorted = column("figures", 2);
document.querySelectorAll("#figures th button")[2].click();
seen.reversed = column("figures", 2);
seen.compared = column("compared", 4);
seen.verdict = document.getElementById("verdict").textContent;
document.getElementById("base").value = "balanced";
document.getElementById("base").onchange();
seen.ratios = column("figures", 4);
seen.charts = document.querySelectorAll(".main-svg").length;
const left = document.createElement("pre");
left.id = "seen";
left.textContent = JSON.stringify(seen);
document.body.append(left);
</script>"""


@pytest.fixture(scope="module")
def rows():
    return suite.rows()


def fake(figures, user_share=None):
    """Results with the same figure for two rows: kernel -> per_op."""
    names = ("getpid", "exec_true")
    return {kernel: {name: {"per_op": value, "iters": 1, "unit": "insn", **({"user": user_share} if user_share and
                     name == "exec_true" else {})} for name in names} for kernel, value in figures.items()}


def test_entry_resolves_faults(rows, built):
    """Rows that say what a usual page fault costs say what the entry's own path costs: it resolves 9 of 10, or more."""
    built("performance")
    names = {"mmap_fault", "mmap_fault_256m", "fault_single", "fault_random", "fault_zero_single", "fault_zero"}
    found = events.counted("performance", [row for row in rows if row.name in names])
    assert set(found) == names
    hits = {name: counts["fault_entry"] / counts["pgfault"] for name, counts in found.items()}
    assert min(hits.values()) >= 0.9, hits


def test_fork_costs_what_a_small_one_costs():
    """256 MiB that were touched make fork at most three times as dear, in the budgets that hold it."""
    for budgets in map(budget.load().get, ("fortress", "balanced", "performance")):
        assert budgets["fork_256m"] <= 3 * budgets["fork_exit"]


def test_threads_wait_for_no_lock(rows, built):
    """Faults of two threads in memory of their own meet no writer, and each other's spinlocks once in 20 times at most."""
    built("performance")
    words = ["--count", "--quick", "--json", "--counters", "--only=fault_threads_2"]
    boot = kernels.run(kernels.config("performance", "tcg", words, smp=2), log=suite.OUT / "log/threads.log")
    counts = boot.counters["fault_threads_2"]
    assert not boot.trouble and counts["pgfault"] > 1000
    assert not {"lock_fault_wait", "lock_vma_wait", "lock_rwsem_wait", "lock_mutex_wait"} & set(counts), counts
    assert counts.get("lock_spin_wait", 0) < counts["pgfault"] / 20, counts


def test_every_goal_has_a_row(rows):
    names = {row.name for row in rows}
    assert set(goals.GOALS["rows"]) <= names
    shares = {name for name, goal in goals.GOALS["rows"].items() if goal.get("kernel_share")}
    assert shares == {row.name for row in rows if row.has(suite.SHARE)}


def test_counts_are_as_the_readme_says(rows):
    by_name = {row.name: row for row in rows}
    assert (by_name["getpid"].quick, by_name["getpid"].ops) == (21, 100)
    assert (by_name["mmap_fault"].quick, by_name["mmap_fault"].ops) == (5, 4096)
    assert (by_name["sort_uniq"].quick, by_name["sort_uniq"].ops) == (7, 1)


def test_runs_as_an_ordinary_program():
    done = subprocess.run([suite.build(), "--json", "--only=getpid,pipe,fork_exit,mmap_fault", "--seed=7"], capture_output=True,
                          text=True, check=True, timeout=60)
    begin = json.loads(re.search(r"@@@ bench begin (.*)", done.stdout)[1])
    assert begin["hash"] == suite.file_hash(suite.build()) and begin["count"] == 4
    results = [json.loads(text) for text in re.findall(r"@@@ bench result (.*)", done.stdout)]
    assert len(results) == 4 and all(result["per_op"] > 0 for result in results)
    assert "@@@ bench end {\"done\": 4, \"failed\": 0}" in done.stdout


def test_an_unknown_name_is_an_error():
    for command in ([suite.build(), "--only=getpd"], [RUN, "--kernels", "linux", "--only", "getpd"]):
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode and "getpd" in done.stderr


def test_a_missing_kernel_is_an_error(tmp_path):
    done = subprocess.run([RUN, "--kernels", "linux"], env={"PATH": "/usr/bin:/bin", "BUILD": str(tmp_path)}, capture_output=True,
                          text=True, check=False, timeout=60)
    assert done.returncode and "bzImage is missing: run 'make setup'" in done.stderr


def test_goals():
    results = fake({"linux": 1000, "fortress": 500, "balanced": 285, "performance": 250, "ludicrous": 251}, 900)
    verdicts = {kernel: goals.met(results, kernel, "getpid") for kernel in results}
    assert verdicts == {"linux": None, "fortress": True, "balanced": True, "performance": True, "ludicrous": False}
    results = fake({"linux": 1000, "performance": 940, "ludicrous": 941}, 900)
    assert goals.met(results, "performance", "exec_true") and not goals.met(results, "ludicrous", "exec_true")
    assert goals.ratio(results, "performance", "exec_true") == pytest.approx(0.4)
    assert goals.ratio({**results, "linux": {}}, "performance", "getpid") is None


def test_a_hole_shows_in_the_table():
    results = fake({"linux": 1000, "balanced": 100})
    del results["balanced"]["getpid"]
    text = "\n".join(table.lines(results, ["getpid", "exec_true"]))
    assert re.search(r"getpid\s+1,000\s+missing", text)


def test_chains_are_named():
    names = profile.Symbols(["1000 T outer", "2000 t inner", "2800 r data", "3000 T last"])
    chains, own = profile.read(["at 2004 3", "at 2008 4", "chain 1000;2000 7", "chain 1 5", "window 1 2"], names)
    assert own == {"inner": 7} and chains == {("outer", "inner"): 7, ("(user)",): 5}
    assert profile.with_calls(chains)["outer"] == 7


@pytest.mark.skipif(not kernels.image("balanced").exists(), reason="balanced is not built")
def test_counted_figures_repeat_and_the_trace_agrees(tmp_path):
    """Two plain runs and one under the plugin: the same figures, and the plugin's total is the counter's.

    All but a few: it cannot tell an interrupt at an instruction that jumps to itself from a fault.
    """
    names = "getpid,mmap_fault,pipe_pingpong,exec_true"
    out = tmp_path / "trace"
    extras = ([], [], user.plugin_words(out))
    boots = [kernels.run(kernels.config("balanced", "icount", ["--count", f"--only={names}"], extra=extra),
                         finish=bool(extra), timeout=120) for extra in extras]
    assert not any(boot.trouble for boot in boots), [boot.trouble for boot in boots]
    assert boots[0].results == boots[1].results == boots[2].results
    sums = [result["sum"] for result in boots[2].results.values()]
    assert [total for total, _ in user.windows(out)] == pytest.approx(sums, rel=1e-5)


def saved_run(path, scale, rows):
    """A file like latest.json, with made-up figures."""
    figures = {"linux": 1000, "fortress": 600, "balanced": 400, "performance": 300, "ludicrous": 250}
    chosen = [row for row in rows if not row.has(suite.SMP)]
    results = {kernel: {row.name: {"per_op": value + 10 * index * scale, "iters": row.ops * row.quick, "unit": "insn",
                                   **({"user": 100} if row.has(suite.SHARE) else {})} for index, row in enumerate(chosen)}
               for kernel, value in figures.items()}
    meta = {"date": f"2026-01-0{scale}T00:00:00+00:00", "accel": "icount", "accel_words": "words", "accel_reason": "why",
            "mode": "quick", "seed": 0, "only": "", "troubles": ["</script> in a message"], "qemu": "q", "gcc": "g", "linux": "l",
            "source": "0" * 40, "source_changed": False,
            "rows": {row.name: {"group": row.group, "ops": row.ops, "samples": row.quick} for row in chosen}}
    path.write_text(json.dumps({"meta": meta, "results": results}))
    return path


def browser():
    return next((path for path in map(shutil.which, ("chromium", "chromium-headless-shell", "google-chrome")) if path), None)


def test_page_in_a_browser(tmp_path, rows):
    if not browser():
        pytest.skip("no Chromium here")
    old, new = (saved_run(tmp_path / f"{scale}.json", scale, rows) for scale in (1, 2))
    runs, at = report.offered(new, old)
    assert runs[at]["meta"]["date"].startswith("2026-01-01")
    text = report.page(runs, at)
    # No address but the library's own texts: nothing is fetched.
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=", text[:text.index("<script>")])
    first = "<script>window.pageErrors = []; window.onerror = (text) => { pageErrors.push(text); };"
    first += "console.error = (text) => { pageErrors.push(String(text)); };</script>"
    page = tmp_path / "page.html"
    page.write_text(text.replace("<body>", "<body>" + first).replace("</body>", READER + "</body>"))
    done = subprocess.run([browser(), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'chromium'}",
                           "--virtual-time-budget=10000", "--dump-dom", page.as_uri()], capture_output=True, text=True, check=False,
                          timeout=120)
    found = re.search(r'<pre id="seen">(.*?)</pre>', done.stdout, re.S)
    assert found, done.stderr[-2000:]
    seen = json.loads(found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
    assert seen["errors"] == [] and seen["charts"] >= 2
    count = len([row for row in rows if not row.has(suite.SMP)])
    assert seen["figures"] == count
    values = [float(value) for value in seen["sorted"]]
    assert values == sorted(values) and [float(value) for value in seen["reversed"]] == values[::-1]
    factors = [float(value) for value in seen["compared"]]
    assert len(factors) == 5 * count and factors == sorted(factors, reverse=True) and factors[0] > 1
    assert "dearer" in seen["verdict"]
    assert all(float(value) > 1 for value in seen["ratios"] if value)


def test_pictures(tmp_path, rows):
    run = report.load(saved_run(tmp_path / "1.json", 1, rows))
    for theme in report.INKS:
        path = tmp_path / f"{theme}.svg"
        assert report.picture(run, theme, path)
        assert path.read_text().count("<svg") == 1
