"""user.py - the user instructions of the rows that run programs: counted in the guest, once per set of binaries.

QEMU's trace plugin (trace/trace.c) counts the user instructions between the suite's two readings of the counter. They are the
same on every kernel, so Linux's boot gives them for all. Kept in build/bench/user.json under what they depend on.
"""
import json
import subprocess

from testing.bench import kernels, suite
from testing.qemu.machine import QEMU

SOURCE = suite.ROOT / "testing/bench/trace"
KEPT = suite.OUT / "user.json"


def plugin():
    """Compile the plugin if it is out of date; returns its path."""
    path = suite.OUT / "trace.so"
    newest = max(file.stat().st_mtime for file in SOURCE.iterdir())
    if not path.exists() or path.stat().st_mtime < newest:
        path.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", path,
                        SOURCE / "trace.c"], check=True)
    return path


def plugin_words(out):
    """QEMU's words that load the plugin, for the suite as it is built now."""
    suite.build()
    symbols = suite.symbols(suite.OUT / "suite.debug")
    return ["-plugin", f"{plugin()},on={symbols['profile_on']:#x},off={symbols['profile_off']:#x},"
                       f"low={symbols['timer_now']:#x},high={symbols['profile_on']:#x},out={out}"]


def windows(path):
    """(total, user) of each measured benchmark, in the order they ran."""
    lines = [line.split() for line in path.read_text().splitlines() if line.startswith("window ")]
    return [(int(total), int(user)) for _, total, user in lines]


def _key():
    return " ".join((suite.file_hash(suite.initramfs()), kernels.CPU, kernels.version(QEMU, "--version"),
                     suite.file_hash(SOURCE / "trace.c")))


def count(tell=lambda name: None):
    """Name -> user instructions of one operation. Boots Linux if it was not counted before. May raise RuntimeError."""
    try:
        kept = json.loads(KEPT.read_text())
        if kept["key"] == _key():
            return kept["user"]
    except (OSError, ValueError, KeyError):
        pass
    names = [row.name for row in suite.rows() if row.has(suite.SHARE)]
    out = suite.OUT / "user.trace"
    config = kernels.config("linux", "icount", ["--count", "--only=" + ",".join(names)], extra=plugin_words(out))
    boot = kernels.run(config, tell, suite.OUT / "log" / "user.log", finish=True)
    if boot.trouble or set(boot.results) != set(names):
        raise RuntimeError(f"the user instructions could not be counted: {boot.trouble}")
    user = dict(zip(boot.results, (_one(boot, name, *pair) for name, pair in zip(boot.results, windows(out)))))
    KEPT.write_text(json.dumps({"key": _key(), "user": user}, indent=1))
    return user


def _one(boot, name, total, user):
    """User instructions of one operation, without the timer's and the loop's own, as in timer.c."""
    result = boot.results[name]
    samples = result["samples"]
    own = samples * (boot.begin["pair"] + boot.begin["loop"] * result["ops"])
    del total
    return round((user - own) / (samples * result["ops"]), 2)
