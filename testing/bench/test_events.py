"""What instructions do not show, counted beside them; and the machine's own steps."""
import pytest

from testing.bench import events, floor, suite

pytestmark = pytest.mark.full


def test_events_of_one_operation(one_aramid, built):
    built(one_aramid)
    names = ("getpid", "fault_single", "pipe_pingpong", "fault_zero_write")
    found = events.count(one_aramid, [row for row in suite.rows() if row.name in names])
    assert found["getpid"] == {"roots": 0, "flushes": 0, "events": 0}
    assert found["fault_single"]["events"] == pytest.approx(1, abs=0.01)
    assert found["pipe_pingpong"]["roots"] == pytest.approx(2, abs=0.01)
    assert found["fault_zero_write"]["flushes"] > 0


def test_counters_of_one_operation(one_aramid, built):
    """The kernel's own counts say that a row measures what its name says."""
    built(one_aramid)
    names = ("getpid", "fault_single", "cow_fault", "fault_zero_single")
    found = events.counted(one_aramid, [row for row in suite.rows() if row.name in names])
    assert "pgfault" not in found["getpid"] or found["getpid"]["pgfault"] < 0.01
    assert found["fault_single"]["fault_anon"] == pytest.approx(1, abs=0.01)
    assert found["cow_fault"]["fault_cow"] == pytest.approx(1, abs=0.01)
    assert found["fault_zero_single"]["fault_zero_page"] == pytest.approx(1, abs=0.01)


def test_floor_in_counted_instructions(built):
    """Each is the few instructions that it is made of: floor.S."""
    built("performance", "FLOOR_PROBE")
    steps = floor.measure("performance", "icount", 1, False)
    ticks = {name: step["ticks"] for name, step in steps.items()}
    assert ticks["syscall_sysret"] == 2 and ticks["page_fault_user"] == 3 and 512 <= ticks["page_zero"] < 540
    assert ticks["iret"] < 9 and ticks["root_load"] < 4 and ticks["invlpg"] < 8
    assert floor.least("read_zero", steps, "insn") == pytest.approx(ticks["syscall_sysret"] + ticks["page_zero"])


def test_floor_on_two_cpus(built):
    built("performance", "FLOOR_PROBE")
    assert floor.measure("performance", "tcg", 2, False)["shootdown"]["ticks"] > 0
