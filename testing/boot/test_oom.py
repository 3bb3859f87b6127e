"""Memory that is used up kills whoever has most of it, by Linux's score, and nobody else; the machine goes on."""


def outcome(shell, command):
    return shell.check(f"{command}; true", 120).split()


def test_largest_is_killed(one_aramid, booting):
    with booting(one_aramid, mem="192M") as shell:
        shell.prompt(60)
        shell.check("sleep 1000 & small=$!; (echo 1000 > /proc/self/oom_score_adj; exec sleep 1000) & marked=$!; true")
        # Of the two with little memory the marked one counts as large as all memory, and goes first.
        assert outcome(shell, "tail /dev/zero; echo $?")[-1] == "137"
        assert outcome(shell, "kill -0 $marked 2>/dev/null; echo $?")[-1] == "1"
        assert outcome(shell, "kill -0 $small && kill $small; echo $?")[-1] == "0"
        assert shell.power_off() == 0
