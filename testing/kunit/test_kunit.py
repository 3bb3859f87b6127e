"""test_kunit.py - the in-kernel tests on each profile, and the mistakes that a profile must stop.

A case of STOPPED makes one mistake in the kernel. Where the named mechanism is on (profiles/README.md), the kernel
must stop with the words given; where it is off it must go on and say so, except for those that only the mechanism
makes safe to try.
"""
import re

import pytest

from testing.qemu.machine import PROFILES, ROOT, complaints

FAILED_CHECK = r"failed check|invalid opcode"

# case: (mechanism, what the kernel says when it stops, may it be tried where the mechanism is off)
STOPPED = {
    "profile_bounds_index": ("BOUNDS_CHECKS", r"index 4 out of bounds 4", True),
    "profile_check": ("CHECKS", r"check failed: hidden\(0\)", True),
    "profile_sanitize_bounds": ("SANITIZE_TRAPS", FAILED_CHECK, True),
    "profile_sanitize_shift": ("SANITIZE_TRAPS", FAILED_CHECK, True),
    "profile_sanitize_overflow": ("SANITIZE_TRAPS", FAILED_CHECK, True),
    "profile_sanitize_object_size": ("SANITIZE_TRAPS", FAILED_CHECK, False),
    "profile_sanitize_unreachable": ("SANITIZE_TRAPS", FAILED_CHECK, False),
    "profile_sanitize_return": ("SANITIZE_TRAPS", FAILED_CHECK, False),
    "profile_stack_protector": ("STACK_PROTECTOR", r"stack smashed", False),
    "profile_stack_overflow": (None, r"[Ss]tack overflow", False),
    "profile_lock_order": ("LOCK_CHECKS", r"lock check: wrong order", True),
    "profile_lock_interrupts": ("LOCK_CHECKS", r"lock check: needs interrupts off", True),
    "profile_lock_sleep": ("LOCK_CHECKS", r"lock check: sleeps", True),
    "slab_redzone_overrun": ("SLAB_REDZONE", r"slab.*red zone", False),
    "slab_use_after_free": ("SLAB_POISON", r"slab.*(poison|written after)", False),
    "slab_double_free": ("SLAB_DOUBLE_FREE", r"slab.*double free", False),
    "slab_freelist_corrupted": ("SLAB_HIDDEN_FREELIST", r"slab.*free list", False),
    "page_written_after_free": ("PAGE_VERIFY", r"page.*(not zero|written after)", False),
    "usercopy_beyond_object": ("USERCOPY_OBJECT_BOUNDS", r"usercopy|user copy", False),
}


def mechanisms():
    """{symbol: set of profiles that have it}, from the table of profiles/README.md."""
    table = {}
    for line in (ROOT / "profiles" / "README.md").read_text().split("\n"):
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) >= 5 and re.fullmatch(r"[A-Z_]+", cells[0]):
            table[cells[0]] = {name for name, cell in zip(PROFILES, cells[1:5]) if cell == "on"}
    return table


def test_all_cases_pass(aramid, booting):
    with booting(aramid, options=("KERNEL_TESTS",), append="console=ttyS0 panic=-1") as machine:
        found = machine.expect(r"kunit: ok (\d+)/(\d+)|Kernel panic", 90)
        assert found.group(1), machine.tail()
        assert found.group(1) == found.group(2) and int(found.group(2)) > 0, machine.tail()
        machine.trouble_expected = True     # some cases ask for a warning


@pytest.mark.parametrize("case", STOPPED)
def test_mistake_is_stopped(aramid, case, booting):
    mechanism, words, harmless = STOPPED[case]
    on = mechanism is None or aramid in mechanisms()[mechanism]
    if not on and not harmless:
        pytest.skip(f"{aramid} has no {mechanism}, and the mistake is not survivable")
    with booting(aramid, timeout=60, options=("KERNEL_TESTS",),
                 append=f"console=ttyS0 panic=-1 kunit={case}") as machine:
        machine.trouble_expected = True
        if on:
            machine.expect(words, 40)
            machine.expect("Kernel panic", 10)
            assert machine.wait(20) == 0        # panic=-1 reboots, and QEMU has -no-reboot
        else:
            machine.expect(f"kunit: survived", 40)
            assert not complaints(machine.output), machine.tail()
