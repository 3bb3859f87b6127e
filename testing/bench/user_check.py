#!/usr/bin/python3
"""user_check.py - check the user instructions that the plugin counted against single-stepping on this machine.

The programs of the suite run here under trace/user_count.c, with the guest's CPUID, on input made as the README says. Prints both
counts and fails if they differ by more than 100 and 0.1 %: a few are the suite's own, or depend on where the environment lies.
"""
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[0] = str(ROOT)
from testing.bench import kernels, suite, user

WORDS = "fox dog stone river lamp wind paper cloud seven north".split()
PROGRAMS = {
    "exec_true": ["true"],
    "shell_noop": ["sh", "-c", "true"],
    "pipe_grep": ["sh", "-c", "grep fox text > /dev/null"],
    "sed_pipeline": ["sh", "-c", "sed s/fox/cat/ text > /dev/null"],
    "sort_uniq": ["sh", "-c", "sort text | uniq -c | sort -rn > /dev/null"],
    "tar_extract": ["sh", "-c", "rm -rf out; mkdir out; tar xf files.tar -C out"],
}
TEXTS = {"pipe_grep": (300, 3, 100), "sed_pipeline": (200, 3, 100), "sort_uniq": (500, 1, 10)}


def text(lines, words, numbers):
    """The input of the README's generator."""
    state = 12345

    def draw():
        nonlocal state
        state = (state * 1103515245 + 12345) & 0xffffffff
        return state >> 16

    return "".join("".join(f"{WORDS[draw() % 10]} " for _ in range(words)) + f"{draw() % numbers}\n" for _ in range(lines))


def archive(path):
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as out:
        for index in range(20):
            source = path.parent / "content"
            source.write_bytes(bytes([ord("a") + index]) * 512)
            info = tarfile.TarInfo(f"file{index:02}")
            info.size, info.mode, info.mtime = 512, 0o644, 1577836800
            with source.open("rb") as content:
                out.addfile(info, content)
            source.unlink()
    # The suite's archive ends after two blocks of zeros; Python fills up to 10 KiB.
    path.write_bytes(path.read_bytes()[:(20 * 2 + 2) * 512])


def cpuid(path):
    """Ask the guest what its processor says of itself."""
    boot = kernels.run(kernels.config("linux", "icount", ["--count", "--only=getpid", "--cpuid"]))
    if boot.trouble:
        sys.exit(f"user_check: {boot.trouble}")
    path.write_text("\n".join(boot.files["cpuid"]) + "\n")


def main():
    tool, leaves = suite.OUT / "user_count", suite.OUT / "cpuid"
    source = user.SOURCE / "user_count.c"
    counted = user.count("linux", suite.rows())
    subprocess.run(["gcc", "-std=gnu11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror", "-o", tool, source], check=True)
    if not leaves.exists():
        cpuid(leaves)
    wrong = 0
    for name, words in PROGRAMS.items():
        with tempfile.TemporaryDirectory() as folder:
            if name in TEXTS:
                (Path(folder) / "text").write_text(text(*TEXTS[name]))
            if name == "tar_extract":
                archive(Path(folder) / "files.tar")
                # In the guest too each run removes what the run before it extracted.
                subprocess.run(["/bin/busybox", "sh", "-c", "mkdir out; tar xf files.tar -C out"], cwd=folder, check=True)
            stepped = int(subprocess.run([tool, leaves, *words], cwd=folder, capture_output=True, text=True, check=True).stdout)
        difference = counted[name] - stepped
        bad = abs(difference) > max(100, 0.001 * stepped)
        wrong += bad
        print(f"{name:14} counted {counted[name]:12,.1f}  stepped {stepped:12,}  difference {difference:+10,.1f} {'BAD' if bad else ''}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
