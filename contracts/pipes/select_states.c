/*
 * select_states.c - select marks ready descriptors, waits, and refuses closed ones with EBADF.
 * mutants: pselect6=0 pselect6=ENOSYS pselect6#2=0 close=0
 */
#include "contract.h"
#include <sys/select.h>

int main(void)
{
	int pipe_fds[2];
	struct timeval soon = { 0, 30000 }, later = { 10, 0 };
	fd_set in, out;
	long long begin;
	pid_t child;

	must(pipe(pipe_fds));
	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_SET(pipe_fds[0], &in);
	FD_SET(pipe_fds[1], &out);
	expect_eq(select(pipe_fds[1] + 1, &in, &out, NULL, NULL), 1);
	expect(!FD_ISSET(pipe_fds[0], &in) && FD_ISSET(pipe_fds[1], &out));
	FD_SET(pipe_fds[0], &in);
	begin = now_ns();
	expect_eq(select(pipe_fds[1] + 1, &in, NULL, NULL, &soon), 0);
	expect(now_ns() - begin >= 30000000);
	expect(soon.tv_sec == 0 && soon.tv_usec == 0);
	child = fork_child();
	if (!child) {
		sleep_ms(30);
		expect_eq(write(pipe_fds[1], "x", 1), 1);
		_exit(0);
	}
	FD_SET(pipe_fds[0], &in);
	expect_eq(select(pipe_fds[1] + 1, &in, NULL, NULL, &later), 1);
	expect(FD_ISSET(pipe_fds[0], &in));
	expect(later.tv_sec == 9 && later.tv_usec > 0);
	expect_exit(child, 0);
	must(close(pipe_fds[0]));
	FD_SET(pipe_fds[0], &in);
	must_fail(select(pipe_fds[0] + 1, &in, NULL, NULL, NULL), EBADF);
	must_fail(select(-1, &in, NULL, NULL, NULL), EINVAL);
	say("ready, timed out with nothing left, woken with time left, EBADF");
	return 0;
}
