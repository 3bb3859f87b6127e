/*
 * pass_files.c - SCM_RIGHTS: open files travel with bytes, are shared, cut off where there is no room, closed if never read.
 * mutants: recvmsg=0 sendmsg=0 sendmsg=1 lseek=0 poll=1 fcntl=0
 */
#include "contract.h"
#include "passing.h"
#include <poll.h>

int main(void)
{
	int s[2], p[2], fds[8], count, flags, file = file_with("file", "content"), bad[1] = { 99 };
	char text[32];

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	must(lseek(file, 3, SEEK_SET));
	expect_eq(send_files(s[0], "x", &file, 1), 1);
	expect_eq(send_files(s[0], "yz", (int[]){ file, s[0] }, 2), 2);
	expect_eq(write(s[0], "plain", 5), 5);
	/* Reading stops behind the bytes with which files came. */
	expect_eq(receive_files(s[1], text, 32, fds, 8, &count, &flags, 0), 1);
	expect_eq(count, 1);
	expect_eq(flags, 0);
	expect_eq(read(fds[0], text, 4), 4);
	expect(!memcmp(text, "tent", 4));
	expect_eq(lseek(file, 0, SEEK_CUR), 7);
	expect_eq(fcntl(fds[0], F_GETFD), 0);
	must(close(fds[0]));
	expect_eq(receive_files(s[1], text, 32, fds, 1, &count, &flags, MSG_CMSG_CLOEXEC), 2);
	expect_eq(count, 1);
	expect_eq(flags, MSG_CTRUNC | MSG_CMSG_CLOEXEC);
	expect_eq(fcntl(fds[0], F_GETFD), FD_CLOEXEC);
	must(close(fds[0]));
	expect_eq(receive_files(s[1], text, 32, fds, 8, &count, &flags, 0), 5);
	expect_eq(count, 0);

	must_fail(send_files(s[0], "x", bad, 1), EBADF);
	must(pipe(p));
	/* The only copy is in the message. */
	expect_eq(send_files(s[0], "w", &p[1], 1), 1);
	must(close(p[1]));
	struct pollfd look = { .fd = p[0], .events = POLLIN };
	expect_eq(poll(&look, 1, 0), 0);
	expect_eq(receive_files(s[1], text, 32, fds, 8, &count, &flags, MSG_PEEK), 1);
	expect_eq(count, 1);
	expect_eq(write(fds[0], "p", 1), 1);
	must(close(fds[0]));
	expect_eq(read(p[0], text, 1), 1);
	expect_eq(receive_files(s[1], text, 32, fds, 0, &count, &flags, 0), 1);
	expect_eq(flags, MSG_CTRUNC);
	expect_eq(read(p[0], text, 1), 0);
	/* Never received. */
	must(pipe(p));
	expect_eq(send_files(s[0], "w", &p[1], 1), 1);
	must(close(p[1]));
	must(close(s[1]));
	must(close(s[0]));
	expect_eq(read(p[0], text, 1), 0);
	say("files passed, shared, cut off, peeked, closed");
	return 0;
}
