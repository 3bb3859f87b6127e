#!/usr/bin/python3
"""Prints a kernel's functions as an assembly table for backtraces: kallsyms.py [ELF]. Without ELF an empty table.

    u64 kallsyms_base            lowest address in the table
    u32 kallsyms_count           number of functions
    u32 kallsyms_offsets[count]  sorted; address = kallsyms_base + offset
    u32 kallsyms_names[count]    where the name begins in kallsyms_strings
    char kallsyms_strings[]      names, each ended by NUL
"""
import subprocess
import sys

# Where code at its final address begins; below lies only what runs before paging.
KERNEL_HALF = 0xffff800000000000


def functions(elf):
    """(address, name), sorted; one name for each address, a global one if there is."""
    best = {}
    for line in subprocess.run(["nm", elf], check=True, capture_output=True, text=True).stdout.splitlines():
        fields = line.split()
        if len(fields) != 3 or fields[1] not in "tTwW":
            continue
        address, name = int(fields[0], 16), fields[2]
        if address < KERNEL_HALF or name.startswith("."):
            continue
        rank = (fields[1] == "t", name.startswith("__"), name)
        if address not in best or rank < best[address][0]:
            best[address] = (rank, name)
    return sorted((address, name) for address, (_, name) in best.items())


def table(symbols):
    base = symbols[0][0] if symbols else 0
    yield '\t.section .kallsyms, "a"'
    yield "\t.globl kallsyms_base, kallsyms_count, kallsyms_offsets, kallsyms_names, kallsyms_strings"
    yield "\t.balign 8"
    yield f"kallsyms_base: .quad {base:#x}"
    yield f"kallsyms_count: .long {len(symbols)}"
    yield "kallsyms_offsets:"
    yield from (f"\t.long {address - base}" for address, _ in symbols)
    yield "kallsyms_names:"
    position = 0
    for _, name in symbols:
        yield f"\t.long {position}"
        position += len(name) + 1
    yield "kallsyms_strings:"
    yield from (f'\t.asciz "{name}"' for _, name in symbols)


def main():
    print("\n".join(table(functions(sys.argv[1]) if len(sys.argv) > 1 else [])))


if __name__ == "__main__":
    main()
