"""With the n-th allocation failing each contract leaves the kernel whole: no panic, no process that stays, no leak."""
import pytest

from testing.contracts import fail_alloc, run


def check(built, progress, names, smp, budget):
    kernel = built("fortress", "FAIL_ALLOC")
    progress(f"{len(names)} contracts with failing allocations, -smp {smp}")
    report = fail_alloc.run_all(names, kernel, smp, budget, log=f"fail_alloc-smp{smp}")
    progress(f"{sum(report.injected.values())} allocations failed in {report.tried} runs, {report.seconds:.0f} s")
    assert not report.findings, "\n" + "\n".join(report.findings)
    assert len(report.injected) == len(names)
    return report


def test_some_contracts(built, progress):
    """Every eighth: a commit is no longer than it must be, and the whole is behind --full."""
    report = check(built, progress, run.all_names()[::8], 1, 150)
    assert sum(report.injected.values()) > 20


@pytest.mark.full
@pytest.mark.parametrize("smp", [1, 4])
def test_all_contracts(built, progress, smp):
    check(built, progress, run.all_names(), smp, 1500)
