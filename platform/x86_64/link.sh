#!/bin/bash
# Links the kernel with a symbol table of itself: link.sh OUT LD LDFLAGS...
# The objects are listed in OUT/objects.stamp. The first link has an empty table, the second one of the right size, the
# third one with the right addresses; a last look verifies that nothing has moved since.
# Leaves OUT/aramid.debug (everything, for gdb) and OUT/aramid.elf (symbols, no debug information).
set -euo pipefail
out=$1
shift
kallsyms() {
	/usr/bin/python3 "$(dirname "$0")/kallsyms.py" "$@"
}

kallsyms > "$out/kallsyms.S"
for pass in 1 2 3; do
	gcc -c -Wa,--noexecstack -o "$out/kallsyms.o" "$out/kallsyms.S"
	"$@" -T "$out/kernel.lds" -Map="$out/aramid.map" -o "$out/aramid.debug" "@$out/objects.stamp" "$out/kallsyms.o"
	[ $pass = 3 ] || kallsyms "$out/aramid.debug" > "$out/kallsyms.S"
done
kallsyms "$out/aramid.debug" | cmp -s - "$out/kallsyms.S" || {
	echo "link: addresses moved when the symbol table was filled in" >&2
	exit 1
}
objcopy --strip-debug "$out/aramid.debug" "$out/aramid.elf"
