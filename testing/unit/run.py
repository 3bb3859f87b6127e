#!/usr/bin/python3
"""Builds every libs/**/test_*.c for the host under each profile's configuration, with the address and the undefined behaviour
sanitizer, and runs it. One line for each file and profile, then the sum. Exit status 1 if anything failed.

    run.py [--profile NAME] [word ...]      only files whose path contains one of the words
"""
import argparse
import fcntl
import os
import pathlib
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import abi_constants

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build")
PROFILES = ["fortress", "balanced", "performance", "ludicrous"]
MACHINE = "testing/unit/kernel/machine.c"
JOBS = min(2, os.cpu_count() or 1)
TIMEOUT = 120

CFLAGS = """-std=gnu11 -O1 -g -fno-omit-frame-pointer -fno-strict-aliasing
    -fsanitize=address,undefined -fno-sanitize-recover=undefined
    -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wimplicit-fallthrough -Wundef -Werror""".split()
# What an option of a profile means for these programs; the sanitizers above are stronger than its own.
OPTION_FLAGS = {"CONFIG_STACK_INIT": "-ftrivial-auto-var-init=zero", "CONFIG_STACK_PROTECTOR": "-fstack-protector-strong"}


def tests():
    """The test files, as paths from the root."""
    return sorted(str(p.relative_to(ROOT)) for p in ROOT.glob("libs/**/test_*.c"))


def kernel_tests():
    """Tests of the kernel's own files, compiled with them as the kernel is; linked with machine.c, and with model.c, which has a libc."""
    return sorted(str(p.relative_to(ROOT)) for p in ROOT.glob("testing/unit/kernel/test_*.c"))


def tested_sources(test):
    """The kernel's files in a test's first comment, on a line that begins with `with:`."""
    return re.search(r"^ \* with: (.*)$", (ROOT / test).read_text(), re.M)[1].split()


def tested_options(test):
    """Side options that a test and its sources are compiled with: `options:` in its first comment."""
    found = re.search(r"^ \* options: (.*)$", (ROOT / test).read_text(), re.M)
    return found[1].split() if found else []


def library_sources():
    return sorted(str(p.relative_to(ROOT)) for p in ROOT.glob("libs/*/*.c") if not p.name.startswith("test_"))


class BuildError(Exception):
    pass


def run(command, **options):
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", **options)
    if done.returncode:
        raise BuildError(f"{' '.join(map(str, command))}\n{done.stdout}")
    return done.stdout


def up_to_date(target, flags_file, flags):
    """The depfile beside the target lists what it was made from."""
    depfile = target.with_suffix(".d")
    try:
        made = target.stat().st_mtime
        if flags_file.read_text() != flags:
            return False
        names = depfile.read_text().split(":", 1)[1].replace("\\\n", " ").split()
        return all((ROOT / n).stat().st_mtime < made for n in names)
    except (OSError, IndexError):
        return False


class Builder:
    """Objects and programs of one profile, in build/unit/<profile>/."""

    def __init__(self, profile):
        self.profile = profile
        self.out = BUILD / "unit" / profile
        # Not the options of a make that may have started this.
        environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "WITH", "CONFIG")}
        run(["make", "--no-print-directory", f"BUILD={BUILD}", f"PROFILE={profile}", "config"], env=environment)
        config = (BUILD / profile / "generated" / "config.mk").read_text()
        self.flags = CFLAGS + [flag for option, flag in OPTION_FLAGS.items() if f"{option} := y" in config]
        self.flags += [f"-I{BUILD / profile}", "-Iprofiles/include", "-Ilibs/include", "-Itesting/unit"]
        # As system headers: in a test both spellings of a constant meet.
        self.flags += ["-isystem", "libs/abi/include"]
        self.flags += ["-include", "profile/config.h"]

        self.kernel_flags = [*self.flags, "-ffreestanding", "-fno-pie", "-Iplatform/include", "-Ikernel/include",
                             "-Itesting/kunit/include", "-Wno-address-of-packed-member"]
        self.kernel_flags = [flag for flag in self.kernel_flags if flag not in ("-isystem", "libs/abi/include")]
        self.kernel_flags += ["-Ilibs/abi/include", "-include", "testing/unit/kernel/model_layout.h"]

    def compile(self, source, kernel=False, side=()):
        """An object; for the kernel's own files and their tests, with the kernel's headers alone, and side options."""
        target = self.out / ("+".join(["kernel", *side]) if kernel else "") / (source + ".o")
        options = [*(self.kernel_flags if kernel else self.flags), *(f"-DCONFIG_{name}=1" for name in side)]
        target.parent.mkdir(parents=True, exist_ok=True)
        flags_file = target.with_suffix(".flags")
        flags = " ".join(options)
        if not up_to_date(target, flags_file, flags):
            run(["gcc", *options, "-MMD", "-c", source, "-o", target])
            flags_file.write_text(flags)
        return target

    def program(self, test, library):
        target = self.out / test[: -len(".c")]
        kernel = test in kernel_tests()
        if kernel:
            sources = [test, *tested_sources(test), MACHINE, *library_sources()]
            side = tested_options(test)
            objects = [*(self.compile(source, kernel=True, side=side) for source in sources), self.compile("testing/unit/kernel/model.c")]
        else:
            objects = [self.compile(test), *library]
        if not target.exists() or any(o.stat().st_mtime >= target.stat().st_mtime for o in objects):
            run(["gcc", "-fsanitize=address,undefined", *(["-no-pie"] if kernel else []), *objects, "-o", target])
        return target


@contextmanager
def only_builder(profile):
    """One process at a time builds in a profile's folder."""
    out = BUILD / "unit" / profile
    out.mkdir(parents=True, exist_ok=True)
    with open(out / ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build_libraries(profile):
    with only_builder(profile), ThreadPoolExecutor(JOBS) as pool:
        builder = Builder(profile)
        return builder, list(pool.map(builder.compile, library_sources()))


def run_test(builder, library, test):
    """(passed, what to print)"""
    try:
        with only_builder(builder.profile):
            program = builder.program(test, library)
        # A sanitizer's report is a failure; leaks too.
        return True, run([program], timeout=TIMEOUT).strip()
    except BuildError as error:
        return False, str(error)
    except subprocess.TimeoutExpired:
        return False, f"no end after {TIMEOUT} s"


def report(passed, name, profile, text):
    last = text.splitlines()[-1] if text else ""
    print(f"{'ok  ' if passed else 'FAIL'} {name:<40} {profile:<12} {last if passed else ''}", flush=True)
    if not passed:
        print(text, flush=True)
    return passed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profile", choices=PROFILES)
    parser.add_argument("words", nargs="*")
    args = parser.parse_args()
    chosen = [t for t in tests() + kernel_tests() if not args.words or any(w in t for w in args.words)]
    results = []
    for profile in [args.profile] if args.profile else PROFILES:
        builder, library = build_libraries(profile)
        with ThreadPoolExecutor(JOBS) as pool:
            done = pool.map(lambda t: (t, run_test(builder, library, t)), chosen)
            results += [report(passed, test, profile, text) for test, (passed, text) in done]
    for header in abi_constants.HEADERS:
        if not args.words or any(w in f"libs/abi/{header}" for w in args.words):
            results.append(report(*abi_constants.check(header, BUILD / "unit" / "abi")))
    failed = results.count(False)
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed or not results else 0


if __name__ == "__main__":
    sys.exit(main())
