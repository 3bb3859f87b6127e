"""Four threads map, unmap, protect, discard, collapse, lock, move, fork and touch the same memory, and files, on four CPUs, and check what
they read.

mm.c says how. 10 s on fortress; `make test-full`: 60 s in each profile, with both of the locks that page faults can take, with and
without 2 MiB pages.
"""
import re
import subprocess

import pytest

from testing.qemu.cpio import Archive
from testing.qemu.machine import ROOT, Machine

KINDS = {"mmap", "munmap", "mprotect", "madvise", "collapse", "mremap", "fork", "touch", "refused", "mlock", "populate", "brk", "private",
         "shared", "truncate", "beyond", "fault"}
RATE = re.compile(r"@@@ rate (\w+) ([\d.]+)")
COUNT = re.compile(r"@@@ count (\w+) (\d+)")
FLAGS = ["-std=gnu11", "-static", "-O1", "-Wall", "-Wextra", "-Werror", "-pthread", "-s"]


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    path = tmp_path_factory.mktemp("stress") / "mm"
    subprocess.run(["gcc", *FLAGS, "-o", path, *sorted((ROOT / "testing/stress").glob("mm*.c"))], check=True)
    return path


def initramfs(program, conf):
    archive = Archive()
    for folder in ("dev", "proc", "sys"):
        archive.add_folder(folder)
    archive.add_device("dev/console", 5, 1)
    archive.add_file("init", program.read_bytes(), 0o755)
    archive.add_file("stress.conf", f"{conf}\n")
    path = program.with_suffix(".cpio")
    path.write_bytes(archive.pack())
    return path


def stress(booting, progress, program, profile, seconds, options=(), words="", until=""):
    name = "+".join((profile, *options)) + (f", {words}" if words else "")
    with booting(profile, options=options, kind=Machine, timeout=seconds * 8 + 180, smp=4,
                 initrd=initramfs(program, f"{seconds} {until}"), append=f"console=ttyS0 panic=-1 {words}".strip()) as machine:
        end = machine.expect(r"@@@ (bad [^\r\n]*|done)", seconds * 8 + 120)
        assert end[1] == "done", end[1]
        assert machine.wait(60) == 0
    output = machine.output
    rates = {kind: float(rate) for kind, rate in RATE.findall(output)}
    counts = dict(COUNT.findall(output))
    progress(f"{name}, a second: " + ", ".join(f"{rate:.0f} {kind}" for kind, rate in rates.items()))
    progress(f"{name}: " + ", ".join(f"{count} {what}" for what, count in counts.items()))
    assert set(rates) == KINDS
    assert all(rates.values()), f"idle: {[kind for kind, rate in rates.items() if not rate]}"
    return counts


def test_mm(booting, progress, program):
    counts = stress(booting, progress, program, "fortress", 10, until="waits")
    assert int(counts["lock_fault_wait"]) and int(counts["lock_vma_wait"]), "no fault met a writer"


@pytest.mark.full
@pytest.mark.parametrize("words", ["", "transparent_hugepage=always"], ids=["4k", "2m"])
@pytest.mark.parametrize("options", [(), ("FAULT_LOCK_RWSEM",)], ids=["vma", "rwsem"])
def test_mm_long(aramid, options, words, booting, progress, program):
    stress(booting, progress, program, aramid, 60, options, words)
