/*
 * poll_states.c - poll tells readable, writable, hung up, broken and invalid, at once and after waiting.
 * mutants: poll=0 poll=ENOSYS poll=1 poll=fill(fds,8) close=0
 */
#include "contract.h"
#include <poll.h>

static int state(int fd, short events)
{
	struct pollfd one = { fd, events, 0 };
	int count = must(poll(&one, 1, 0));

	expect_eq(count, one.revents != 0);
	return one.revents;
}

int main(void)
{
	static char block[65536];
	struct pollfd some[3];
	int pipe_fds[2];
	long long begin;
	pid_t child;

	must(pipe(pipe_fds));
	expect_eq(state(pipe_fds[0], POLLIN), 0);
	expect_eq(state(pipe_fds[1], POLLOUT), POLLOUT);
	expect_eq(write(pipe_fds[1], block, 65536), 65536);
	expect_eq(state(pipe_fds[1], POLLOUT), 0);
	expect_eq(state(pipe_fds[0], POLLIN | POLLOUT), POLLIN);
	expect_eq(state(999, POLLIN), POLLNVAL);
	expect_eq(state(-1, POLLIN), 0);
	expect_eq(read(pipe_fds[0], block, 65536), 65536);
	expect_eq(write(pipe_fds[1], "x", 1), 1);
	must(close(pipe_fds[1]));
	expect_eq(state(pipe_fds[0], POLLIN), POLLIN | POLLHUP);
	expect_eq(read(pipe_fds[0], block, 2), 1);
	expect_eq(state(pipe_fds[0], POLLIN), POLLHUP);
	must(close(pipe_fds[0]));

	must(pipe(pipe_fds));
	begin = now_ns();
	some[0] = (struct pollfd){ pipe_fds[0], POLLIN, 0 };
	expect_eq(poll(some, 1, 40), 0);
	expect(now_ns() - begin >= 40000000);
	child = fork_child();
	if (!child) {
		sleep_ms(40);
		expect_eq(write(pipe_fds[1], "y", 1), 1);
		_exit(0);
	}
	some[1] = (struct pollfd){ 999, POLLIN, 0 };
	some[2] = (struct pollfd){ pipe_fds[1], 0, 0 };
	expect_eq(poll(some, 1, 10000), 1);
	expect_eq(some[0].revents, POLLIN);
	expect_eq(poll(some, 3, -1), 2);
	expect(some[1].revents == POLLNVAL && some[2].revents == 0);
	expect_exit(child, 0);
	must(close(pipe_fds[0]));
	expect_eq(state(pipe_fds[1], POLLOUT), POLLOUT | POLLERR);
	close(file_with("f", ""));
	expect_eq(state(must(open("f", O_RDONLY)), POLLIN | POLLOUT), POLLIN | POLLOUT);
	say("IN, OUT, HUP, ERR, NVAL, and both kinds of waiting");
	return 0;
}
