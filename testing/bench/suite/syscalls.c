/* syscalls.c - calls that touch no file and no memory of note: what entering and leaving the kernel costs. */
#include "bench.h"
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct utsname names;
static struct timespec now;
static struct rlimit limit;
static siginfo_t nobody;

LOOP(null_syscall, syscall_1(SYS_sched_get_priority_max, SCHED_OTHER))
LOOP(getpid, syscall_0(SYS_getpid))
LOOP(getuid, syscall_0(SYS_getuid))
LOOP(gettid, syscall_0(SYS_gettid))
LOOP(getsid, getsid(0))
LOOP(getpriority, getpriority(PRIO_PROCESS, 0))
LOOP(clock_gettime, clock_gettime(CLOCK_MONOTONIC, &now))
LOOP(uname, uname(&names))
LOOP(sched_yield, syscall_0(SYS_sched_yield))
LOOP(getrlimit, getrlimit(RLIMIT_NOFILE, &limit))
LOOP(prlimit64, prlimit(0, RLIMIT_NOFILE, NULL, &limit))

void run_setrlimit(struct timer *t, unsigned n)
{
	long result = getrlimit(RLIMIT_CORE, &limit);
	timer_begin(t);
	for (unsigned i = n; i; i--)
		result |= setrlimit(RLIMIT_CORE, &limit);
	timer_end(t);
	t->loops += n;
	t->result = result;
}

void run_waitid(struct timer *t, unsigned n)
{
	long result = 0;
	timer_begin(t);
	for (unsigned i = n; i; i--)
		result = syscall_6(SYS_waitid, P_ALL, 0, (long)&nobody, WNOHANG | WEXITED, 0, 0);
	timer_end(t);
	t->loops += n;
	/* Without a child there is nothing to wait for; anything else is not what is measured. */
	t->result = result == -ECHILD ? 0 : -EINVAL;
}
