/* poll and select. */
#pragma once

#define POLLIN 0x1
#define POLLPRI 0x2
#define POLLOUT 0x4
#define POLLERR 0x8
#define POLLHUP 0x10
#define POLLNVAL 0x20
#define POLLRDNORM 0x40
#define POLLRDBAND 0x80
#define POLLWRNORM 0x100
#define POLLWRBAND 0x200
#define POLLMSG 0x400
#define POLLREMOVE 0x1000
#define POLLRDHUP 0x2000

struct abi_pollfd {
	int fd;
	short events;
	short revents;
};
_Static_assert(sizeof(struct abi_pollfd) == 8, "abi_pollfd");

/* select: bit n of the words is descriptor n. */
#define ABI_FD_SETSIZE 1024
