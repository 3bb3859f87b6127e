/*
 * wait_nohang.c - WNOHANG gives 0 while a child runs; ECHILD when there is none to wait for.
 * mutants: wait4=0 wait4=ECHILD wait4=options=0 wait4=result+1
 */
#include "contract.h"

int main(void)
{
	int status, pipe_fds[2];
	pid_t child;
	char byte;

	must_fail(waitpid(-1, &status, 0), ECHILD);
	must_fail(waitpid(-1, &status, WNOHANG), ECHILD);
	must(pipe(pipe_fds));
	child = fork_child();
	if (!child) {
		expect_eq(read(pipe_fds[0], &byte, 1), 1);
		_exit(3);
	}
	expect_eq(waitpid(child, &status, WNOHANG), 0);
	expect_eq(waitpid(-1, &status, WNOHANG), 0);
	must_fail(waitpid(getpid(), &status, 0), ECHILD);
	must_fail(waitpid(child, &status, 0x4000), EINVAL);
	expect_eq(write(pipe_fds[1], "x", 1), 1);
	expect_eq(waitpid(-1, &status, 0), child);
	expect(WIFEXITED(status) && WEXITSTATUS(status) == 3);
	must_fail(waitpid(child, &status, 0), ECHILD);
	say("0 while it runs, its status once, then ECHILD");
	return 0;
}
