"""Free memory comes back after work that leaves nothing behind."""
import pytest

from testing.qemu.run import boot
from testing.qemu.shell import shell_config


def test_memory_comes_back(target, built, progress, log_path, request):
    if target == "linux" and not request.config.getoption("--full"):
        pytest.skip("make test-full: that the check is fair to Linux too")
    built(target)
    verdict = boot(target, shell_config(target), log=log_path)
    progress(verdict.line())
    assert not verdict.trouble, verdict.trouble
