/*
 * end_of_file.c - a reader sees what is left, then end of file, only when the last writer has closed.
 * mutants: close=0 read#2=0 read=EAGAIN dup=0 read#4=1
 */
#include "contract.h"

int main(void)
{
	int pipe_fds[2], second;
	char text[16];
	pid_t child;

	must(pipe(pipe_fds));
	second = must(dup(pipe_fds[1]));
	expect_eq(write(pipe_fds[1], "abc", 3), 3);
	must(close(pipe_fds[1]));
	expect_eq(read(pipe_fds[0], text, 2), 2);
	must(fcntl(pipe_fds[0], F_SETFL, O_NONBLOCK));
	expect_eq(read(pipe_fds[0], text, 16), 1);
	must_fail(read(pipe_fds[0], text, 16), EAGAIN);
	must(fcntl(pipe_fds[0], F_SETFL, 0));
	child = fork_child();
	if (!child) {
		sleep_ms(40);
		_exit(0);
	}
	must(close(second));
	expect_eq(read(pipe_fds[0], text, 16), 0);
	expect_eq(read(pipe_fds[0], text, 16), 0);
	expect_exit(child, 0);
	say("rest, nothing while a writer lives, end when the child is gone");
	return 0;
}
