#!/usr/bin/python3
"""config_use.py - options are spelt right, and tested only where they may be.

A misspelt option is silently off, so every CONFIG_ name in the source must be defined by a Kconfig file. A symbol of the
profile table may be used only below profiles/, in assembly macros of platform/x86_64/entry/*.inc, in makefiles, and where
profiles/README.md says. PROFILE_ symbols are for profiles/Kconfig alone. `#ifdef` has no place in a .c file.
"""
import re
from fnmatch import fnmatch

from common import ROOT, finish, sources

NAME = re.compile(r"\bCONFIG_([A-Z0-9_]+)\b")
DEFINITION = re.compile(r"^\s*(?:menu)?config\s+([A-Z0-9_]+)\s*$", re.M)
ROW = re.compile(r"^\| ([A-Z0-9_]+) \|.*\|([^|]*)\|$", re.M)
CONDITIONAL = re.compile(r"^\s*#\s*(ifdef|ifndef)\b")


def defined(root):
    """Every option that a Kconfig file defines."""
    names = set()
    for path in root.rglob("Kconfig"):
        if "build" not in path.relative_to(root).parts[:1]:
            names |= set(DEFINITION.findall(path.read_text()))
    return names


def allowed(root):
    """symbol -> patterns of the files that may test it, from the table in profiles/README.md."""
    rows = ROW.findall((root / "profiles/README.md").read_text() + "\n")
    return {symbol: [word.strip(",` ") for word in where.split()] for symbol, where in rows}


def may_use(path, places):
    if path.startswith("profiles/") or fnmatch(path, "platform/x86_64/entry/*.inc"):
        return True
    return any(fnmatch(path, place + "*" if place.endswith("/") else place) for place in places)


def check_line(path, number, line, options, table):
    for name in NAME.findall(line):
        if name not in options:
            yield f"{path}:{number}: no Kconfig file defines {name}"
        elif name.startswith("PROFILE_") and name != "PROFILE_NAME" and not path.startswith("profiles/"):
            yield f"{path}:{number}: {name}: code tests mechanisms, not profiles"
        elif name in table and not may_use(path, table[name]):
            yield f"{path}:{number}: {name}: profiles/README.md does not list this file for it"
    if path.endswith(".c") and not path.startswith(("testing/", "contracts/")) and CONDITIONAL.match(line):
        yield f"{path}:{number}: #ifdef in a .c file"


def check(root):
    options, table = defined(root), allowed(root)
    findings = [f"profiles/README.md:1: {name} is in the table, but no Kconfig file defines it"
                for name in sorted(set(table) - options)]
    files = sources(root, {".c", ".h", ".S", ".inc", ".lds", ".mk"})
    for file in files + [root / "Makefile"]:
        path = str(file.relative_to(root))
        for number, line in enumerate(file.read_text().splitlines(), 1):
            findings += check_line(path, number, line, options, table)
    return findings


if __name__ == "__main__":
    finish("config_use", check(ROOT))
