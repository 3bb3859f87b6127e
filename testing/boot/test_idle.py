"""A machine with nothing to do stays asleep: no tick. On counted time, where a slow host is not seen."""

# The first two show what counting itself costs: starting a program, on a machine that may be slow.
COUNT = "r() { grep LOC: /proc/interrupts; }; sleep 1; r; sleep 0; r; sleep 10; r"


def timer_interrupts(line):
    return sum(int(word) for word in line.split()[1:] if word.isdigit())


def test_idle_has_no_tick(aramid, booting, built):
    with booting(aramid, accel="icount") as shell:
        shell.prompt(60)
        shell.check("sleep 2")  # what the start has left behind
        begin, counted, slept = map(timer_interrupts, shell.check(COUNT).splitlines())
        assert (slept - counted) - (counted - begin) < 20
        assert shell.power_off() == 0
