#!/usr/bin/python3
"""build.py OUTPUT - the initramfs of `make run`: Debian's static BusyBox and the files of testing/initramfs/root.

Needs no root: device nodes are written into the archive, not made. The same input gives the same bytes.
"""
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
from testing.qemu.cpio import Archive

BUSYBOX = "/bin/busybox"
FOLDERS = ("bin", "dev", "etc", "mnt", "proc", "root", "run", "sbin", "sys", "tmp", "usr/bin", "usr/sbin", "var")


def build():
    archive = Archive()
    for name in FOLDERS:
        archive.add_folder(name, 0o1777 if name == "tmp" else 0o755)
    # What the first program has as its input and output, before anything is mounted.
    archive.add_device("dev/console", 5, 1)
    archive.add_device("dev/null", 1, 3, 0o666)
    archive.add_file("bin/busybox", Path(BUSYBOX).read_bytes(), 0o755)
    applets = subprocess.run([BUSYBOX, "--list-full"], check=True, capture_output=True, text=True).stdout.split()
    for applet in sorted(set(applets) - {"bin/busybox", "linuxrc"}):
        archive.add_link(applet, "/bin/busybox")
    archive.add_link("init", "/sbin/init")
    root = HERE / "root"
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        mode = 0o755 if os.access(path, os.X_OK) else 0o644
        archive.add_file(str(path.relative_to(root)), path.read_bytes(), mode)
    return archive.pack(9)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if not os.path.exists(BUSYBOX):
        sys.exit("initramfs: Debian's package busybox-static is missing: run 'make setup'")
    output = Path(sys.argv[1])
    output.parent.mkdir(parents=True, exist_ok=True)
    part = output.with_suffix(".tmp")
    part.write_bytes(build())
    part.replace(output)


if __name__ == "__main__":
    main()
