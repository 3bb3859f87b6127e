#!/bin/bash
# cpp_anywhere.sh COMMAND... -o FILE - ccache runs the preprocessor through this: FILE is what it recognises a source by.
# Takes the build's folder ($CPP_OUT) out of the names of included files, so that the same code is the same in every build.
set -eu
"$@"
out=$(sed 's/[][\.*^$,]/\\&/g' <<< "$CPP_OUT")
while [ $# -gt 1 ]; do
	[ "$1" != -o ] || sed -i "s,^\(# [0-9]* \"\)$out/,\1," "$2"
	shift
done
