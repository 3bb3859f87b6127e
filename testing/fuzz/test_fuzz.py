"""Random system calls do no harm: no panic, complaint, hang or leak. The seed is the commit's: `make fuzz` runs on."""
import re

import pytest

from testing.fuzz import run


def fuzz(built, progress, seed, seconds, **options):
    kernel = built("fortress", "FAIL_ALLOC")
    progress(f"system-call fuzzer, seed {seed}, {seconds} s")
    outcome = run.run(seed, seconds, kernel=kernel, **options)
    progress(f"{outcome.rounds} rounds, {outcome.calls} calls")
    assert not outcome.findings, "\n" + run.describe(outcome)
    return outcome


def test_fuzz(built, progress):
    outcome = fuzz(built, progress, run.commit_seed(), 30)
    assert outcome.rounds > 0 and outcome.calls > 100


@pytest.mark.full
def test_fuzz_long(built, progress):
    fuzz(built, progress, run.commit_seed() + 1, 570)


@pytest.mark.full
def test_corpus(built, progress):
    for seed, first in run.corpus():
        fuzz(built, progress, seed, 20, first=first, rounds=1)


def after(number, free, **caches):
    text = " ".join(f"{name}={count}" for name, count in caches.items())
    return f"@@@ after {number} calls {number * 10} free {free} slab {text}\r\n"


def test_leaks_are_seen():
    steady = "".join(after(i, 90000 + i % 3 * 8, task=60 + i % 5) for i in range(30))
    assert not run.leaks(steady)
    assert run.leaks("".join(after(i, 90000, task=60 + 3 * i) for i in range(30)))
    assert run.leaks("".join(after(i, 90000 - 200 * i, task=60) for i in range(30)))
    assert not run.leaks("".join(after(i, 90000 - 200 * i, task=60) for i in range(8)))


def test_table_is_whole():
    """Each kind of argument of the kernel's list has values."""
    text = (run.ROOT / "kernel/include/kernel/syscall_list.h").read_text()
    kinds = set(re.findall(r", ([A-Z0-9]+), [a-z]", re.sub(r"/\*.*?\*/", "", text, flags=re.S)))
    assert kinds <= set(re.findall(r"KIND_(\w+)", (run.HERE / "fuzz.h").read_text()))
