"""conftest.py - what all tests share: which kernels to test, how they get built, and the progress lines.

--profiles names the kernels: profiles of Aramid, 'linux' for Debian's kernel, or 'all' for everything.
A test that takes `target` runs on each of them, one that takes `aramid` on each but linux. For what no
profile changes there are `one_target` and `one_aramid`: balanced if it is among them, else the first.
"""
import fcntl
import os
import re
import subprocess
import time
from contextlib import contextmanager

import pytest

from testing.qemu.machine import BUILD, PROFILES, ROOT, Machine, complaints, kernel_path
from testing.qemu.shell import INITRD, Shell, shell_config

TARGETS = (*PROFILES, "linux")


def pytest_addoption(parser):
    parser.addoption("--profiles", default="all",
                     help="comma-separated kernels to test: " + ", ".join(TARGETS) + ", or all")
    parser.addoption("--full", action="store_true", help="also what takes long: `make test-full`")


def long_first(items, workers):
    """What takes minutes begins first, spread over the workers, so that none is left with it at the end.

    pytest-xdist gives each worker a quarter of its share to begin with, in order, and hands out the rest as they go.
    """
    long = [item for item in items if item.get_closest_marker("full")]
    rest = [item for item in items if not item.get_closest_marker("full")]
    share = max(len(items) // workers // 4, 2)
    order = []
    for worker in range(workers):
        mine = long[worker::workers]
        fill = max(share - len(mine), 0)
        order += mine + rest[:fill]
        del rest[:fill]
    return order + rest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    if config.getoption("--full"):
        workers = getattr(config, "workerinput", {}).get("workercount", 1)
        items[:] = long_first(items, workers)
        return
    for item in items:
        if item.get_closest_marker("full"):
            item.add_marker(pytest.mark.skip(reason="make test-full"))


def chosen(config):
    names = config.getoption("--profiles").split(",")
    names = list(TARGETS) if "all" in names else names
    for name in names:
        if name not in TARGETS:
            raise pytest.UsageError(f"--profiles: no {name}: {', '.join(TARGETS)}, all")
    return names


def pytest_generate_tests(metafunc):
    names = chosen(metafunc.config)
    ours = [name for name in names if name != "linux"]
    wanted = {
        "target": names, "aramid": ours,
        "one_target": ["balanced"] if "balanced" in names else names[:1],
        "one_aramid": ["balanced"] if "balanced" in names else ours[:1],
    }
    for fixture, values in wanted.items():
        if fixture in metafunc.fixturenames:
            metafunc.parametrize(fixture, values, scope="session")


@contextmanager
def locked(name):
    """One at a time among the processes that test in this build folder."""
    BUILD.mkdir(parents=True, exist_ok=True)
    with open(BUILD / f".{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def clean_environment():
    """Without the variables by which a make above this one would talk to those below."""
    return {key: value for key, value in os.environ.items()
            if key not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES", "PROFILE", "CONFIG", "WITH", "BUILD")}


def command(*words):
    """Run a command of the project in its root; its output is in the error if it fails."""
    done = subprocess.run(words, cwd=ROOT, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    if done.returncode:
        pytest.fail(f"{' '.join(words)} exits {done.returncode}:\n{done.stdout[-4000:]}", pytrace=False)
    return done.stdout


@pytest.fixture(scope="session")
def progress(request):
    """Call it with a text to show it at once, whatever pytest captures."""
    capture = request.config.pluginmanager.getplugin("capturemanager")
    begin = time.monotonic()

    def show(text):
        with capture.global_and_fixture_disabled():
            print(f"\n  [{time.monotonic() - begin:6.1f} s] {text} ", end="", flush=True)
    return show


@pytest.fixture(scope="session")
def built(progress):
    """built(target) makes the kernel if it has to, once, and returns its path; targets may have side
    options: built("balanced", "KERNEL_TESTS")."""
    ready, broken = {}, {}

    def make(name, target, options):
        with locked("make"):
            if target == "linux":
                command("testing/linux/fetch.sh")
            else:
                progress(f"make {name}")
                command("make", f"-j{os.cpu_count()}", f"PROFILE={target}", f"BUILD={BUILD}",
                        *([f"WITH={' '.join(options)}"] if options else []))
            command("make", "initramfs")
        return kernel_path(target) if target == "linux" else BUILD / name / "aramid.elf"

    def build(target, *options):
        name = "+".join((target, *options))
        if name in broken:
            pytest.fail(f"{name} could not be made: see the first test that wanted it", pytrace=False)
        if name not in ready:
            broken[name] = True
            ready[name] = make(name, target, options)
            del broken[name]
        return ready[name]
    return build


@pytest.fixture
def log_path(request):
    """Where this test's console goes: build/log/<test>.log."""
    return BUILD / "log" / (re.sub(r"[^\w.=+-]+", "-", request.node.name) + ".log")


@pytest.fixture
def booting(built, progress, log_path):
    """booting(target, timeout, **changes) boots the shell's initramfs; a machine to use with `with`.

    The changes are fields of machine.Config. The kernel must not have complained at the test's end.
    """
    machines = []

    def boot(target, timeout=120, kind=Shell, options=(), **changes):
        kernel = built(target, *options)
        if "iso" not in changes:
            changes.setdefault("kernel", kernel)
        else:
            changes["kernel"] = changes["initrd"] = None
        config = shell_config(target, **changes)
        progress(f"boot {target}: -M {config.machine} -cpu {config.cpu} -smp {config.smp} -m {config.mem} "
                 f"{config.accel} {'iso ' + config.firmware if config.iso else config.append}")
        machine = kind(config, timeout, log_path)
        machines.append(machine)
        return machine
    yield boot
    for machine in machines:
        machine.kill()
        trouble = [] if getattr(machine, "trouble_expected", False) else complaints(machine.output)
        assert not trouble, f"the kernel complained: {trouble}"


@pytest.fixture(scope="session")
def iso(built):
    """iso(profile) makes the GRUB image of a profile and returns its path."""
    def build(profile):
        built(profile)
        with locked("make"):
            command("make", "iso", f"PROFILE={profile}", f"BUILD={BUILD}")
        return BUILD / profile / "aramid.iso"
    return build
