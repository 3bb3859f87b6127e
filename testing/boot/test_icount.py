"""What a boot costs, in counted instructions."""
from testing.qemu.icount import BUDGET, measure
from testing.qemu.shell import INITRD


def test_boot_within_budget(one_aramid, built, progress, log_path):
    """From reset to init's first instruction, the whole initramfs unpacked; the same count each time."""
    kernel = built(one_aramid)
    progress(f"count the instructions of a boot of {one_aramid}")
    count = measure(kernel, INITRD, log=log_path)
    progress(f"{count:,} instructions, the budget is {BUDGET:,}")
    assert count <= BUDGET
    assert measure(kernel, INITRD) == count
