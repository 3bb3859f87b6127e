"""Programs see no stale translation when the tags of libs/asid alone decide what four CPUs forget (TLB_MODEL)."""
from testing.contracts import run

AREAS = "vm/", "threads/", "process/"


def test_contracts_under_the_model(built, progress):
    kernel = built("fortress", "TLB_MODEL")
    names = [name for name in run.all_names() if name.startswith(AREAS)]
    progress(f"{len(names)} contracts under TLB_MODEL, -smp 4")
    report = run.run("fortress", 4, names, kernel=kernel)
    assert not report.failed() and not report.notes, "\n" + run.explain(report)
