/*
 * resize.c - F_SETPIPE_SZ rounds up to a power of two of pages, keeps what is in the pipe, and refuses to lose it.
 * mutants: fcntl=0 fcntl=EINVAL fcntl(command:1031)=result+4096 fcntl(command:1032)=0
 */
#include "contract.h"

int main(void)
{
	static char block[65536], back[65536];
	int pipe_fds[2];

	must(pipe2(pipe_fds, O_NONBLOCK));
	expect_eq(fcntl(pipe_fds[0], F_GETPIPE_SZ), 65536);
	expect_eq(fcntl(pipe_fds[1], F_SETPIPE_SZ, 5000), 8192);
	expect_eq(fcntl(pipe_fds[1], F_SETPIPE_SZ, 1), 4096);
	expect_eq(write(pipe_fds[1], block, 65536), 4096);
	expect_eq(fcntl(pipe_fds[0], F_SETPIPE_SZ, 1 << 20), 1 << 20);
	for (int i = 0; i < 65536; i++)
		block[i] = i * 7;
	expect_eq(write(pipe_fds[1], block, 65536), 65536);
	must_fail(fcntl(pipe_fds[0], F_SETPIPE_SZ, 65536), EBUSY);
	expect_eq(read(pipe_fds[0], back, 4096), 4096);
	expect_eq(fcntl(pipe_fds[0], F_SETPIPE_SZ, 65536), 65536);
	expect_eq(read(pipe_fds[0], back, 65536), 65536);
	expect(memcmp(block, back, 65536) == 0);
	must_fail(fcntl(file_with("plain", ""), F_GETPIPE_SZ), EBADF);
	say("rounded, grown full, shrunk when empty enough");
	return 0;
}
