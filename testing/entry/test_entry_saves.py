"""What the kernel's entries save and clear, counted in the disassembly of each kernel.

The table in platform/x86_64/entry/entry.inc says what it should be. A slot counts when the entry writes it
with a push or a store to the stack; a clear is a register xored with itself.
"""
import re
import subprocess

import pytest

from testing.qemu.machine import PROFILES, ROOT

ROW = re.compile(r"^ \*\t(\w+_entry)\t+(.+)$", re.M)
CELL = re.compile(r"(\d+) / (\d+)")
LABEL = re.compile(r"^[0-9a-f]+ <(\w+)>:$", re.M)
INSTRUCTION = re.compile(r"^ *[0-9a-f]+:\t(\S+) *(.*?)(?: +[#<].*)?$", re.M)
STORE = re.compile(r"%r\w+,(0x[0-9a-f]+)?\(%rsp\)$")
# What isolation copies from the entry stack, and its scratch.
COPY = re.compile(r"(0x[0-9a-f]+)?\(%rsi\)$")
CLEAR = re.compile(r"%(\w+),%\1$")


def table():
    """{label: {profile: (slots, clears)}}"""
    text = (ROOT / "platform/x86_64/entry/entry.inc").read_text()
    rows = {label: [tuple(map(int, cell)) for cell in CELL.findall(cells)] for label, cells in ROW.findall(text)}
    assert len(rows) >= 7 and all(len(cells) == len(PROFILES) for cells in rows.values())
    return {label: dict(zip(PROFILES, cells)) for label, cells in rows.items()}


def paths(kernel):
    """{label: [(mnemonic, operands)]} of everything in .entry.text."""
    text = subprocess.run(["objdump", "-d", "--no-show-raw-insn", "-j", ".entry.text", kernel],
                          stdout=subprocess.PIPE, check=True, text=True).stdout
    parts = LABEL.split(text)
    return {label: INSTRUCTION.findall(body) for label, body in zip(parts[1::2], parts[2::2])}


def count(instructions):
    """Slots written and registers cleared before the first call."""
    slots = clears = 0
    for mnemonic, operands in instructions:
        if mnemonic.startswith("call"):
            return slots, clears
        if mnemonic.startswith("push"):
            slots += not COPY.match(operands)
        elif mnemonic.startswith("mov"):
            slots += bool(STORE.match(operands))
        elif mnemonic == "xor":
            clears += bool(CLEAR.match(operands))
    pytest.fail("a path that calls nothing")


@pytest.mark.parametrize("entry_set", ["plain", "pti"])
def test_saves_and_clears(aramid, entry_set, built):
    found = paths(built(aramid))
    for label, expected in table().items():
        assert count(found[f"{label}_{entry_set}"]) == expected[aramid], f"{label} of {aramid}"


def test_entries_stay_in_their_section(aramid, built):
    """With isolation only .entry.text is mapped until CR3 is loaded: no call, no jump out before."""
    found = paths(built(aramid))
    for label in ("syscall_entry", "page_fault_entry", "exception_entry", "interrupt_entry"):
        before = []
        for mnemonic, operands in found[f"{label}_pti"]:
            if operands.endswith("%cr3"):
                break
            before.append(mnemonic)
        else:
            pytest.fail(f"{label}_pti loads no CR3")
        assert not [m for m in before if m.startswith(("call", "jmp"))], label
