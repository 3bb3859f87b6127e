/*
 * process_groups.c - getpid, getppid, setpgid, setsid and their refusals.
 * mutants: setpgid=0 setsid=0 getpgid=0 getppid=1 getsid=0 setpgid=EINVAL kill=0
 */
#include "contract.h"

static void session_child(pid_t parent, pid_t group)
{
	expect_eq(getppid(), parent);
	expect_eq(getpgrp(), group);
	expect_eq(getsid(0), getsid(parent));
	must(setpgid(0, 0));
	expect_eq(getpgrp(), getpid());
	must_fail(setsid(), EPERM);
	must(setpgid(0, group));
	expect_eq(getpgrp(), group);
	expect_eq(must(setsid()), getpid());
	expect_eq(getsid(0), getpid());
	expect_eq(getpgid(0), getpid());
	must_fail(setpgid(0, 0), EPERM);
}

int main(void)
{
	pid_t self = getpid(), group = getpgrp(), child;

	expect(self > 1);
	expect_eq(syscall(SYS_gettid), self);
	child = fork_child();
	if (!child) {
		session_child(self, group);
		_exit(0);
	}
	expect(child != self);
	expect_exit(child, 0);

	child = fork_child();
	if (!child)
		for (;;)
			pause();
	must(setpgid(child, child));
	expect_eq(getpgid(child), child);
	must_fail(setpgid(child, -1), EINVAL);
	must_fail(setpgid(1, 1), ESRCH);
	must(kill(-child, SIGKILL));
	expect_killed(child, SIGKILL);
	must_fail(getpgid(child), ESRCH);
	must_fail(getsid(child), ESRCH);
	say("groups and sessions move as they may, and not as they may not");
	return 0;
}
