"""suite.py - the benchmark suite's binary and initramfs, and what its table says."""
import functools
import hashlib
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from testing.qemu.cpio import Archive
from testing.qemu.machine import BUILD, ROOT

SOURCE = ROOT / "testing/bench/suite"
OUT = BUILD / "bench"
BUSYBOX = Path("/bin/busybox")
APPLETS = ("sh", "true", "cat", "grep", "sed", "sort", "uniq", "rm", "mkdir", "tar")
# The text lies where no program of the initramfs has code, so that a profiler can tell the suite by addresses.
CFLAGS = ["-std=gnu11", "-D_GNU_SOURCE", "-O2", "-g", "-Wall", "-Wextra", "-Werror", "-pthread", "-static", "-no-pie",
          "-fno-pie", "-Wl,--build-id=none", "-Wl,-Ttext-segment=0x10000000", f"-ffile-prefix-map={ROOT}=."]
SHARE, COLD, BIG, SMP, BOOT, LONG = 1, 2, 4, 8, 16, 32


@dataclass(frozen=True)
class Row:
    """A row of the suite's table (list.h)."""
    name: str
    group: str
    flags: int
    ops: int
    quick: int
    full: int

    def has(self, flag):
        return bool(self.flags & flag)


def _replace(path, data):
    """Write the file in one step; returns its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}")
    part.write_bytes(data)
    part.replace(path)
    return path


@functools.cache
def build():
    """Compile the suite if its sources are newer, once a process; returns the stripped binary's path. Beside it, .debug has symbols."""
    binary, debug = OUT / "suite", OUT / "suite.debug"
    newest = max(path.stat().st_mtime for path in [*SOURCE.iterdir(), Path(__file__)])
    if not binary.exists() or binary.stat().st_mtime < newest:
        OUT.mkdir(parents=True, exist_ok=True)
        subprocess.run(["gcc", *CFLAGS, "-o", debug, *sorted(SOURCE.glob("*.c"))], check=True)
        stripped = OUT / f"suite.{os.getpid()}"
        subprocess.run(["strip", "-o", stripped, debug], check=True)
        stripped.chmod(0o755)
        stripped.replace(binary)
    return binary


@functools.cache
def initramfs():
    """The archive that every kernel boots: the suite as init, and Debian's static BusyBox. Returns its path."""
    if not BUSYBOX.exists():
        raise SystemExit("bench: Debian's package busybox-static is missing: run 'make setup'")
    archive = Archive()
    for name in ("bin", "dev", "proc", "sys", "tmp"):
        archive.add_folder(name)
    archive.add_device("dev/console", 5, 1)
    archive.add_device("dev/null", 1, 3, 0o666)
    archive.add_file("init", build().read_bytes(), 0o755)
    archive.add_file("bin/busybox", BUSYBOX.read_bytes(), 0o755)
    for applet in APPLETS:
        archive.add_link(f"bin/{applet}", "busybox")
    data = archive.pack(9)
    path = OUT / "bench.cpio.gz"
    return path if path.exists() and path.read_bytes() == data else _replace(path, data)


def file_hash(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def key(*parts):
    """A short name for what a kept figure depends on."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:32]


def rows():
    """The table, in its order."""
    text = subprocess.run([build(), "--list", "--json"], check=True, capture_output=True, text=True).stdout
    return [Row(**json.loads(line)) for line in text.splitlines()]


def symbols(binary):
    """Name -> address of an ELF file's functions."""
    text = subprocess.run(["nm", binary], check=True, capture_output=True, text=True).stdout
    return {words[2]: int(words[0], 16) for words in map(str.split, text.splitlines()) if len(words) == 3}
