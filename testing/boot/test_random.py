"""Random bytes differ between boots also where the processor has no random instructions, and from one draw to the next.

That runs which are to be repeatable draw the same ones is seen by two runs of the benchmarks, which must not differ.
"""

READ = "od -An -tx1 -N16 /dev/urandom"


def drawn(shell):
    shell.prompt(60)
    lines = shell.check(f"{READ}; {READ}; ({READ}); {READ}").splitlines()
    assert shell.power_off() == 0
    assert len(set(lines)) == 4
    return lines


def test_two_boots_differ(one_aramid, booting):
    seen = []
    for _ in range(2):
        with booting(one_aramid, cpu="max,-rdrand,-rdseed") as shell:
            seen.append(set(drawn(shell)))
    assert not seen[0] & seen[1]
