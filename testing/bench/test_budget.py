"""test_budget.py - counted instructions stay within budget.json, and two runs of the same kernel agree to the instruction."""
import pytest

from testing.bench import budget, price
from testing.conftest import locked
from testing.qemu.machine import PROFILES


def test_within_budget(aramid, built, progress, log_path):
    """No benchmark takes more than 2 % above its budget. What is cheaper by then is lowered by `make bench-budget`."""
    built(aramid)
    progress(f"count the instructions of all benchmarks on {aramid}")
    with locked("bench"):
        figures = budget.measure(aramid, [row.name for row in budget.rows()], log_path)
    dear = budget.over(budget.load()[aramid], figures)
    assert not dear, "\n".join(budget.say(aramid, *entry) for entry in dear)


def test_two_runs_agree(one_aramid, built, log_path):
    """Also rows that switch between processes, and that allocate much."""
    built(one_aramid)
    names = ["getpid", "open_close", "mmap_fault", "pipe_pingpong", "fork_exit", "exec_true"]
    first, second = (budget.measure(one_aramid, names, log_path) for _ in range(2))
    assert first == second


def test_budgets_are_complete():
    """Each profile has one for each benchmark, and those above their goals say why."""
    document = budget.load()
    names = [row.name for row in budget.rows()]
    assert all(list(document[profile]) == names for profile in PROFILES)
    assert budget.unexplained(document) == {} and budget.idle_reasons(document) == []


def test_above_and_below():
    budgets = {"getpid": 100.0, "pipe": 1000.0}
    assert budget.over(budgets, {"getpid": 102.0, "pipe": 900.0}) == []
    assert budget.over(budgets, {"getpid": 102.1, "stat": 5.0}) == [("getpid", 102.1, 100.0), ("stat", 5.0, None)]
    document = {"performance": dict(budgets), "reasons": {}}
    refused = budget.lower(document, "performance", {"getpid": 90.0, "pipe": 1100.0}, "", False)
    assert document["performance"] == {"getpid": 90.0, "pipe": 1000.0} and len(refused) == 1
    assert budget.lower(document, "performance", {"pipe": 1100.0}, "a reason", False) == []
    assert document["performance"]["pipe"] == 1100.0 and document["raised"] == {"performance": {"pipe": "from 1,000: a reason"}}
    assert budget.lower(document, "performance", {"pipe": 900.0}, "", False) == [] and document["raised"] == {"performance": {}}


def test_prices_are_told():
    """README, the help texts and Documentation/COST.md say what cost.json says, of each mechanism."""
    assert price.stale() == []


@pytest.mark.full
def test_prices_are_right(progress):
    """Some mechanisms, others with each commit, are built and measured again; `make bench-cost CHECK=1` does all."""
    assert not price.load().get("unmeasured"), "run 'make bench-cost'"
    from testing.conftest import command
    progress("measure what two mechanisms cost")
    with locked("make"):
        command("testing/bench/cost.py", "--from", "performance", "--check", "--sample", "2")
