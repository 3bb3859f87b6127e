"""A kernel boots to the shell, runs what is typed, and ends as it is told."""
import gzip
import hashlib
import re

import pytest

from testing.qemu.cpio import Archive
from testing.qemu.machine import Machine
from testing.qemu.shell import INITRD

SHOW_INIT = """#!/bin/sh
/bin/busybox mount -t proc proc /proc
echo "@args $0 $*"
echo "@env FOO=$FOO HOME=$HOME TERM=$TERM"
echo "@cmdline $(/bin/busybox cat /proc/cmdline)"
/bin/busybox poweroff -f
"""


@pytest.fixture
def show_initrd(tmp_path, built, one_target):
    """The shell's initramfs with an init that shows what it was given."""
    built(one_target)
    archive = Archive(INITRD.read_bytes())
    archive.add_file("show", SHOW_INIT, 0o755)
    archive.add_file("etc/show", SHOW_INIT, 0o755)
    path = tmp_path / "show.cpio.gz"
    path.write_bytes(archive.pack())
    return path


def test_shell(target, booting):
    with booting(target) as shell:
        shell.prompt(60)
        assert shell.check("echo $((6 * 7)) | tr 2 3") == "43\n"
        assert shell.run("false") == "" and shell.status == 1
        system, _, release, *version = shell.check("uname -a").split()
        assert system == "Linux" and re.match(r"\d+\.\d+", release)
        if target != "linux":
            assert target in " ".join(version)
        assert shell.check("id -u") == "0\n"
        assert re.search(r"^ +1 +\S+ +.*init", shell.check("ps"), re.M)
        assert re.search(r"^Mem: +\d+ +\d+ +\d+", shell.check("free"), re.M)
        assert " /proc proc " in shell.check("cat /proc/mounts")
        assert re.search(r"^tmpfs .* /tmp$", shell.check("df"), re.M)
        assert len(shell.check("dmesg").split("\n")) > 5
        assert shell.check("ls -1 /dev/null /dev/console") == "/dev/console\n/dev/null\n"
        shell.check("seq 1 20000 > /tmp/numbers")
        assert shell.check("sort -rn /tmp/numbers | head -n 1") == "20000\n"
        numbers = "".join(f"{i}\n" for i in range(1, 20001))
        assert shell.check("md5sum < /tmp/numbers").split()[0] == hashlib.md5(numbers.encode()).hexdigest()
        assert shell.power_off() == 0


def test_config_in_proc(aramid, booting, built):
    with booting(aramid) as shell:
        shell.prompt(60)
        text = shell.check("zcat /proc/config.gz")
        assert f'CONFIG_PROFILE_NAME="{aramid}"' in text or f"CONFIG_PROFILE_{aramid.upper()}=y" in text
        assert shell.power_off() == 0


def test_init_words(one_target, booting, show_initrd):
    """rdinit=, unknown words, VAR=value and what follows -- reach init as Linux hands them over."""
    append = 'console=ttyS0 quiet rdinit=/show FOO=bar stray loglevel=3 norandmaps -- one "two words"'
    with booting(one_target, kind=Machine, initrd=show_initrd, append=append) as machine:
        machine.expect(r"@args /show stray one (\"two words\"|two words)\r?\n", 60)
        machine.expect(r"@env FOO=bar HOME=/ TERM=linux\r?\n")
        machine.expect(re.escape(f"@cmdline {append}") + r"\r?\n")
        assert machine.wait(30) == 0


def test_plain_archive(one_target, booting, tmp_path, built):
    built(one_target)
    plain = tmp_path / "plain.cpio"
    plain.write_bytes(gzip.decompress(INITRD.read_bytes()))
    with booting(one_target, initrd=plain) as shell:
        shell.prompt(60)
        assert shell.power_off() == 0


def test_reboot(one_target, booting):
    """QEMU is told not to start over, so that a reboot ends it."""
    with booting(one_target) as shell:
        shell.prompt(60)
        shell.line("reboot")
        assert shell.wait(30) == 0


def test_halt(one_target, booting):
    with booting(one_target) as shell:
        shell.prompt(60)
        shell.line("halt -f")
        shell.expect("halt", 30)
        for _ in range(3):
            assert shell.read(1) is not None


def test_panic_reboots(one_target, booting):
    """With panic=-1, a machine whose init ends starts over at once."""
    with booting(one_target, append="console=ttyS0 panic=-1 rdinit=/bin/false", kind=Machine) as machine:
        machine.trouble_expected = True
        machine.expect(r"panic.*init", 60)
        assert machine.wait(30) == 0
