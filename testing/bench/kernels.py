"""kernels.py - the kernels that are measured, what each is booted with, and how one boot of the suite goes."""
import json
import os
import re
import subprocess
import time
from dataclasses import dataclass, field

from testing.bench import suite
from testing.qemu.machine import BUILD, PROFILES, ROOT, Config, Machine, MachineError, kernel_path

# Linux at its best, and three others; all without random addresses, or two runs would differ.
WORDS = {
    "linux": "mitigations=off init_on_alloc=0 transparent_hugepage=never norandmaps nokaslr",
    "linux-thp": "mitigations=off init_on_alloc=0 transparent_hugepage=always norandmaps nokaslr",
    "linux-default": "norandmaps nokaslr",
    "linux-hardened": "init_on_alloc=1 init_on_free=1 slab_nomerge mitigations=auto,nosmt pti=on "
                      "transparent_hugepage=never norandmaps nokaslr",
    **{name: "transparent_hugepage=never norandmaps nokaslr" for name in PROFILES},
    **{f"{name}-thp": "transparent_hugepage=always norandmaps nokaslr" for name in PROFILES},
}
KERNELS = tuple(WORDS)
# No ERMS: Linux would clear pages by bytes. No random instructions: a run would not repeat.
CPU = "max,-erms,-fsrm,-rdrand,-rdseed"
MEMORY, MEMORY_BIG = "1024", "4096"
BOOT_SECONDS = 180
# Without a line for so long, the benchmark hangs. The longest, mmap_fault_2g, takes about a minute here.
SILENT_SECONDS = 300
LINE = re.compile(r"@@@ bench (\w+) ?(.*)")


def known(kernel):
    """One of these, or a profile with side options: performance+PAGE_ZERO_AHEAD. Make refuses an option that does not exist."""
    return kernel in KERNELS or re.fullmatch(r"[a-z]+(-thp)?(\+[A-Z0-9_]+)+", kernel) and kernel.split("+")[0] in KERNELS


def command_line(kernel):
    return WORDS[kernel.split("+")[0]]


def base_name(kernel):
    """The build of a kernel: the THP variants are the same file."""
    name, *side = kernel.split("+")
    return "+".join([name.split("-")[0], *side])


def image(kernel):
    """The kernel's file."""
    return kernel_path(base_name(kernel))


def make_words(kernel):
    """What builds it."""
    profile, *side = base_name(kernel).split("+")
    return ["make", f"PROFILE={profile}", *([f"WITH={' '.join(side)}"] if side else [])]


def image_check(kernel):
    """None, or what is wrong with the kernel's image, in words."""
    path = image(kernel)
    if path.exists():
        return None
    how = "run 'make setup', which downloads it" if path.name == "bzImage" else f"run '{' '.join(make_words(kernel))}'"
    return f"{kernel}: {path} is missing: {how}"


def build(names):
    """Have make bring the profiles among these up to date. Ends the program if one does not compile."""
    clean = {key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "MAKELEVEL")}
    for name in dict.fromkeys(map(base_name, names)):
        if name.split("+")[0] in PROFILES:
            command = [*make_words(name), "--silent", "--no-print-directory", f"BUILD={BUILD}", f"-j{os.cpu_count()}"]
            if subprocess.run(command, cwd=ROOT, env=clean, check=False).returncode:
                raise SystemExit(f"bench: {name} does not build")


def choose_accel(wanted):
    """(accelerator, why): the one asked for, or hardware KVM, or icount."""
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as info:
        flags = re.search(r"^flags\s*:(.*)", info.read(), re.M)
    hardware = bool(flags and {"vmx", "svm"} & set(flags[1].split())) and os.access("/dev/kvm", os.R_OK | os.W_OK)
    if wanted:
        return wanted, "asked for with ACCEL="
    if hardware:
        return "kvm", "this machine's processor has hardware virtualisation and /dev/kvm is usable"
    return "icount", "no hardware KVM here (no vmx or svm in /proc/cpuinfo, or no /dev/kvm): counted instructions are exact"


ACCEL_WORDS = {
    "icount": "QEMU TCG with -icount shift=0: instructions counted exactly, 1 ns of the guest's time each",
    "tcg": "QEMU TCG by the wall clock: emulation, whose nanoseconds are not a processor's",
    "kvm": "KVM by the wall clock: this processor's own speed",
}


@dataclass
class Boot:
    """What one boot gave."""
    begin: dict = field(default_factory=dict)
    results: dict = field(default_factory=dict)     # name -> the suite's JSON
    counters: dict = field(default_factory=dict)    # name -> what grew in /proc/vmstat, with --counters
    seconds: dict = field(default_factory=dict)     # name -> wall-clock time
    running: str = ""           # the benchmark at which it ended too early
    trouble: str = ""           # "" when it ended as it should
    interrupted: bool = False   # by the user; what is finished is in results
    command: str = ""
    boot_seconds: float = 0.0
    files: dict = field(default_factory=dict)


def config(kernel, accel, words, big=False, smp=1, extra=()):
    """The machine for one boot of the suite with these words for its command line."""
    return Config(kernel=image(kernel), initrd=suite.initramfs(), smp=smp, cpu=CPU, accel=accel,
                  mem=MEMORY_BIG if big else MEMORY, extra=list(extra),
                  append=f"console=ttyS0 quiet panic=-1 {command_line(kernel)} rdinit=/init -- {' '.join(words)}")


class Reader:
    """Follows the suite's lines on a console."""

    def __init__(self, boot, tell):
        self.boot, self.tell = boot, tell
        self.started = self.at = time.monotonic()
        self.over = False
        self.file = None

    def line(self, text):
        found = LINE.search(text)
        if self.file is not None and not found:
            self.boot.files[self.file].append(text)
        if not found:
            return
        self.at = time.monotonic()
        handler = getattr(self, f"on_{found[1]}", None)
        if handler:
            handler(found[2])

    def on_file(self, rest):
        self.file = None if rest == "end" else rest
        if self.file:
            self.boot.files[rest] = []

    def on_begin(self, rest):
        self.boot.begin = json.loads(rest)
        self.boot.boot_seconds = self.at - self.started

    def on_start(self, rest):
        self.boot.running = rest
        self.started = self.at
        self.tell(rest)

    def on_result(self, rest):
        result = json.loads(rest)
        self.boot.results[result["name"]] = result
        self.boot.seconds[result["name"]] = self.at - self.started
        self.boot.running = ""

    def on_counters(self, rest):
        grown = json.loads(rest)
        self.boot.counters[grown.pop("name")] = grown

    def on_end(self, rest):
        self.boot.begin["end"] = json.loads(rest)

    def on_over(self, rest):
        self.over = True
        if "end" not in self.boot.begin:
            self.boot.trouble = f"the suite ended early: {rest}"


def _follow(machine, reader):
    """Read the console to the suite's end. Raises MachineError when the machine ends or falls silent."""
    done = 0
    while not reader.over:
        text = machine.read(1)
        lines = machine.output.replace("\r", "")[done:].split("\n")
        for line in lines[:-1]:
            reader.line(line)
            done += len(line) + 1
        if text is None and not reader.over:
            machine.fail("the machine ended before the suite did")
        limit = SILENT_SECONDS if reader.boot.begin else BOOT_SECONDS
        if time.monotonic() - reader.at > limit:
            machine.fail(f"no word for {limit} s")


def run(machine_config, tell=lambda name: None, log=None, finish=False, timeout=3600):
    """One boot. Never raises for what the guest does: Boot.trouble says it. `finish` waits for QEMU's own end."""
    boot = Boot()
    reader = Reader(boot, tell)
    with Machine(machine_config, timeout, log) as machine:
        boot.command = machine.command
        try:
            _follow(machine, reader)
            if finish:
                machine.wait(120)
        except MachineError as error:
            boot.trouble = str(error)
        except KeyboardInterrupt:
            boot.trouble, boot.interrupted = "interrupted", True
    if not boot.trouble and "end" not in boot.begin:
        boot.trouble = "the suite printed no end marker"
    return boot


def version(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        return "unknown"


def linux_version():
    path = BUILD / "linux" / "version"
    return path.read_text().strip() if path.exists() else "unknown"
