"""The lints are clean on this tree, and each can fail: a small tree with one fault of each kind must be reported."""
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT = ROOT / "testing/lint"
sys.path.insert(0, str(LINT))

import config_use
import deps
import format as format_lint
import includes
import sizes


def tree(root, files):
    """Writes {path: text} below root."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


@pytest.mark.parametrize("lint", ["deps", "includes", "config_use", "format"])
def test_clean(lint):
    result = subprocess.run([sys.executable, LINT / f"{lint}.py"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_sizes_reports():
    result = subprocess.run([sys.executable, LINT / "sizes.py"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0 and "functions: median" in result.stdout


INCLUDES = {
    "profiles/include/profile/p.h": "",
    "libs/include/lib/l.h": "",
    "platform/include/platform/p.h": "",
    "platform/x86_64/include/x86/x.h": "",
    "platform/x86_64/mm/own.h": "",
    "kernel/include/kernel/k.h": "",
    "kernel/include/kernel/dev.h": "",
    "kernel/mm/internal.h": "",
}


@pytest.mark.parametrize("user, header, fine", [
    ("libs/a/a.c", "<profile/p.h>", True),
    ("libs/a/a.c", "<platform/p.h>", False),
    ("profiles/include/profile/q.h", "<lib/l.h>", False),
    ("platform/include/platform/q.h", "<lib/l.h>", True),
    ("platform/include/platform/q.h", "<x86/x.h>", False),
    ("platform/x86_64/mm/a.c", "<x86/x.h>", True),
    ("platform/x86_64/mm/a.c", '"own.h"', True),
    ("platform/x86_64/mm/a.c", "<kernel/k.h>", False),
    ("platform/drivers/serial/a.c", "<kernel/dev.h>", True),
    ("platform/drivers/serial/a.c", "<kernel/k.h>", False),
    ("kernel/include/kernel/q.h", "<platform/p.h>", True),
    ("kernel/mm/a.c", '"internal.h"', True),
    ("kernel/mm/a.c", "<x86/x.h>", False),
    ("kernel/fs/a.c", '"../mm/internal.h"', False),
    ("kernel/fs/a.c", "<stdio.h>", False),
    ("kernel/fs/a.c", "<stdint.h>", True),
    ("kernel/fs/a.c", "<generated/offsets.h>", False),
    ("platform/x86_64/entry/a.S", "<generated/offsets.h>", True),
])
def test_deps_includes(tmp_path, user, header, fine):
    tree(tmp_path, {**INCLUDES, user: f"/* x */\n#include {header}\n"})
    findings = deps.check_includes(tmp_path)
    assert findings == [] if fine else len(findings) == 1 and findings[0].startswith(f"{user}:2: ")


def test_deps_symbols(tmp_path):
    tree(tmp_path, {
        "libs/a/a.c": "void hidden(void); void asked(void); void f(void); void f(void) { hidden(); asked(); }",
        "kernel/mm/b.c": "void hidden(void); void asked(void); void hidden(void) {} void asked(void) {}",
        "libs/include/lib/l.h": "void asked(void); /* the kernel provides it */",
    })
    for source in ("libs/a/a.c", "kernel/mm/b.c"):
        target = tmp_path / "build" / (source + ".o")
        target.parent.mkdir(parents=True)
        subprocess.run(["gcc", "-c", "-o", target, tmp_path / source], check=True)
    findings = deps.check_symbols(tmp_path, tmp_path / "build")
    assert findings == ["libs/a/a.c:1: uses hidden of kernel/mm/b.c, which no header of its own level declares"]


def config_tree(tmp_path, path, line):
    return tree(tmp_path, {
        "Makefile": "",
        "profiles/Kconfig": "config PROFILE_FORTRESS\nconfig SLAB_POISON\nconfig CHECKS\nconfig KERNEL_TESTS\n",
        "profiles/README.md": "| SLAB_POISON | on | - | - | - | slab | kernel/mm/slab.c |\n"
                              "| CHECKS | on | on | - | - | check.h | |\n",
        path: f"/* x */\n{line}\n",
    })


@pytest.mark.parametrize("path, line, fine", [
    ("kernel/mm/slab.c", "int x = config_on(CONFIG_SLAB_POISON);", True),
    ("kernel/mm/page.c", "int x = config_on(CONFIG_SLAB_POISON);", False),
    ("kernel/mm/page.c", "int x = config_on(CONFIG_CHECKS);", False),
    ("kernel/mm/page.c", "int x = config_on(CONFIG_KERNEL_TESTS);", True),
    ("kernel/mm/page.c", "int x = config_on(CONFIG_KERNEL_TEST);", False),
    ("kernel/mm/page.c", "int x = config_on(CONFIG_PROFILE_FORTRESS);", False),
    ("kernel/mm/page.c", "#ifdef SOMETHING", False),
    ("profiles/include/profile/slab.h", "int x = config_on(CONFIG_SLAB_POISON);", True),
    ("platform/x86_64/entry/entry.inc", "#if config_on(CONFIG_SLAB_POISON)", True),
])
def test_config_use(tmp_path, path, line, fine):
    findings = config_use.check(config_tree(tmp_path, path, line))
    assert findings == [] if fine else len(findings) == 1 and findings[0].startswith(f"{path}:2: ")


def test_sizes(tmp_path):
    body = "\tx();\n" * 60
    tree(tmp_path, {"kernel/mm/a.c": f"static int long_one(void)\n{{\n{body}}}\n\nint f(void)\n{{\n\treturn 1;\n}}\n",
                    "kernel/mm/b.c": "int x;\n" * 501})
    findings, lengths = sizes.check(tmp_path)
    assert findings == ["kernel/mm/a.c:2: function long_one of 62 lines", "kernel/mm/b.c:501: file of 501 lines"]
    assert lengths == [1, 60]


def test_format(tmp_path):
    tree(tmp_path, {"libs/a/good.c": "int f(void)\n{\n\treturn 1;\n}\n", "libs/a/bad.c": "int f(void)\n{\n  return 1;\n}\n"})
    (tmp_path / ".clang-format").write_text((ROOT / ".clang-format").read_text())
    assert format_lint.check(tmp_path) == ["libs/a/bad.c:2: not formatted: run 'make format'"]


def test_includes(tmp_path):
    arguments = ["-Wall", "-Werror"]
    tree(tmp_path, {"good.h": "#include <stddef.h>\nextern size_t x;\n", "bad.h": "extern size_t x;\n"})
    assert includes.compile_alone(tmp_path, tmp_path / "good.h", arguments) is None
    assert "unknown type name" in includes.compile_alone(tmp_path, tmp_path / "bad.h", arguments)


@pytest.mark.parametrize("expression, fine", [("this_cpu(array[i])", True), ("this_cpu(number)", True),
                                              ("this_cpu(object).inside[i]", True), ("this_cpu(array)[i]", False)])
def test_per_cpu_array(tmp_path, expression, fine):
    """percpu.h refuses the form of which the compiler makes wrong code, and what it accepts goes through %gs."""
    tree(tmp_path, {"a.c": "#include <platform/percpu.h>\n"
                           "extern int array[4], number;\n"
                           "extern struct { int inside[4]; } object;\n"
                           f"int f(int i);\nint f(int i)\n{{\n\treturn i + {expression};\n}}\n"})
    result = subprocess.run(["gcc", "-S", "-O2", "-o", "-", "-I", "platform/include", "-I", "libs/include", tmp_path / "a.c"],
                            cwd=ROOT, capture_output=True, text=True, check=False)
    if fine:
        assert result.returncode == 0 and "%gs:" in result.stdout, result.stderr
    else:
        assert "write this_cpu(array[i])" in result.stderr
