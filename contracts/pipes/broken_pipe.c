/*
 * broken_pipe.c - writing without a reader raises SIGPIPE, or gives EPIPE if that is ignored or caught.
 * mutants: signal(signo:SIGPIPE)=0 write#1=0 close=0 rt_sigaction=0
 */
#include "contract.h"

static volatile int caught;

static void handler(int signo)
{
	(void)signo;
	caught++;
}

int main(void)
{
	static char block[70000];
	int pipe_fds[2];
	pid_t child;

	must(pipe(pipe_fds));
	must(close(pipe_fds[0]));
	child = fork_child();
	if (!child) {
		write(pipe_fds[1], "x", 1);
		_exit(0);
	}
	expect_killed(child, SIGPIPE);
	handle(SIGPIPE, SIG_IGN, 0);
	must_fail(write(pipe_fds[1], "x", 1), EPIPE);
	handle(SIGPIPE, handler, 0);
	must_fail(write(pipe_fds[1], "x", 1), EPIPE);
	expect_eq(caught, 1);

	must(pipe(pipe_fds));
	child = fork_child();
	if (!child) {
		must(close(pipe_fds[1]));
		expect_eq(read(pipe_fds[0], block, 10), 10);
		_exit(0);
	}
	must(close(pipe_fds[0]));
	caught = 0;
	expect(write(pipe_fds[1], block, sizeof(block)) > 0 || errno == EPIPE);
	expect_eq(caught, 1);
	expect_exit(child, 0);
	say("killed, EPIPE when ignored, EPIPE and the handler when caught, also while blocked");
	return 0;
}
