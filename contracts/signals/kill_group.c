/*
 * kill_group.c - a signal to a group reaches each member and nobody else.
 * mutants: setpgid=0 kill=0 kill=pid=0 signal=0
 */
#include "contract.h"

static pid_t member(pid_t group, int ready)
{
	pid_t child = fork_child();

	if (!child) {
		setpgid(0, group);
		expect_eq(write(ready, "r", 1), 1);
		for (;;)
			pause();
	}
	setpgid(child, group ? group : child);
	return child;
}

int main(void)
{
	pid_t first, second, other;
	int ready[2];
	char bytes[3];

	must(pipe(ready));
	first = member(0, ready[1]);
	second = member(first, ready[1]);
	other = member(0, ready[1]);
	for (int i = 0; i < 3; i++)
		expect_eq(read(ready[0], bytes, 1), 1);
	must(kill(-first, 0));
	must(kill(-first, SIGTERM));
	expect_killed(first, SIGTERM);
	expect_killed(second, SIGTERM);
	must_fail(kill(-first, SIGTERM), ESRCH);
	expect_eq(waitpid(other, NULL, WNOHANG), 0);
	must(killpg(other, SIGHUP));
	expect_killed(other, SIGHUP);
	must_fail(kill(other, 0), ESRCH);
	say("both members ended, the other group lived on until its turn");
	return 0;
}
