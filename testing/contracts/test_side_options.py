"""Kernels with a side option that changes how memory is had keep the promises that this touches."""
import pytest

from testing.contracts import run

CASES = [
    # Free pages that are cleared in idle time are zero, and are found.
    ("performance", "PAGE_ZERO_AHEAD", ["vm/"]),
    # What the page-fault entry does by itself is what the handler would have done.
    ("performance", "FAULT_FASTPATH_CHECK", ["vm/", "misc/", "process/"]),
    # Programs see no stale translation when the tags of libs/asid alone decide what four CPUs forget: also of threads,
    # which are in misc/, and of memory that fork and execve leave.
    ("fortress", "TLB_MODEL", ["vm/", "misc/", "process/"]),
]


@pytest.mark.parametrize("profile, option, areas", CASES)
def test_contracts_with(built, progress, profile, option, areas):
    kernel = built(profile, option)
    for area in areas:
        assert run.all_names(f"{area}*"), "no such area"
    names = [name for name in run.all_names() if name.startswith(tuple(areas))]
    progress(f"{len(names)} contracts with {option} on {profile}, -smp 4")
    report = run.run(profile, 4, names, kernel=kernel)
    progress(f"{option}: {report.seconds:.0f} s, {report.boots} boot(s)")
    assert not report.failed() and not report.notes, "\n" + run.explain(report)


@pytest.mark.full
@pytest.mark.parametrize("smp", [1, 4])
def test_contracts_with_the_other_lock(aramid, smp, built, progress):
    """All of them, where page faults take the lock of the whole address space."""
    kernel = built(aramid, "FAULT_LOCK_RWSEM")
    progress(f"all contracts with FAULT_LOCK_RWSEM on {aramid}, -smp {smp}")
    report = run.run(aramid, smp, run.all_names(), kernel=kernel)
    assert not report.failed() and not report.notes, "\n" + run.explain(report)
