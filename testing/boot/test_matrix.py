"""The shell comes up on every machine that is promised."""
import pytest

from testing.qemu.machine import Machine

# The host lends a page of it only when the guest touches that page.
MEMORY_64G = {"machine": "pc,memory-backend=m", "mem": "64G",
              "extra": ["-object", "memory-backend-ram,id=m,size=64G,reserve=off"]}

MACHINES = {
    "q35": {"machine": "q35"},
    "qemu64": {"cpu": "qemu64"},
    "q35-qemu64-smp2": {"machine": "q35", "cpu": "qemu64", "smp": 2},
    "128M": {"mem": "128M"},
    "smp2": {"smp": 2},
    "smp4": {"smp": 4},
    "q35-smp4-4G": {"machine": "q35", "smp": 4, "mem": "4G"},
    "pti": {"append": "console=ttyS0 quiet pti=on"},
    "mitigations": {"append": "console=ttyS0 quiet mitigations=auto pti=on spectre_v2=on"},
    "nosmp": {"smp": 2, "append": "console=ttyS0 quiet nosmp"},
    "maxcpus": {"smp": 4, "append": "console=ttyS0 quiet maxcpus=2"},
    "64G": MEMORY_64G,
}
CPUS = {"q35-qemu64-smp2": 2, "smp2": 2, "smp4": 4, "q35-smp4-4G": 4, "maxcpus": 2}


@pytest.mark.parametrize("name", MACHINES)
def test_machine(one_target, name, booting):
    with booting(one_target, **MACHINES[name]) as shell:
        shell.prompt(90)
        assert shell.check("nproc") == f"{CPUS.get(name, 1)}\n"
        assert shell.check("echo here | cat") == "here\n"
        total = int(shell.check("awk '/^MemTotal/ { print $2 }' /proc/meminfo"))
        if name == "64G":
            assert total > 60 << 20
        if name == "128M":
            assert total < 128 << 10
        assert shell.power_off() == 0


def test_page_above_32_gib(one_aramid, booting):
    """Memory high up is really there: an in-kernel test writes to it."""
    with booting(one_aramid, options=("KERNEL_TESTS",), kind=Machine, **MEMORY_64G,
                 append="console=ttyS0 rdinit=/bin/false panic=-1 kunit=page_above_32_gib") as machine:
        machine.trouble_expected = True     # no init: a panic ends it
        frame = int(machine.expect(r"kunit: frame (\w+) holds what was written", 90)[1], 16)
        assert frame << 12 >= 32 << 30
        machine.expect("kunit: pass page_above_32_gib", 10)


@pytest.mark.parametrize("words", ["", "pti=on mitigations=auto"], ids=["plain", "forced"])
def test_smp4(aramid, words, booting):
    """Each profile on four CPUs, plain and with all mitigations forced on."""
    with booting(aramid, smp=4, append=f"console=ttyS0 quiet {words}".strip()) as shell:
        shell.prompt(90)
        assert shell.check("nproc") == "4\n"
        assert shell.check("for i in 1 2 3 4 5 6; do (seq 1 3000 | md5sum) & done | sort -u | wc -l; wait",
                           120).strip() == "1"
        assert shell.power_off() == 0


@pytest.mark.parametrize("firmware", ["bios", "uefi"])
@pytest.mark.parametrize("machine", ["pc", "q35"])
def test_grub(one_aramid, machine, firmware, booting, iso):
    with booting(one_aramid, 180, iso=iso(one_aramid), firmware=firmware, machine=machine) as shell:
        shell.prompt(150)
        assert "console=ttyS0" in shell.check("cat /proc/cmdline")
        assert shell.power_off() == 0
