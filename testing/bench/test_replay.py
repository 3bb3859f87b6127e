"""`make replay`: a recorded test runs again the same, with gdb looking on; with several CPUs it is repeated."""
import subprocess

import pytest

from testing.bench import replay
from testing.conftest import clean_environment
from testing.qemu.machine import BUILD, ROOT

pytestmark = pytest.mark.full
GDB = "-batch -ex 'hbreak {place}' -ex continue -ex 'print clock_ns()' -ex 'backtrace 1' -ex delete -ex detach"


def make_replay(*words):
    return subprocess.run(["make", "--no-print-directory", "replay", f"BUILD={BUILD}", *words], cwd=ROOT, env=clean_environment(),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600, check=False)


@pytest.mark.parametrize("test, place", [("proc/vmstat", "sys_munmap"), ("getpid", "sys_getpid")])
def test_the_same_again(one_aramid, built, test, place):
    built(one_aramid)
    words = (f"TEST={test}", f"PROFILE={one_aramid}", "GDB_ARGS=" + GDB.format(place=place))
    done = make_replay(*words)
    assert done.returncode == 0, done.stdout
    assert "recorded: it passes" in done.stdout and "the console is the same" in done.stdout
    assert f"Breakpoint 1, {place}" in done.stdout


class Unlucky:
    """Fails the third time."""
    config = replay.Config(smp=4)
    left = 3

    def run(self, config, log):
        assert config.extra == ["-seed", "7"] and log.name.startswith("try-")
        self.left -= 1
        return "" if self.left else "a difference"


def test_until_it_fails(capsys):
    assert replay.repeat(Unlucky(), 5, 7) == 0
    assert "came back at try 3" in capsys.readouterr().out
    assert replay.repeat(Unlucky(), 2, 7) == 1
    assert "2 tries with seed 7, on 4 CPUs: it does not fail" in capsys.readouterr().out


def test_several_cpus(one_aramid, built):
    built(one_aramid)
    done = make_replay("TEST=proc/vmstat", f"PROFILE={one_aramid}", "SMP=4", "TRIES=2")
    assert done.returncode and "2 tries with seed 1, on 4 CPUs" in done.stdout, done.stdout


def test_an_unknown_test_is_an_error():
    assert "which test? TEST=x" in make_replay().stdout
    done = make_replay("TEST=vmsta")
    assert done.returncode and "no such contract or benchmark. Perhaps: proc/vmstat" in done.stdout
