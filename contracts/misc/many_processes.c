/*
 * many_processes.c - a hundred processes at a time come and go, and no id is given twice while in use.
 * mutants: clone#50=EAGAIN clone#50=1 wait4#20=0 clone#200=result+-1
 */
#include "contract.h"

#define COUNT 100

int main(void)
{
	pid_t children[COUNT];
	int pipe_fds[2];
	char byte;

	for (int round = 0; round < 3; round++) {
		must(pipe(pipe_fds));
		for (int i = 0; i < COUNT; i++) {
			children[i] = fork_child();
			if (!children[i]) {
				close(pipe_fds[1]);
				_exit(read(pipe_fds[0], &byte, 1) == 0 ? i : 255);
			}
			for (int j = 0; j < i; j++)
				expect(children[j] != children[i]);
		}
		must(close(pipe_fds[1]));
		for (int i = 0; i < COUNT; i++)
			expect_exit(children[i], i);
		must(close(pipe_fds[0]));
	}
	must_fail(wait(NULL), ECHILD);
	say("three hundred");
	return 0;
}
