#!/usr/bin/python3
"""includes.py - every header compiles alone, under each profile, with the include folders of its own level.

A header named *_list.h is a list of macro calls for whoever includes it, and is left out.

Uses the Makefile's own flags: `make flags DIR=<folder>` prints what a file in that folder is compiled with.
"""
import os
import shlex
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from common import ROOT, finish, run, sources

PROFILES = ("fortress", "balanced", "performance", "ludicrous")
# Host tests and contracts have headers of their own, for a libc.
FOLDERS = ("profiles", "libs", "platform", "kernel")


def flags(root, profile, folder, build):
    """The compiler's flags for a file of the folder; also makes the profile's generated headers."""
    result = run("make", "-s", "--no-print-directory", f"BUILD={build}", f"PROFILE={profile}", f"DIR={folder}", "flags",
                 cwd=root)
    if result.returncode:
        sys.exit(f"lint includes: {result.stderr}")
    return shlex.split(result.stdout)


def compile_alone(root, header, arguments):
    """None, or the first error of a file that includes nothing but the header."""
    command = ["gcc", *arguments, "-fsyntax-only", "-Wno-unused", "-x", "c", "-include", str(header), os.devnull]
    result = run(*command, cwd=root)
    if not result.returncode:
        return None
    return next((line for line in result.stderr.splitlines() if " error: " in line), result.stderr.strip())


def level(path):
    """The folder whose include list the header is compiled with."""
    parts = path.parts
    return "/".join(parts[:2]) if parts[:2] == ("platform", "drivers") else parts[0]


def check(root, profiles=PROFILES):
    headers = [path.relative_to(root) for path in sources(root, {".h"}, FOLDERS) if not path.stem.endswith("_list")]
    findings = []
    with tempfile.TemporaryDirectory() as build, ThreadPoolExecutor(2) as pool:
        for profile in profiles:
            by_level = {name: flags(root, profile, name, build) for name in sorted({level(h) for h in headers})}
            errors = pool.map(lambda h: compile_alone(root, h, by_level[level(h)]), headers)
            findings += [f"{header}:1: under {profile}, alone: {error}" for header, error in zip(headers, errors) if error]
    return findings


if __name__ == "__main__":
    finish("includes", check(ROOT))
