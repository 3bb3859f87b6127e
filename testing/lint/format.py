#!/usr/bin/python3
"""format.py - every C file looks as .clang-format says. `make format` makes it so."""
import re
import shutil
import sys

from common import ROOT, finish, run, sources

WARNING = re.compile(r"^(.*?):(\d+):\d+: (?:warning|error): ")


def check(root):
    """One finding for each file that differs, at the first line that does."""
    first = {}
    files = [str(path.relative_to(root)) for path in sources(root, {".c", ".h"})]
    for start in range(0, len(files), 100):
        result = run("clang-format", "--dry-run", "-Werror", *files[start:start + 100], cwd=root)
        for line in result.stderr.splitlines():
            match = WARNING.match(line)
            if match:
                first.setdefault(match[1], match[2])
    return [f"{path}:{number}: not formatted: run 'make format'" for path, number in first.items()]


if __name__ == "__main__":
    if not shutil.which("clang-format"):
        sys.exit("lint format: Debian's package clang-format is missing: run 'make setup'")
    finish("format", check(ROOT))
