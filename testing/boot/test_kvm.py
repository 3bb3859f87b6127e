"""A shell under KVM; or, where the host only pretends to have it, one line that names what is missing."""
import os
import re

import pytest

MISSING = r"aramid: this \w+ (does not|has no|lacks) .+"


def hardware():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as info:
        return bool(re.search(r"^flags.*\b(vmx|svm)\b", info.read(), re.M))


@pytest.mark.skipif(not os.access("/dev/kvm", os.W_OK), reason="no /dev/kvm here")
def test_shell_or_one_line(one_aramid, booting):
    with booting(one_aramid, 400, accel="kvm", cpu="host" if hardware() else "host,-arch-capabilities") as shell:
        shell.expect(rf"^{MISSING}\r?\n|# (\x1b\[6n)?\Z", 350)
        if "aramid: " in shell.output:
            assert not hardware()
            lines = [line for line in shell.output.replace("\r", "").split("\n") if "aramid: " in line]
            assert len(lines) == 1
            assert shell.wait(20) == 0      # and it powers off
        else:
            assert shell.check("echo $((6 * 7))") == "42\n"
            assert shell.power_off() == 0
