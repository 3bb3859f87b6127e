/*
 * nonblock.c - O_NONBLOCK gives EAGAIN instead of waiting, and a partial count when some fits.
 * mutants: read=0 fcntl=0 ioctl=0
 */
#include "contract.h"
#include <sys/ioctl.h>

int main(void)
{
	static char block[100000];
	int pipe_fds[2], count = -1;

	must(pipe2(pipe_fds, O_NONBLOCK | O_CLOEXEC));
	expect_eq(fcntl(pipe_fds[0], F_GETFD), FD_CLOEXEC);
	expect_eq(fcntl(pipe_fds[0], F_GETFL), O_RDONLY | O_NONBLOCK);
	expect_eq(fcntl(pipe_fds[1], F_GETFL), O_WRONLY | O_NONBLOCK);
	must_fail(read(pipe_fds[0], block, 1), EAGAIN);
	expect_eq(read(pipe_fds[0], block, 0), 0);
	expect_eq(write(pipe_fds[1], block, sizeof(block)), 65536);
	must_fail(write(pipe_fds[1], block, 1), EAGAIN);
	must(ioctl(pipe_fds[0], FIONREAD, &count));
	expect_eq(count, 65536);
	expect_eq(read(pipe_fds[0], block, 100), 100);
	must_fail(write(pipe_fds[1], block, 4096), EAGAIN);
	expect_eq(read(pipe_fds[0], block, 3996), 3996);
	expect_eq(write(pipe_fds[1], block, 4096), 4096);
	must_fail(read(pipe_fds[1], block, 1), EBADF);
	must_fail(write(pipe_fds[0], block, 1), EBADF);
	must_fail(pipe2(pipe_fds, 0x123), EINVAL);
	say("EAGAIN both ways, a part when a part fits, nothing split up to PIPE_BUF");
	return 0;
}
