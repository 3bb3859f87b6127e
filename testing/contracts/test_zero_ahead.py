"""Free pages that are cleared in idle time (PAGE_ZERO_AHEAD) are zero, are found, and are free memory like all other."""
from testing.contracts import run

AREAS = "vm/", "process/", "proc/"


def test_contracts_with_pages_cleared_ahead(built, progress):
    kernel = built("performance", "PAGE_ZERO_AHEAD")
    names = [name for name in run.all_names() if name.startswith(AREAS)]
    progress(f"{len(names)} contracts with PAGE_ZERO_AHEAD, -smp 4")
    report = run.run("performance", 4, names, kernel=kernel)
    assert not report.failed() and not report.notes, "\n" + run.explain(report)
