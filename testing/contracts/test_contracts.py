"""The contracts hold on every kernel, on one CPU and on four; what is expected is what Linux does."""
import subprocess
import sys

import pytest

from testing.contracts import mutants, run


@pytest.mark.parametrize("smp", [1, 4])
def test_contracts(target, smp, built, progress, request):
    if target == "linux" and smp == 1 and not request.config.getoption("--full"):
        pytest.skip("make test-full: what Linux does, it does on four CPUs as well")
    built(target)
    names = run.all_names()
    progress(f"{len(names)} contracts on {target}, -smp {smp}")
    report = run.run(target, smp, names)
    progress(f"{target}, -smp {smp}: {len(names) - len(report.failed())} of {len(names)} as on Linux, "
             f"{report.seconds:.0f} s, {report.boots} boot(s)")
    assert not report.failed() and not report.notes, "\n" + run.explain(report)
    assert not run.unneeded([report])


# Other machines than the four kernels are measured on: page tables of their own for user mode, and a processor of old, with
# neither XSAVE nor SMAP nor PCID.
@pytest.mark.full
@pytest.mark.parametrize("machine", [{"append": "pti=on"}, {"cpu": "qemu64"}], ids=["pti", "qemu64"])
@pytest.mark.parametrize("profile", ["fortress", "ludicrous"])
def test_contracts_elsewhere(profile, machine, built, progress):
    built(profile)
    names = run.all_names()
    report = run.run(profile, 4, names, **machine)
    progress(f"{profile} with {machine}: {len(names) - len(report.failed())} of {len(names)} as on Linux, {report.seconds:.0f} s")
    assert not report.failed() and not report.notes, "\n" + run.explain(report)


def test_each_has_an_expectation():
    missing = [name for name in run.all_names() if not run.expect_path(name).exists()]
    assert not missing, "run.py --profile linux --update writes them"
    lost = [str(path) for path in run.CONTRACTS.glob("*/*.expect") if not path.with_suffix(".c").exists()]
    assert not lost, "expectations without a contract"
    assert all(run.expect_path(name).read_text().endswith("exit 0\n") for name in run.all_names())


def test_one_promise_each():
    """Each begins with a line that says the promise."""
    for name in run.all_names():
        text = (run.CONTRACTS / f"{name}.c").read_text()
        assert f" {name.rpartition('/')[2]}.c - " in text[:120], name


def check_mutants(names, progress):
    outcome = mutants.run_all(run, names, progress)
    progress(mutants.summary(outcome).rpartition("\n")[2])
    assert not outcome.bad(), "\n" + mutants.explain(outcome)
    assert sorted(outcome.killed) == sorted(names)


def test_each_names_mutants():
    outcome = mutants.Outcome()
    for name in run.all_names():
        mutants.trials_of(name, run.CONTRACTS / f"{name}.c", mutants.load_calls(), outcome)
    assert not outcome.errors


def test_mutants_of_memory(progress):
    """Contracts notice a Linux that lies; the memory ones stand for all."""
    run.build()
    check_mutants(run.all_names("vm/*"), progress)


@pytest.mark.full
def test_mutants(built, progress):
    built("linux")
    run.build()
    check_mutants(run.all_names(), progress)


def test_a_true_system_is_no_lie(monkeypatch):
    """The harness itself: a mutant that changes nothing lives, and is reported."""
    run.build()
    monkeypatch.setattr(mutants, "declared", lambda path: ["uname=name+0", "uname=0", "uname=fill(nonsense,1)"])
    outcome = mutants.run_all(run, ["process/uname_fields"])
    assert outcome.survived == [("process/uname_fields", "uname=name+0")]
    assert outcome.killed == {"process/uname_fields": ["uname=0"]}
    assert len(outcome.errors) == 1 and "nonsense" in outcome.errors[0]


def test_divergences_name_contracts():
    for _, what, reason in run.divergences():
        assert run.all_names(what), f"no contract {what}"
        assert reason


def test_unneeded_divergences(tmp_path, monkeypatch):
    """The harness itself: an entry is unneeded when all that it names was run and passes."""
    entries = tmp_path / "divergences"
    entries.write_text("balanced vm/efault: a reason\nbal* misc/*: a reason\nhost vm/efault: a reason\n")
    monkeypatch.setattr(run, "DIVERGENCES", entries)
    passing, differing, partial = (run.Report(profile, 1) for profile in ("balanced", "balanced", "host"))
    passing.verdicts = dict.fromkeys(run.all_names(), "pass")
    differing.verdicts = {**passing.verdicts, "vm/efault": "divergence"}
    partial.verdicts = {"vm/efault": "pass"}
    assert len(run.unneeded([passing])) == 2
    assert len(run.unneeded([differing])) == 1
    assert run.unneeded([partial]) == []


def test_a_lie_is_found(built, tmp_path, monkeypatch):
    """The harness itself: a contract that breaks, hangs, is killed or brings down its machine is told apart,
    and those after it still run."""
    built("linux")
    folder = tmp_path / "contracts"
    programs = {
        "a/breaks": "expect_eq(1 + 1, 3);",
        "b/hangs": "for (;;) pause();",
        "c/dies": "raise(SIGSEGV);",
        "d/crashes": 'int fd = must(open("/proc/sysrq-trigger", O_WRONLY)); write(fd, "c", 1); sleep_ms(9000);',
        "e/holds": 'say("fine");',
        "f/differs": 'say("other words");',
    }
    for name, body in programs.items():
        path = folder / f"{name}.c"
        path.parent.mkdir(parents=True)
        path.write_text(f'#include "contract.h"\nint main(void)\n{{\n\t{body}\n\treturn 0;\n}}\n')
        path.with_suffix(".expect").write_text("fine\nexit 0\n")
    header = run.CONTRACTS / "contract.h"
    (folder / "contract.h").write_bytes(header.read_bytes())
    monkeypatch.setattr(run, "CONTRACTS", folder)
    monkeypatch.setattr(run, "OUT", tmp_path / "out")
    monkeypatch.setattr(run, "SECONDS", 3)
    monkeypatch.setattr(run, "SLACK", 15)
    report = run.run("linux", 1, run.all_names())
    endings = {name: results[0].ending for name, results in report.results.items()}
    assert endings == {"a/breaks": "exit 1", "b/hangs": "timeout 3", "c/dies": "signal 11", "d/crashes": "crash",
                       "e/holds": "exit 0", "f/differs": "exit 0"}
    assert report.boots == 2
    assert [name for name, verdict in report.verdicts.items() if verdict == "pass"] == ["e/holds"]
    assert any("panic" in note for note in report.notes)


def test_command_line(built):
    built("linux")
    done = subprocess.run([sys.executable, run.__file__, "--profile", "linux", "--only", "misc/getrandom"],
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "misc/getrandom" in done.stdout and "1 pass, 0 fail" in done.stdout
    wrong = subprocess.run([sys.executable, run.__file__, "--profile", "paranoid"], capture_output=True, text=True,
                           timeout=60, check=False)
    assert wrong.returncode == 2 and all(name in wrong.stderr for name in run.PROFILES)
