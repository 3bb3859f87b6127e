"""A machine with nothing to do stays asleep: no tick."""

# One process, so that what is counted is the sleep and not the start of programs.
COUNT = """r() { while read -r a; do case "$a" in LOC:*) echo "$a";; esac; done < /proc/interrupts; }; sleep 1; r; sleep 10; r"""


def timer_interrupts(line):
    return sum(int(word) for word in line.split()[1:] if word.isdigit())


def test_idle_has_no_tick(aramid, booting, built):
    with booting(aramid, smp=4) as shell:
        shell.prompt(60)
        shell.check("sleep 2")  # what the start has left behind
        before, after = shell.check(COUNT).splitlines()
        assert timer_interrupts(after) - timer_interrupts(before) < 20
        assert shell.power_off() == 0
