"""user.py - the user instructions of the rows that run programs: counted in the guest, once for a kernel and a set of binaries.

QEMU's trace plugin (trace/trace.c) counts the user instructions between the suite's two readings of the counter. They are nearly
the same on every kernel: a libc does a little less at start where there is no vDSO. Kept in build/bench/user.json.
"""
import json
import subprocess

from testing.bench import kernels, suite
from testing.qemu.machine import QEMU

SOURCE = suite.ROOT / "testing/bench/trace"
KEPT = suite.OUT / "user.json"


def plugin(name):
    """Compile the plugin if it is out of date; returns its path."""
    path = suite.OUT / f"{name}.so"
    newest = max(file.stat().st_mtime for file in SOURCE.iterdir())
    if not path.exists() or path.stat().st_mtime < newest:
        path.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", path,
                        SOURCE / f"{name}.c"], check=True)
    return path


def plugin_words(out):
    """QEMU's words that load the plugin, for the suite as it is built now."""
    suite.build()
    symbols = suite.symbols(suite.OUT / "suite.debug")
    return ["-plugin", f"{plugin('trace')},on={symbols['profile_on']:#x},off={symbols['profile_off']:#x},"
                       f"low={symbols['timer_now']:#x},high={symbols['profile_on']:#x},out={out}"]


def windows(path):
    """(total, user) of each measured benchmark, in the order they ran."""
    lines = [line.split() for line in path.read_text().splitlines() if line.startswith("window ")]
    return [(int(total), int(user)) for _, total, user in lines]


def _key(kernel):
    return " ".join((suite.file_hash(suite.initramfs()), suite.file_hash(kernels.image(kernel)), kernels.command_line(kernel),
                     kernels.CPU, kernels.version(QEMU, "--version"), suite.file_hash(SOURCE / "trace.c")))


def count(kernel, rows, tell=lambda name: None):
    """Name -> user instructions of one operation, of these rows. Boots the kernel unless it was counted before.

    Raises RuntimeError when that boot fails.
    """
    names = [row.name for row in rows if row.has(suite.SHARE)]
    kept = _kept()
    known = kept.get(kernel, {})
    if known.get("key") == _key(kernel) and set(names) <= set(known["user"]):
        return {name: known["user"][name] for name in names}
    out = suite.OUT / "user.trace"
    config = kernels.config(kernel, "icount", ["--count", "--only=" + ",".join(names)], extra=plugin_words(out))
    boot = kernels.run(config, tell, suite.OUT / "log" / f"user-{kernel}.log", finish=True)
    if boot.trouble or set(boot.results) != set(names):
        raise RuntimeError(f"{kernel}: the user instructions could not be counted: {boot.trouble}")
    measured = zip(boot.results, windows(out))
    counted = {name: _one(boot, name, part) for name, (_, part) in measured if "sum" in boot.results[name]}
    if known.get("key") == _key(kernel):
        counted = {**known["user"], **counted}
    KEPT.write_text(json.dumps({**_kept(), kernel: {"key": _key(kernel), "user": counted}}, indent=1))
    return {name: counted[name] for name in names if name in counted}


def _kept():
    try:
        return json.loads(KEPT.read_text())
    except (OSError, ValueError):
        return {}


def _one(boot, name, user):
    """User instructions of one operation, without the timer's and the loop's own, as in timer.c."""
    result = boot.results[name]
    samples = result["samples"]
    own = samples * (boot.begin["pair"] + boot.begin["loop"] * result["ops"])
    return round((user - own) / (samples * result["ops"]), 2)
