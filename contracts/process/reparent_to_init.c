/*
 * reparent_to_init.c - when a parent dies its children go to process 1, which collects them.
 * mutants: getppid=result+1 wait4=0 getppid=2 clone=flags|0x8000
 */
#include "contract.h"

int main(void)
{
	volatile int *seen = map_shared(PAGE);
	int pipe_fds[2];
	pid_t child;
	char byte;

	must(pipe(pipe_fds));
	child = fork_child();
	if (!child) {
		pid_t parent = getpid();

		if (!fork_child()) {
			while (getppid() == parent)
				sleep_ms(1);
			*seen = getppid();
			close(pipe_fds[1]);
			_exit(0);
		}
		_exit(0);
	}
	close(pipe_fds[1]);
	expect_exit(child, 0);
	expect_eq(read(pipe_fds[0], &byte, 1), 0);
	expect_eq(*seen, 1);
	must_fail(wait(NULL), ECHILD);
	say("the orphan's parent is process 1");
	return 0;
}
