/* passing.h - what the contracts of SCM_RIGHTS share: open files in a message of a few bytes. */
#pragma once

#include <sys/socket.h>

union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(8 * sizeof(int))];
};

static inline ssize_t send_files_as(int s, const char *text, const int *fds, int count, int how)
{
	union control control = { .bytes = "" };
	struct iovec part = { (void *)text, strlen(text) };
	struct msghdr header = { .msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = CMSG_SPACE(count * sizeof(int)) };

	control.header = (struct cmsghdr){ CMSG_LEN(count * sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
	memcpy(CMSG_DATA(&control.header), fds, count * sizeof(int));
	return sendmsg(s, &header, how);
}

static inline ssize_t send_files(int s, const char *text, const int *fds, int count)
{
	return send_files_as(s, text, fds, count, 0);
}

static inline ssize_t receive_files(int s, char *text, size_t size, int *fds, int room, int *count,
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
