/*
 * clone_exit_signal.c - a child may end without a signal, with another one, or with a number that is none.
 * mutants: clone=flags=SIGCHLD signal(signo:SIGUSR1)=0 wait4=ECHILD
 */
#include "contract.h"

static volatile sig_atomic_t got;

static void handler(int signo)
{
	got = signo;
}

static pid_t child_with(int exit_signal)
{
	pid_t pid = (pid_t)syscall(SYS_clone, exit_signal, 0, 0, 0, 0);

	if (pid < 0)
		broken("clone: %s", errno_name(errno));
	if (!pid)
		_exit(6);
	return pid;
}

int main(void)
{
	static const int signals[] = { 0, SIGUSR1, 200 };

	signal(SIGUSR1, handler);
	signal(SIGCHLD, handler);
	for (unsigned int i = 0; i < 3; i++) {
		pid_t child;
		int status = 0;

		got = 0;
		child = child_with(signals[i]);
		/* Not one of those that wait usually sees. */
		must_fail(waitpid(child, &status, 0), ECHILD);
		while (waitpid(child, &status, i & 1 ? __WALL : __WCLONE) < 0)
			expect_eq(errno, EINTR);
		expect(WIFEXITED(status));
		expect_eq(WEXITSTATUS(status), 6);
		expect_eq(got, signals[i] == SIGUSR1 ? SIGUSR1 : 0);
	}
	say("none, SIGUSR1, and a number that is no signal");
	return 0;
}
