"""Compares each numeric constant of libs/abi/include/abi with what the system's own headers say.

The two must not meet in one file: the system defines many of the names as enumerators, or differently spelt. So two C files
are generated for a header, one with a table of our values and one with theirs, and a third part compares.
"""
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
INCLUDE = ROOT / "libs" / "abi" / "include" / "abi"

# Our header: the system's headers with the same names, in one or several groups that do not get along with each other.
# The first group that has a name decides: the kernel's own headers before libc's.
HEADERS = {
    "auxvec.h": [["linux/auxvec.h"], ["elf.h"]],
    "membarrier.h": [["linux/membarrier.h"]],
    "capability.h": [["linux/capability.h", "linux/securebits.h"]],
    "dirent.h": [["dirent.h"]],
    "epoll.h": [["sys/epoll.h"], ["linux/eventpoll.h"]],
    "errno.h": [["asm/errno.h"]],
    "eventfd.h": [["sys/eventfd.h"]],
    "fcntl.h": [["linux/fcntl.h", "linux/openat2.h", "linux/falloc.h", "linux/fadvise.h", "linux/close_range.h"],
                ["linux/fs.h"], ["unistd.h", "fcntl.h"]],
    "futex.h": [["linux/futex.h"]],
    "inotify.h": [["linux/inotify.h"]],
    "ioctl.h": [["linux/termios.h"], ["linux/fs.h"], ["linux/random.h"], ["linux/rtc.h"]],
    "kcmp.h": [["linux/kcmp.h"]],
    "limits.h": [["linux/limits.h", "linux/binfmts.h"]],
    "mman.h": [["linux/mman.h"], ["linux/memfd.h", "linux/membarrier.h", "linux/mempolicy.h"]],
    "mount.h": [["fcntl.h", "linux/mount.h"], ["sys/mount.h"]],
    "personality.h": [["linux/personality.h"]],
    "poll.h": [["asm/poll.h"]],
    "prctl.h": [["linux/prctl.h"], ["asm/prctl.h"]],
    "random.h": [["linux/random.h"]],
    "reboot.h": [["linux/reboot.h"]],
    "resource.h": [["linux/resource.h", "asm/resource.h"], ["linux/ioprio.h"]],
    "sched.h": [["linux/sched.h"], ["linux/sched/types.h"], ["linux/rseq.h"]],
    "signal.h": [["linux/signal.h"], ["sys/signalfd.h"], ["linux/signal.h", "asm/sigcontext.h", "asm/ucontext.h"]],
    "socket.h": [["sys/socket.h", "netinet/in.h", "netinet/tcp.h", "netinet/udp.h"], ["linux/sockios.h"]],
    "stat.h": [["linux/stat.h"]],
    "statfs.h": [["linux/magic.h"], ["sys/statvfs.h"]],
    "syscall_nr.h": [["asm/unistd_64.h"]],
    "sysinfo.h": [["linux/sysinfo.h"]],
    "termios.h": [["linux/termios.h"], ["linux/tty.h"]],
    "time.h": [["linux/time.h"], ["linux/timex.h"], ["sys/timerfd.h"], ["sys/stat.h"]],
    "uio.h": [["linux/uio.h"], ["linux/fs.h"]],
    "utsname.h": [["linux/utsname.h"]],
    "wait.h": [["linux/wait.h"]],
    "xattr.h": [["linux/xattr.h"], ["linux/limits.h"]],
}

# Names that user space's headers do not have: the kernel keeps them to itself, or they are newer than this system's headers.
KERNEL_ONLY = set("""
    ERESTARTSYS ERESTARTNOINTR ERESTARTNOHAND ENOIOCTLCMD ERESTART_RESTARTBLOCK
    AT_RSEQ_FEATURE_SIZE AT_RSEQ_ALIGN SIGRTMAX MQUEUE_MAGIC ST_VALID SOCK_TYPE_MASK
    IOPRIO_WHO_PROCESS IOPRIO_WHO_PGRP IOPRIO_WHO_USER TASK_COMM_LEN
""".split())
# Enumerators: #ifdef does not see them.
ENUMERATORS = re.compile(r"(MEMBARRIER_CMD|MPOL_[A-Z]+$|IPPROTO_|PER_|ADDR_|UNAME26|FDPIC|MMAP_PAGE_ZERO|READ_IMPLIES|SHORT_INODE"
                         r"|WHOLE_SECONDS|STICKY_TIMEOUTS|IOPRIO_WHO|RSEQ_FLAG|KCMP_)")

COMPARE = r"""
#include <stdio.h>
#include <string.h>

struct entry {
	const char *name;
	unsigned long long value;
};
extern const struct entry ours[];
@DECLARE@
static const struct entry *const theirs[] = { @TABLES@ 0 };

static int check(const struct entry *ours)
{
	for (int t = 0; theirs[t]; t++) {
		for (const struct entry *e = theirs[t]; e->name; e++) {
			if (strcmp(e->name, ours->name))
				continue;
			if (e->value == ours->value)
				return 0;
			printf("%s: ours %#llx, the system's %#llx\n", e->name, ours->value, e->value);
			return 1;
		}
	}
	printf("%s: not in the system's headers\n", ours->name);
	return 1;
}

int main(void)
{
	int wrong = 0, count = 0;

	for (const struct entry *e = ours; e->name; e++, count++)
		wrong += check(e);
	printf("%d constants, %d wrong\n", count, wrong);
	return wrong != 0;
}
"""


def constants(header):
    """Names of object-like macros with a value, in their order."""
    names = re.findall(r"^#define (\w+) \S", (INCLUDE / header).read_text(), re.M)
    return [n for n in names if not n.startswith("ABI_") and n not in KERNEL_ONLY]


def table(name, includes, names, conditional):
    lines = ["#define _GNU_SOURCE", "#define PAGE_SIZE 4096", "#include <stddef.h>", *(f"#include <{i}>" for i in includes),
             "struct entry { const char *name; unsigned long long value; };",
             f"extern const struct entry {name}[];", f"const struct entry {name}[] = {{"]
    for n in names:
        entry = f'\t{{ "{n}", (unsigned long long)({n}) }},'
        lines += [f"#ifdef {n}", entry, "#endif"] if conditional and not ENUMERATORS.match(n) else [entry]
    return "\n".join(lines + ["\t{ 0, 0 },", "};", ""])


def declares(group, name, out):
    """An enumerator is looked for in the group that has it."""
    source = "#define _GNU_SOURCE\n" + "".join(f"#include <{i}>\n" for i in group) + f"int probe = (int)({name});\n"
    return subprocess.run(["gcc", "-w", "-fsyntax-only", "-xc", "-"], input=source, text=True, capture_output=True).returncode == 0


def check(header, out):
    """(passed, name, profile, text) for the runner's report"""
    out.mkdir(parents=True, exist_ok=True)
    stem = header.replace(".h", "")
    names = constants(header)
    enumerators = [n for n in names if ENUMERATORS.match(n)]
    sources = [(f"{stem}_ours.c", table("ours", [f"abi/{header}"], names, False))]
    groups = HEADERS[header]
    for i, group in enumerate(groups):
        missing = {n for n in enumerators if not declares(group, n, out)}
        sources.append((f"{stem}_theirs{i}.c", table(f"theirs{i}", group, [n for n in names if n not in missing], True)))
    compare = COMPARE.replace("@DECLARE@", "".join(f"extern const struct entry theirs{i}[];\n" for i in range(len(groups))))
    sources.append((f"{stem}_compare.c", compare.replace("@TABLES@", "".join(f"theirs{i}, " for i in range(len(groups))))))
    for name, text in sources:
        (out / name).write_text(text)
    program = out / stem
    command = ["gcc", "-w", "-I", str(INCLUDE.parent), *(str(out / name) for name, _ in sources), "-o", str(program)]
    for step in (command, [str(program)]):
        done = subprocess.run(step, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            return False, f"libs/abi constants {header}", "-", done.stdout
    return True, f"libs/abi constants {header}", "-", done.stdout.strip()
