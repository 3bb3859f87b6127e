/*
 * nocldwait_tkill.c - children that leave no zombie or stop unseen, tgkill's targets, real-time signals in order and within limits.
 * mutants: rt_sigaction#1=0 rt_sigaction#2=0 tgkill=0 tkill=0 rt_sigqueueinfo=0 rt_sigqueueinfo#8+=0 prlimit64=0 kill#4+=0
 */
#include "asleep.h"
#include <sys/resource.h>

/* Takes the next pending signal of a range; its si_code, or 0 if none is pending. The C library would embellish it. */
static int take(int low, int high, siginfo_t *info)
{
	struct timespec none = { 0 };
	sigset_t set;

	sigemptyset(&set);
	for (int signo = low; signo <= high; signo++)
		sigaddset(&set, signo);
	if (syscall(SYS_rt_sigtimedwait, &set, info, &none, 8) < 0) {
		expect_eq(errno, EAGAIN);
		return 0;
	}
	return info->si_code;
}

static void ignored(int signo)
{
	(void)signo;
}

static void children(void)
{
	siginfo_t info;
	pid_t child;
	int status;

	handle(SIGCHLD, ignored, SA_NOCLDWAIT);
	child = fork_child();
	if (!child)
		_exit(3);
	must_fail(waitpid(child, &status, 0), ECHILD);
	expect_eq(take(SIGCHLD, SIGCHLD, &info), CLD_EXITED);
	expect_eq(info.si_status, 3);
	for (int quiet = 1; quiet >= 0; quiet--) {
		handle(SIGCHLD, ignored, quiet ? SA_NOCLDSTOP : 0);
		child = fork_child();
		if (!child)
			for (;;)
				raise(SIGSTOP);
		expect_eq(waitpid(child, &status, WUNTRACED), child);
		expect(WIFSTOPPED(status));
		expect_eq(take(SIGCHLD, SIGCHLD, &info), quiet ? 0 : CLD_STOPPED);
		must(kill(child, SIGKILL));
		expect_killed(child, SIGKILL);
		expect_eq(take(SIGCHLD, SIGCHLD, &info), CLD_KILLED);
	}
}

static int tgkill_raw(pid_t group, pid_t tid, int signo)
{
	return syscall(SYS_tgkill, group, tid, signo);
}

static void targets(void)
{
	pid_t self = getpid(), child = fork_child();
	siginfo_t info;

	if (!child) {
		sigset_t set;

		sigemptyset(&set);
		must(sigprocmask(SIG_SETMASK, &set, NULL));
		for (;;)
			pause();
	}
	expect_eq(tgkill_raw(self, self, 0), 0);
	expect_eq(tgkill_raw(self, self, SIGUSR1), 0);
	expect_eq(take(SIGUSR1, SIGUSR1, &info), SI_TKILL);
	expect_eq(info.si_pid, self);
	must_fail(tgkill_raw(self, child, SIGUSR1), ESRCH);
	must_fail(tgkill_raw(0, self, 0), EINVAL);
	must_fail(tgkill_raw(self, -1, 0), EINVAL);
	must_fail(tgkill_raw(self, self, 65), EINVAL);
	must_fail(syscall(SYS_tkill, 0, 0), EINVAL);
	must_fail(syscall(SYS_tkill, 1 << 23, 0), ESRCH);
	must_fail(syscall(SYS_tkill, self, -1), EINVAL);
	for (int code = -7; code <= 1; code++) {
		int wanted = code >= 0 || code == SI_TKILL ? EPERM : 0;

		info = (siginfo_t){ .si_code = code };
		errno = 0;
		expect_eq(syscall(SYS_rt_sigqueueinfo, child, SIGURG, &info), wanted ? -1 : 0);
		expect_eq(errno, wanted);
		info = (siginfo_t){ .si_code = code };
		must(syscall(SYS_rt_sigqueueinfo, self, SIGURG, &info));
		take(SIGURG, SIGURG, &info);
		expect_eq(info.si_code, code);
	}
	must(kill(child, SIGTERM));
	expect_killed(child, SIGTERM);
}

static void queues(void)
{
	siginfo_t info;

	for (int i = 0; i < 6; i++)
		must(sigqueue(getpid(), SIGRTMIN + 1 - i / 3, (union sigval){ i }));
	for (int i = 0; i < 6; i++) {
		expect_eq(take(SIGRTMIN, SIGRTMAX, &info), SI_QUEUE);
		expect_eq(info.si_value.sival_int, (i + 3) % 6);
	}
	expect_eq(take(SIGRTMIN, SIGRTMAX, &info), 0);
}

static void limits(void)
{
	struct rlimit three = { 3, 3 };
	union sigval none = { 0 };
	siginfo_t info;

	must(setresuid(54321, 54321, 54321));
	must(setrlimit(RLIMIT_SIGPENDING, &three));
	for (int i = 0; i < 3; i++)
		must(sigqueue(getpid(), SIGRTMIN, none));
	must_fail(sigqueue(getpid(), SIGRTMIN, none), EAGAIN);
	must_fail(sigqueue(getpid(), SIGRTMIN + 1, none), EAGAIN);
	must(sigqueue(getpid(), SIGUSR2, none));
	must(kill(getpid(), SIGRTMIN + 2));
	must(kill(getpid(), SIGUSR1));
	expect_eq(take(SIGUSR1, SIGUSR1, &info), SI_USER);
	expect_eq(info.si_pid, getpid());
	expect_eq(take(SIGUSR2, SIGUSR2, &info), SI_USER); /* nobody could note more */
	expect_eq(info.si_signo, SIGUSR2);
	expect_eq(info.si_pid, 0);
	expect_eq(take(SIGRTMIN, SIGRTMIN, &info), SI_QUEUE);
	must(sigqueue(getpid(), SIGRTMIN, none));
	must_fail(sigqueue(getpid(), SIGRTMIN, none), EAGAIN);
	take(SIGRTMIN + 2, SIGRTMIN + 2, &info);
	expect_eq(info.si_signo, SIGRTMIN + 2);
}

int main(void)
{
	pid_t child;
	sigset_t all;

	sigfillset(&all);
	must(sigprocmask(SIG_SETMASK, &all, NULL));
	children();
	say("SA_NOCLDWAIT leaves nothing to wait for, SA_NOCLDSTOP tells of ends only");
	targets();
	say("tgkill wants the thread in its process, and nobody speaks for the kernel to others");
	queues();
	child = fork_child();
	if (!child) {
		limits();
		_exit(0);
	}
	expect_exit(child, 0);
	say("real-time signals: by number, then by age, as many as the user may have");
	return 0;
}
