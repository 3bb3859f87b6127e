"""Mechanisms that stop nothing which a test could try: they are there, or not, in each kernel's disassembly."""
import functools
import re
import subprocess

import pytest

from testing.mechanisms import has

FUNCTION = re.compile(r"^[0-9a-f]+ <(\w+)>:\n((?:.+\n)*)", re.M)
INDIRECT = re.compile(r"\t(?:call|jmp) +\*")


@functools.lru_cache(maxsize=None)
def functions(kernel):
    """{name: disassembly}"""
    text = subprocess.run(["objdump", "-d", "--no-show-raw-insn", kernel], stdout=subprocess.PIPE, check=True,
                          text=True).stdout
    return dict(FUNCTION.findall(text))


def with_line(kernel, pattern):
    """Names of the functions that have such an instruction."""
    regex = re.compile(pattern)
    return [name for name, text in functions(kernel).items() if regex.search(text)]


@pytest.fixture
def kernel(aramid, built):
    return str(built(aramid))


def test_retpolines(aramid, kernel):
    """MITIGATIONS: no indirect branch but through a thunk. Without it, plain ones."""
    direct = with_line(kernel, INDIRECT)
    thunks = with_line(kernel, r"\t(?:call|jmp) .*<__x86_indirect_thunk_")
    if has(aramid, "MITIGATIONS"):
        assert len(thunks) > 50 and len(direct) <= 1, f"branches without a thunk: {direct}"
        assert "lfence" in functions(kernel)["__x86_indirect_thunk_rax"]
    else:
        assert len(direct) > 50 and not thunks


def test_frame_pointers(aramid, kernel):
    count = len(with_line(kernel, r"\tmov +%rsp,%rbp"))
    assert count > len(functions(kernel)) // 2 if has(aramid, "FRAME_POINTER") else count < 30


def test_user_access(aramid, kernel):
    """USERCOPY_SMAP: stac and clac around each access. USERCOPY_MASK: the sign bit, not a comparison."""
    assert bool(with_line(kernel, r"\tstac")) == has(aramid, "USERCOPY_SMAP") == bool(with_line(kernel, r"\tclac"))
    copy = functions(kernel)["user_copy_in"]
    assert bool(re.search(r"\tsar +\$0x3f", copy)) == has(aramid, "USERCOPY_MASK")
    assert bool(re.search(r"\tj[a-z]+ .*\n", re.sub(r"\tjmp .*", "", copy))) != has(aramid, "USERCOPY_MASK")


def test_stack_protector(aramid, kernel):
    """STACK_PROTECTOR is also tried by its mistake; here: that most functions with an array have it."""
    count = len(with_line(kernel, r"<__stack_chk_fail>"))
    assert count > 50 if has(aramid, "STACK_PROTECTOR") else count == 0
