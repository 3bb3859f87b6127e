#!/usr/bin/python3
"""sizes.py [--strict] - reports functions of more than 60 lines and files of more than 500.

A report, not a failure: some things are long. With --strict it fails. Also prints the median and the 90th percentile of all
functions, which should be at most 15 and 50.
"""
import re
import sys

from common import ROOT, finish, sources

FUNCTION_LIMIT, FILE_LIMIT = 60, 500
# A function begins with a line that starts in the first column and has a name before a parenthesis; its body is from
# "{" in the first column to "}" in the first column.
HEAD = re.compile(r"^[a-z_].*?\b([A-Za-z_]\w*)\s*\(")


def functions(lines):
    """(name, first line, number of lines of the body with its braces) of each function."""
    name, start = None, None
    for number, line in enumerate(lines, 1):
        match = HEAD.match(line)
        if match and not line.rstrip().endswith(";"):
            name = match[1]
        elif line.rstrip() == "{" and name:
            start = number
        elif line.rstrip() == "}" and start:
            yield name, start, number - start + 1
            name, start = None, None


def check(root):
    findings, lengths = [], []
    for file in sources(root, {".c", ".h"}, ("profiles", "libs", "platform", "kernel")):
        path = file.relative_to(root)
        lines = file.read_text().splitlines()
        if len(lines) > FILE_LIMIT:
            findings.append(f"{path}:{len(lines)}: file of {len(lines)} lines")
        for name, start, length in functions(lines):
            lengths.append(length - 2)
            if length > FUNCTION_LIMIT:
                findings.append(f"{path}:{start}: function {name} of {length} lines")
    return findings, sorted(lengths)


def main():
    findings, lengths = check(ROOT)
    if lengths:
        print(f"{len(lengths)} functions: median {lengths[len(lengths) // 2]} lines, "
              f"90th percentile {lengths[len(lengths) * 9 // 10]}, longest {lengths[-1]}")
    if "--strict" in sys.argv[1:]:
        finish("sizes", findings)
    print("\n".join(findings) if findings else "nothing is too long")


if __name__ == "__main__":
    main()
