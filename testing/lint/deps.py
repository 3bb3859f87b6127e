#!/usr/bin/python3
"""deps.py [BUILD_FOLDER] - includes and calls only flow down.

    profiles/include < libs < platform/include < platform/x86_64 < kernel/include < kernel/<area>

Each #include must lead to the same or a lower level, and an area's own headers stay in the area. platform/drivers is the
exception: it may include kernel/dev.h and kernel/locks.h. With a build folder (build/balanced, if it is there) the
undefined symbols of each object are looked up too: a symbol defined on a higher level may be used only if a header of the
user's own level, or below, declares it; that is the upward interface, and it is reviewed as such. What the compiler itself
asks for (the stack protector, retpolines) is everybody's. In-kernel tests (<area>/test/) may use the test harness.
"""
import re
import sys
from pathlib import Path

from common import ROOT, finish, run, sources

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')
INCLUDE_DIRS = ("profiles/include", "libs/include", "libs/abi/include", "platform/include", "platform/x86_64/include",
                "platform/x86_64", "kernel/include", "testing/kunit/include")
FREESTANDING = {"float.h", "iso646.h", "limits.h", "stdalign.h", "stdarg.h", "stdatomic.h", "stdbool.h", "stddef.h",
                "stdint.h", "stdnoreturn.h", "cpuid.h", "zlib.h"}
# libs/ also compiles on the host.
HOSTED = {"stdio.h", "string.h", "sys/types.h"}
DRIVER_HEADERS = {f"kernel/include/kernel/{name}.h" for name in ("dev", "locks", "preempt", "printk", "slab", "tty")}
COMPILER = re.compile(r"cpu_stack_guard|__stack_chk_fail|__x86_(indirect|return)_thunk\w*")
IN_KERNEL_TEST = re.compile(r"(kernel|platform/x86_64)/\w+/test/")
LEVELS = ("profiles", "libs", "platform/include", "platform/x86_64", "platform/drivers", "kernel/include", "kernel",
          "testing/kunit")


def level(path):
    """Which level a file, a path relative to the root, belongs to; None if to none of them."""
    found = [name for name in LEVELS if path.startswith(name + "/")]
    return max(found, key=len) if found else None


def area(path):
    """The folder that owns a file that is not in a public include folder: kernel/mm, platform/x86_64, libs/elf."""
    parts = path.split("/")
    return "/".join(parts[:2])


def resolve(root, user, form, name):
    """The project's file that an #include means, relative to the root, or None."""
    places = ([str(Path(user).parent)] if form == '"' else []) + list(INCLUDE_DIRS)
    for place in places:
        if (root / place / name).is_file():
            return str((root / place / name).resolve().relative_to(root.resolve()))
    return None


def may_include(user, target):
    """Whether the file `user` may include the file `target`; both of the project."""
    if IN_KERNEL_TEST.match(user) and target.startswith("testing/kunit/include/"):
        return True
    mine, other = level(user), level(target)
    if other is None or mine is None:
        return mine is None
    if area(user) == area(target) and "/include/" not in target:
        return True
    if mine == "platform/drivers":
        return target in DRIVER_HEADERS or LEVELS.index(other) <= LEVELS.index("platform/include")
    if other == "platform/x86_64" or other == "kernel" or other == "platform/drivers":
        return mine == other and area(user) == area(target)
    return LEVELS.index(other) <= LEVELS.index(mine)


def check_include(root, user, number, form, name):
    if name.startswith("generated/"):
        if name == "generated/offsets.h" and not user.endswith((".S", ".inc", ".lds")):
            return f"{user}:{number}: generated/offsets.h is for assembly alone"
        return None
    target = resolve(root, user, form, name)
    if target is None:
        if form == "<" and name in FREESTANDING | (HOSTED if level(user) == "libs" else set()):
            return None
        return f"{user}:{number}: no header {name} in this project"
    if not may_include(user, target):
        return f"{user}:{number}: {area(user)} may not include {target}"
    return None


def check_includes(root):
    findings = []
    for file in sources(root, {".c", ".h", ".S", ".inc", ".lds"}):
        user = str(file.relative_to(root))
        if level(user) is None or file.name.startswith("test_") and user.startswith("libs/"):
            continue
        for number, line in enumerate(file.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if match:
                findings.append(check_include(root, user, number, match[1], match[2]))
    return [finding for finding in findings if finding]


def symbols(build):
    """(source -> undefined symbols, symbol -> source that defines it) of the objects in a build folder."""
    wanted, defined = {}, {}
    for item in sorted(build.rglob("*.o")):
        source = str(item.relative_to(build))[:-2]
        if level(source) is None:
            continue
        for line in run("nm", str(item)).stdout.splitlines():
            kind, name = line.split()[-2:]
            if kind == "U":
                wanted.setdefault(source, []).append(name)
            elif kind.isupper() or kind in "vw":
                defined[name] = source
    return wanted, defined


def declared(root):
    """level -> every word in its public headers."""
    words = {}
    for folder in INCLUDE_DIRS:
        for header in (root / folder).rglob("*.h"):
            own = level(str(header.relative_to(root)))
            words.setdefault(own, set()).update(re.findall(r"\w+", header.read_text()))
    for name in DRIVER_HEADERS:
        if (root / name).is_file():
            words.setdefault("platform/drivers", set()).update(re.findall(r"\w+", (root / name).read_text()))
    return words


def check_symbols(root, build):
    wanted, defined = symbols(build)
    words, findings = declared(root), []
    for user, names in wanted.items():
        mine = LEVELS.index(level(user))
        known = set().union(*(words.get(name, set()) for name in LEVELS[:mine + 1]))
        for name in names:
            owner = defined.get(name)
            if owner and LEVELS.index(level(owner)) > mine and name not in known and not COMPILER.fullmatch(name):
                findings.append(f"{user}:1: uses {name} of {owner}, which no header of its own level declares")
    return findings


def main():
    build = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build/balanced"
    findings = check_includes(ROOT)
    if build.is_dir():
        findings += check_symbols(ROOT, build)
    else:
        print(f"lint deps: no {build}: includes only", file=sys.stderr)
    finish("deps", findings)


if __name__ == "__main__":
    main()
