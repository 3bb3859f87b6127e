"""mutants.py - contracts must be able to fail: run each on a Linux that lies to it.

A contract names its lies in its first comment, on lines that begin with `mutants:`, parted by spaces:

    madvise=0                                 the call is not made and gives 0
    madvise=ENOSYS                            the call is not made and fails
    kill(sig:SIGTERM)#2=0                     only the second such call; #2+ is from the second on
    mmap(flags&MAP_SHARED)=flags^MAP_SHARED   made, with bits of an argument flipped; | sets bits, + adds, = replaces
    getpid=result+1                           made, with another result
    fstat=fill(stat,144)                      made, and 144 bytes that the argument points to are overwritten
    mmap=fill(result,8)                       the same where its result points to
    signal(signo:SIGCHLD)=0                   no call: the signal is lost; =SIGUSR1 has another arrive

Calls and arguments are named as in kernel/syscall_list.h, or are numbers and arg0 to arg5; several conditions are parted by commas, `arg:N` is "equals",
`arg&N` is "has all bits of". Values are numbers, or names as C has them. A mutant is killed when the contract prints or
ends otherwise than it does on the true Linux, and a contract that lets one of its mutants live promises nothing.
The lies are told by mutate.c on this machine, with process ids of their own; a contract that does not hold here while
it is told the truth runs in QEMU, on Debian's kernel.
"""
import errno
import fcntl
import mmap
import os
import re
import resource
import select
import signal
import socket
import stat
import termios
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CALLS = ROOT / "kernel/include/kernel/syscall_list.h"
SIGNAL_CALL = 10000
ALWAYS = 1 << 40
CONTROL = "control"
MODULES = (os, signal, socket, mmap, fcntl, select, resource, stat, termios)
# What none of Python's modules has.
NAMES = {"CLONE_VM": 0x100, "CLONE_FS": 0x200, "CLONE_FILES": 0x400, "CLONE_SIGHAND": 0x800, "CLONE_VFORK": 0x4000,
         "CLONE_THREAD": 0x10000, "CLONE_SETTLS": 0x80000, "MAP_FIXED": 0x10, "AT_FDCWD": -100, "AT_EMPTY_PATH": 0x1000,
         "MREMAP_MAYMOVE": 1, "MAP_NORESERVE": 0x4000, "SA_NODEFER": 0x40000000, "SA_RESTART": 0x10000000}
EFFECTS = {"stub": 0, "=": 1, "|": 2, "^": 3, "+": 4, "result+": 5, "fill": 6, "fill result": 7}
MUTANT = re.compile(r"(?P<call>\w+)(\((?P<where>[^)]*)\))?(#(?P<first>\d+)(?P<on>\+?))?=(?P<effect>\S+)$")


class MutantError(ValueError):
    """A mutant that cannot be read; the message says why."""


def load_calls():
    """The system calls: {name: (number, [argument names])}."""
    calls = {"signal": (SIGNAL_CALL, ["signo"])}
    for number, name, rest in re.findall(r"^SYSCALLF?\d\((\d+), (\w+)((?:,\s*\w+)*)\)", CALLS.read_text(), re.M):
        words = re.findall(r"\w+", rest)
        calls[name] = (int(number), words[1::2])
    return calls


def value_of(text):
    """A number, or names of C's headers joined by |."""
    total = 0
    for word in text.split("|"):
        found = NAMES.get(word)
        for module in MODULES:
            found = getattr(module, word, None) if found is None else found
        if found is None:
            try:
                found = int(word, 0)
            except ValueError:
                raise MutantError(f"no value {word}") from None
        total |= int(found)
    return total


def index_of(call, argument):
    number, names = call
    if argument not in names and re.match(r"arg[0-5]$", argument):
        return int(argument[3])
    if argument not in names:
        raise MutantError(f"system call {number} has no argument {argument}: {', '.join(names) or 'none'}")
    return names.index(argument)


def condition_of(call, text):
    match = re.match(r"(\w+)([:&])(.+)$", text)
    if not match:
        raise MutantError(f"no condition: {text}")
    value = value_of(match[3])
    return [index_of(call, match[1]), -1 if match[2] == ":" else value, value]


def effect_of(call, text):
    """The effect as three numbers: kind, argument, value."""
    filled = re.match(r"fill\((\w+),(\d+)\)$", text)
    if filled and filled[1] == "result":
        return [EFFECTS["fill result"], 0, int(filled[2])]
    if filled:
        return [EFFECTS["fill"], index_of(call, filled[1]), int(filled[2])]
    changed = re.match(r"(\w+)([=|^+])(.+)$", text)
    if changed and changed[1] == "result":
        return [EFFECTS["result+"], 0, value_of(changed[3])]
    if changed:
        return [EFFECTS[changed[2]], index_of(call, changed[1]), value_of(changed[3])]
    if hasattr(errno, text):
        return [EFFECTS["stub"], 0, -getattr(errno, text)]
    return [EFFECTS["stub"], 0, value_of(text)]


def numbers_of(mutant, calls):
    """The mutant in the form that mutate.c takes. `control CALL` is that call, never altered."""
    match = MUTANT.match(mutant)
    if not match:
        raise MutantError("not of the form CALL(ARGUMENT:VALUE,...)#N=EFFECT")
    if match["call"] not in calls and not match["call"].isdigit():
        raise MutantError(f"no system call {match['call']}")
    call = calls.get(match["call"]) or (int(match["call"]), [])
    first = int(match["first"] or 1)
    last = first if match["first"] and not match["on"] else ALWAYS
    numbers = [call[0], first, last, *effect_of(call, match["effect"])]
    for text in filter(None, (match["where"] or "").split(",")):
        numbers += condition_of(call, text)
    return numbers


def declared(path):
    """The mutants that a contract's first comment names."""
    head = path.read_text().partition("*/")[0]
    return [word for line in re.findall(r"mutants:(.*)", head) for word in line.split()]


@dataclass
class Trial:
    """A contract under one lie, or under none: the control."""
    name: str
    mutant: str
    numbers: str
    result: object = None


@dataclass
class Outcome:
    """What became of the mutants of all contracts."""
    killed: dict = field(default_factory=dict)      # name -> [mutant, ...]
    survived: list = field(default_factory=list)    # (name, mutant)
    errors: list = field(default_factory=list)
    in_qemu: list = field(default_factory=list)
    seconds: float = 0.0

    def bad(self):
        return bool(self.survived or self.errors)


def trials_of(name, path, calls, outcome):
    """The control and the mutants of one contract."""
    trials = []
    for mutant in declared(path):
        try:
            numbers = numbers_of(mutant, calls)
        except MutantError as error:
            outcome.errors.append(f"{name}: {mutant}: {error}")
            continue
        if not trials:
            trials.append(Trial(name, CONTROL, " ".join(map(str, [numbers[0], 0, 0, 0, 0, 0]))))
        trials.append(Trial(name, mutant, " ".join(map(str, numbers))))
    if not trials:
        outcome.errors.append(f"{name}: names no mutant")
    return trials


def judge(trials, control_text, outcome):
    """Enter the mutants of one contract, whose results are there."""
    for trial in trials:
        if trial.mutant == CONTROL:
            continue
        if trial.result.text() != control_text:
            outcome.killed.setdefault(trial.name, []).append(trial.mutant)
        else:
            outcome.survived.append((trial.name, trial.mutant))


def run_here(trials, run_native, wanted):
    """The trials of one contract on this machine. Returns whether its control held, so that they count; a busy machine
    has a second try."""
    control = trials[0]
    for _ in range(2):
        control.result = run_native(control.name, control.numbers, 20)
        if control.result.text() == wanted:
            break
    else:
        return False
    limit = 1.5 + 2 * control.result.ms / 1000
    for trial in trials[1:]:
        trial.result = run_native(trial.name, trial.numbers, limit)
    return True


def run_all(run, names, progress=lambda text: None):
    """Run the mutants of the contracts. `run` is the module that runs contracts."""
    outcome, calls = Outcome(), load_calls()
    begin = time.monotonic()
    every = {name: trials_of(name, run.CONTRACTS / f"{name}.c", calls, outcome) for name in names}
    every = {name: trials for name, trials in every.items() if trials}
    wanted = {name: run.expect_path(name).read_text() for name in every}
    with ThreadPoolExecutor(2) as pool:
        held = pool.map(lambda name: name not in run.NOT_HERE and run_here(every[name], run.run_native, wanted[name]),
                        every)
        for name, holds in zip(list(every), held):
            if holds:
                judge(every[name], wanted[name], outcome)
            else:
                outcome.in_qemu.append(name)
    if outcome.in_qemu:
        progress(f"{len(outcome.in_qemu)} contracts that this machine cannot hold: in QEMU")
        run_in_qemu(run, [trial for name in outcome.in_qemu for trial in every[name]], wanted, outcome)
    outcome.seconds = time.monotonic() - begin
    return outcome


def run_in_qemu(run, trials, wanted, outcome):
    """The trials on Debian's kernel, in one boot."""
    report = run.run_qemu("linux", 2, [f"{trial.name}@{trial.numbers.replace(' ', ',')}" for trial in trials])
    by_name = {}
    for trial in trials:
        trial.result = report.results[f"{trial.name}@{trial.numbers.replace(' ', ',')}"][0]
        by_name.setdefault(trial.name, []).append(trial)
    for name, group in by_name.items():
        if group[0].result.text() != wanted[name]:
            outcome.errors.append(f"{name}: does not hold when it is traced but not lied to:\n{group[0].result.text()}")
        else:
            judge(group, wanted[name], outcome)


def explain(outcome):
    """What is wrong, a line each."""
    lines = [f"survives: {name}: {mutant}" for name, mutant in outcome.survived]
    return "\n".join(lines + [f"error: {line}" for line in outcome.errors])


def summary(outcome):
    """Each contract with the mutants that it kills, and the counts."""
    width = max(map(len, outcome.killed), default=0)
    lines = [f"{name:{width}}  {' '.join(killed)}" for name, killed in sorted(outcome.killed.items())]
    count = sum(map(len, outcome.killed.values()))
    lines.append(f"{count} mutants of {len(outcome.killed)} contracts killed, {len(outcome.survived)} survive, "
                 f"{len(outcome.errors)} errors; {outcome.seconds:.1f} s")
    return "\n".join(lines)
