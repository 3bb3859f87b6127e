"""test_kunit.py - the in-kernel tests on each profile, and that each mechanism of a profile does what it is for.

A case of STOPPED makes one mistake in the kernel. Where the named mechanism is on (profiles/README.md), the kernel
must stop with the words given; where it is off it must go on and say so, except for those that only the mechanism
makes safe to try. What stops nothing but can be seen is reported by the ordinary cases (kunit_observed), and what
is in the machine code by testing/entry; test_every_mechanism_is_tried finds the mechanism that nobody tries.
-fsanitize=return has no case: it checks C++ alone.
"""
import re

import pytest

from testing.mechanisms import has, mechanisms
from testing.qemu.machine import ROOT, Machine, complaints

# case: (mechanism or None for every profile, what the kernel says when it stops, may it be tried where it is off)
STOPPED = {
    "profile_bounds_index": ("BOUNDS_CHECKS", r"index 4 out of bounds 4", True),
    "profile_slice_index": ("BOUNDS_CHECKS", r"index 4 out of bounds 4", True),
    "profile_slice_part": ("BOUNDS_CHECKS", r"index 1 out of bounds 4", True),
    "profile_check": ("CHECKS", r"check failed: hidden\(0\)", True),
    "profile_sanitize_bounds": ("SANITIZE_TRAPS", r"Oops: failed check", True),
    "profile_sanitize_shift": ("SANITIZE_TRAPS", r"Oops: failed check", True),
    "profile_sanitize_overflow": ("SANITIZE_TRAPS", r"Oops: failed check", True),
    "profile_sanitize_object_size": ("SANITIZE_TRAPS", r"Oops: failed check", True),
    "profile_sanitize_unreachable": ("SANITIZE_TRAPS", r"Oops: failed check", False),
    "profile_stack_protector": ("STACK_PROTECTOR", r"stack smashed in", False),
    "profile_lock_order": ("LOCK_CHECKS", r"lock check: wrong order", True),
    "profile_lock_order_deep": ("LOCK_CHECKS", r"lock check: wrong order", True),
    "profile_lock_order_try": ("LOCK_CHECKS", r"lock check: wrong order", True),
    "profile_lock_not_held": ("LOCK_CHECKS", r"lock check: releases a lock it does not hold", True),
    "profile_lock_interrupts": ("LOCK_CHECKS", r"lock check: needs interrupts off", True),
    "profile_lock_sleep": ("LOCK_CHECKS", r"lock check: sleeps where it must not", True),
    "slab_redzone_overrun": ("SLAB_REDZONE", r"slab kmalloc-128: .*: red zone overwritten", True),
    "slab_use_after_free": ("SLAB_POISON", r"slab kunit-96: .*: poison overwritten", True),
    "slab_double_free": ("SLAB_DOUBLE_FREE", r"slab kunit-twice: .*: double free", True),
    "slab_free_of_no_object": ("SLAB_DOUBLE_FREE", r"slab kunit-middle: .*: freed, but not the start", True),
    "slab_freelist_corrupted": ("SLAB_HIDDEN_FREELIST", r"slab kunit-96: .*: free list corrupted", False),
    "page_written_after_free": ("PAGE_VERIFY", r"page: frame \w+ was written after it was freed, at offset 123", True),
    "pte_outside_of_tables": ("PTE_VERIFY", r"page table: entry .*: .*it is in no page table of a program", True),
    "pte_reserved_bit": ("PTE_VERIFY", r"page table: entry .*: .*reserved bits", True),
    "pte_global": ("PTE_VERIFY", r"page table: entry .*: .*reserved bits", True),
    "pte_beyond_memory": ("PTE_VERIFY", r"page table: entry .*: .*an address beyond memory", True),
    "pte_not_dirty": ("PTE_VERIFY", r"page table: entry .*: .*no such permission", True),
    "pte_frame_replaced": ("PTE_VERIFY", r"page table: entry .*: .*another frame's entry is replaced", True),
    "pte_free_frame": ("PTE_VERIFY", r"page table: entry .*: .*a free frame is mapped", True),
    "pte_kernel_frame": ("PTE_VERIFY", r"page table: entry .*: .*a frame of the kernel's is mapped", True),
    "pte_slab_frame": ("PTE_VERIFY", r"page table: entry .*: .*a frame of the kernel's is mapped", True),
    "pte_table_frame": ("PTE_VERIFY", r"page table: entry .*: .*a frame of the kernel's is mapped", True),
    "pte_uncounted_file": ("PTE_VERIFY", r"page table: entry .*: .*a page is mapped that is not counted", True),
    "pte_uncounted_frame": ("PTE_VERIFY", r"page table: entry .*: .*it mapped a frame that nobody has counted", True),
    "pte_shared_frame": ("PTE_VERIFY", r"page table: entry .*: .*a frame is writable that others map", True),
    "pte_shared_frame_permitted": ("PTE_VERIFY", r"page table: entry .*: .*a frame is writable that others map", True),
    "pte_shared_table": ("PTE_VERIFY", r"page table: entry .*: .*the page table is shared", True),
    "pte_zero_page_writable": ("PTE_VERIFY", r"page table: entry .*: .*the zero page is writable", True),
    "pte_special_frame": ("PTE_VERIFY", r"page table: entry .*: .*a frame of an allocator is mapped as a device's", True),
    "pte_special_frame_of_free_block": ("PTE_VERIFY", r"page table: entry .*: .*a frame of an allocator is mapped as a device's", True),
    "pte_special_frame_of_block": ("PTE_VERIFY", r"page table: entry .*: .*a frame of an allocator is mapped as a device's", True),
    "pte_directory_of_data": ("PTE_VERIFY", r"page table: entry .*: .*it points to no page table of the level below", True),
    "pte_directory_of_wrong_level": ("PTE_VERIFY", r"page table: entry .*: .*it points to no page table of the level below", True),
    "pte_directory_no_exec": ("PTE_VERIFY", r"page table: entry .*: .*no such directory entry", True),
    "pte_directory_replaced": ("PTE_VERIFY", r"page table: entry .*: .*another table's entry is replaced", True),
    "pte_directory_shared": ("PTE_VERIFY", r"page table: entry .*: .*a shared page table may be written through it", True),
    "pte_huge_no_group": ("PTE_VERIFY", r"page table: entry .*: .*a huge page is no group of frames", True),
    "pte_huge_of_file_not_counted": ("PTE_VERIFY", r"page table: entry .*: .*a huge page is not 2 MiB of a file, mapped", True),
    "pte_huge_of_file_out_of_order": ("PTE_VERIFY", r"page table: entry .*: .*a huge page is not 2 MiB of a file, mapped", True),
    "pte_huge_shared": ("PTE_VERIFY", r"page table: entry .*: .*a frame is writable that others map", True),
    "pte_freed_while_mapped": ("PTE_VERIFY", r"page: frame \w+ is freed while a page table maps it", True),
    "pte_group_freed_while_mapped": ("PTE_VERIFY", r"page: frame \w+ is freed while a page table maps it", True),
    "pte_store_is_lost": ("PTE_VERIFY", r"page table: entry \w+ is \w+ after 0 was written", True),
    "usercopy_beyond_object": ("USERCOPY_OBJECT_BOUNDS", r"usercopy: 120 bytes .* the object is 100 bytes", True),
    "usercopy_into_less": ("USERCOPY_OBJECT_BOUNDS", r"usercopy: 20 bytes .* the object is 100 bytes", True),
    "usercopy_outside_copy": ("USERCOPY_SMAP", r"Oops: kernel touches user memory outside of a user copy", True),
    "usercopy_run_user_memory": (None, r"Oops: kernel executes user memory", False),
    "usercopy_run_user_code": (None, r"Oops: kernel executes user memory", False),
    "profile_stack_overflow": (None, r"Oops: kernel stack overflow", False),
    "profile_stack_recursion": (None, r"Oops: kernel stack overflow", False),
    "profile_write_text": (None, r"Oops: page fault at a kernel address", False),
    "profile_write_constant": (None, r"Oops: page fault at a kernel address", False),
    "profile_run_data": (None, r"Oops: page fault at a kernel address", False),
}
# Seen by an ordinary case.
OBSERVED = {"STACK_INIT", "REFCOUNT_SATURATE", "REFCOUNT_DETECT_ZERO", "INIT_ON_ALLOC", "INIT_ON_FREE",
            "SLAB_QUARANTINE", "SLAB_HIDDEN_FREELIST", "USERCOPY_MASK", "PTE_VERIFY"}
# Counted in the machine code, and seen at work: testing/entry.
DISASSEMBLED = {"ENTRY_SAVE_ALL", "ENTRY_SAVE_CLEAR", "ENTRY_SAVE_MINIMAL", "FRAME_POINTER"}
# Checked fault by fault by FAULT_FASTPATH_CHECK (testing/contracts), counted by the benchmarks: nothing that stops a mistake.
COUNTED = {"FAULT_FASTPATH"}
# Seen with words of the command line: test_mitigation_words.
WORDED = {"MITIGATIONS"}
# What only the CPU stops: without the feature the same mistake goes unnoticed.
CPU_STOPS = {"usercopy_run_user_code": "max,-smep", "usercopy_outside_copy": "max,-smap", "profile_run_data": "max,-nx"}
# (CPU model, words): (fence at swapgs, page-table isolation) where MITIGATIONS is on. Haswell has Meltdown, max nothing.
MITIGATION_WORDS = {
    ("max", ""): (False, False),
    ("max", "mitigations=auto pti=on"): (False, True),
    ("Haswell", ""): (True, True),
    ("Haswell", "mitigations=auto"): (True, True),
    ("Haswell", "mitigations=off"): (False, False),
    ("Haswell", "mitigations=off pti=on"): (False, True),
    ("Haswell", "pti=off"): (True, False),
    ("Haswell", "nopti"): (True, False),
}


@pytest.fixture
def tests_of(booting):
    """tests_of(profile, words) boots the kernel with the in-kernel tests linked in."""
    def boot(profile, words="", cpu="max", options=()):
        machine = booting(profile, timeout=120, kind=Machine, options=("KERNEL_TESTS", *options), cpu=cpu,
                          append=f"console=ttyS0 panic=-1 rdinit=/bin/false {words}".strip())
        machine.trouble_expected = True     # some cases ask for a warning, and all end in a panic
        return machine
    return boot


def test_all_cases_pass(aramid, tests_of):
    with tests_of(aramid) as machine:
        found = machine.expect(r"kunit: ok (\d+)/(\d+)\r?\n|Kernel panic", 90)
        assert found[1] and found[1] == found[2] and int(found[2]) > 20, machine.tail(80)
        assert not re.findall(r"kunit: .*fail.*", machine.output, re.I)
        seen = dict(re.findall(r"kunit: ([A-Z_]+) is (on|off)", machine.output))
    assert seen == {name: "on" if has(aramid, name) else "off" for name in OBSERVED}


def test_pages_cleared_in_idle_time(tests_of):
    with tests_of("performance", "kunit=page_cleared_in_idle_time", options=("PAGE_ZERO_AHEAD",)) as machine:
        machine.expect("kunit: pass page_cleared_in_idle_time", 60)
        machine.expect(r"kunit: (ok|end of)", 60)
        assert not re.findall(r"kunit: .*fail.*", machine.output, re.I)


@pytest.mark.parametrize("case", STOPPED)
def test_mistake_is_stopped(aramid, case, tests_of):
    mechanism, words, _ = STOPPED[case]
    if not has(aramid, mechanism):
        pytest.skip(f"{aramid} has no {mechanism}: test_mistakes_are_survived")
    with tests_of(aramid, f"kunit={case}") as machine:
        machine.expect(words, 60)
        machine.expect("Kernel panic", 20)
        assert "kunit: survived" not in machine.output
        assert machine.wait(20) == 0        # panic=-1 reboots, and QEMU has -no-reboot


def test_mistakes_are_survived(aramid, tests_of):
    """Without its mechanism a mistake goes unnoticed: what the profile does not pay for, it does not get."""
    cases = [case for case, (mechanism, _, harmless) in STOPPED.items() if harmless and not has(aramid, mechanism)]
    if not cases:
        pytest.skip(f"{aramid} has all mechanisms")
    with tests_of(aramid, f"kunit={','.join(cases)}") as machine:
        machine.expect("kunit: end of", 60)
        assert len(re.findall("kunit: survived", machine.output)) == len(cases), machine.tail(80)
        assert set(re.findall(r"kunit: pass (\w+)", machine.output)) == set(cases)
        assert not complaints(machine.output[:machine.position]), machine.tail(80)


@pytest.mark.parametrize("case", CPU_STOPS)
def test_cpu_stops_it(one_aramid, case, tests_of):
    """The case is stopped by the CPU's feature and by nothing else: without it the kernel goes on."""
    with tests_of(one_aramid, f"kunit={case}", cpu=CPU_STOPS[case]) as machine:
        machine.expect("kunit: survived", 60)


@pytest.mark.parametrize("cpu, words", MITIGATION_WORDS, ids=lambda text: text.replace(" ", "+") or "plain")
def test_mitigation_words(aramid, cpu, words, tests_of):
    """MITIGATIONS, mitigations= and pti=: which instructions stayed, and which page tables a program runs on."""
    fence, isolation = MITIGATION_WORDS[cpu, words]
    built_in = has(aramid, "MITIGATIONS")
    cases = "mitigations_instructions,protection_nothing_writable_runs,protection_control_registers"
    with tests_of(aramid, f"{words} kunit={cases}", cpu=cpu) as machine:
        machine.expect("kunit: end of", 60)
        seen = dict(re.findall(r"kunit: mitigation (\w+) is (on|off)", machine.output))
        assert "kunit: FAIL" not in machine.output, machine.tail(80)
    assert seen["swapgs"] == ("on" if fence and built_in else "off")
    assert seen["pti"] == ("on" if isolation and (built_in or "pti=on" in words) else "off")
    assert seen["verw"] == "off"    # QEMU's CPUs have no MD_CLEAR


def test_every_mechanism_is_tried():
    tried = {mechanism for mechanism, *_ in STOPPED.values()} | OBSERVED | DISASSEMBLED | COUNTED | WORDED
    assert tried - {None} == set(mechanisms())


def test_every_mistake_is_in_the_table():
    found = set()
    for path in (*ROOT.glob("kernel/*/test/*.c"), *ROOT.glob("platform/x86_64/*/test/*.c")):
        found |= set(re.findall(r"^KUNIT_MUST_DIE\((\w+)\)", path.read_text(), re.M))
    assert found == set(STOPPED)
