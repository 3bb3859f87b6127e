/*
 * pass_files.c - SCM_RIGHTS: open files travel with bytes, are shared, cut off where there is no room, closed if never read.
 * mutants: recvmsg=0 sendmsg=0 sendmsg=1 lseek=0 poll=1 fcntl=0
 */
#include "contract.h"
#include <poll.h>
#include <sys/socket.h>

union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(8 * sizeof(int))];
};

static ssize_t send_files(int s, const char *text, const int *fds, int count)
{
	union control control = { .bytes = "" };
	struct iovec part = { (void *)text, strlen(text) };
	struct msghdr header = { .msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = CMSG_SPACE(count * sizeof(int)) };

	control.header = (struct cmsghdr){ CMSG_LEN(count * sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
	memcpy(CMSG_DATA(&control.header), fds, count * sizeof(int));
	return sendmsg(s, &header, 0);
}

static ssize_t receive_files(int s, char *text, size_t size, int *fds, int room, int *count,
			     int *flags, int how)
{
	union control control = { .bytes = "" };
	struct iovec part = { text, size };
	struct msghdr header = { .msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = room ? &control : NULL,
				 .msg_controllen = room ? CMSG_LEN(room * sizeof(int)) : 0 };
	ssize_t got = recvmsg(s, &header, how);

	*count = 0;
	*flags = header.msg_flags;
	if (got >= 0 && header.msg_controllen >= sizeof(struct cmsghdr)) {
		expect_eq(control.header.cmsg_level, SOL_SOCKET);
		expect_eq(control.header.cmsg_type, SCM_RIGHTS);
		*count = (control.header.cmsg_len - sizeof(struct cmsghdr)) / sizeof(int);
		memcpy(fds, CMSG_DATA(&control.header), *count * sizeof(int));
	}
	return got;
}

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
