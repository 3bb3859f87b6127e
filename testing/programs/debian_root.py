"""debian_root.py - Debian's own dynamic bash, coreutils and Python as an initramfs.

The packages are downloaded once, to build/dl/debian, and unpacked without installing them; needs no root.
"""
import os
import stat
import subprocess
import tempfile
from pathlib import Path

from testing.qemu.cpio import Archive
from testing.qemu.machine import BUILD

PACKAGES = """bash coreutils dash diffutils findutils grep mawk sed libacl1 libattr1 libbz2-1.0 libc6 libexpat1 libffi8 libgmp10
    liblzma5 libpcre2-8-0 libpython3.11-minimal libpython3.11-stdlib libselinux1 libssl3 libtinfo6 libuuid1
    python3.11-minimal zlib1g""".split()
MERGED = ("bin", "sbin", "lib", "lib64")        # links into usr, as on an installed Debian
UNWANTED = ("usr/share/", "usr/lib/python3.11/test/", "usr/lib/python3.11/idlelib/", "usr/lib/python3.11/lib2to3/")
LINKS = {"usr/bin/python3": "python3.11", "usr/bin/awk": "mawk", "usr/bin/sh": "dash"}


def fetch():
    """Download what is not there; returns the packages' files."""
    folder = BUILD / "dl" / "debian"
    folder.mkdir(parents=True, exist_ok=True)
    missing = [name for name in PACKAGES if not list(folder.glob(f"{name}_*.deb"))]
    if missing:
        subprocess.run(["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", *missing], cwd=folder, check=True,
                       stdout=subprocess.DEVNULL)
    return [sorted(folder.glob(f"{name}_*.deb"))[-1] for name in PACKAGES]


def add_unpacked(archive, root):
    """Add the files below the folder, with what belongs into usr there."""
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if name.partition("/")[0] in MERGED:
            name = f"usr/{name}"
        mode = path.lstat().st_mode
        if name.startswith(UNWANTED) or name in MERGED:
            continue
        if stat.S_ISLNK(mode):
            archive.add_folder(os.path.dirname(name))
            archive.add_link(name, os.readlink(path))
        elif stat.S_ISDIR(mode):
            archive.add_folder(name)
        else:
            archive.add_file(name, path.read_bytes(), mode & 0o777)


def build():
    """An archive with a Debian root, and BusyBox as /cases/busybox to mount and to power off with."""
    archive = Archive()
    for name in ("dev", "proc", "sys", "tmp", "root", "usr/bin", "usr/lib", "usr/lib64", "usr/sbin", "etc", "cases"):
        archive.add_folder(name)
    archive.add_device("dev/console", 5, 1)
    for name in MERGED:
        archive.add_link(name, f"usr/{name}")
    with tempfile.TemporaryDirectory(prefix="aramid-debian-") as folder:
        for package in fetch():
            subprocess.run(["dpkg-deb", "-x", package, folder], check=True)
        add_unpacked(archive, Path(folder))
    for name, target in LINKS.items():
        archive.add_link(name, target)
    archive.add_file("etc/passwd", "root:x:0:0:root:/root:/bin/bash\n")
    archive.add_file("etc/group", "root:x:0:\n")
    archive.add_file("cases/busybox", Path("/bin/busybox").read_bytes(), 0o755)
    return archive
