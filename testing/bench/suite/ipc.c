/* ipc.c - pipes, eventfd, epoll, poll and sockets, within one process. */
#include "bench.h"
#include "setup.h"
#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int fds[2] = { -1, -1 };
static char buffer[PAGE];
static uint64_t value = 1;
static struct epoll_event events[4];
static struct pollfd polled;
static int option = 1;
static socklen_t option_size = sizeof(option);

long setup_pipe(void)
{
	return pipe(fds) ? -errno : 0;
}

long setup_eventfd(void)
{
	fds[0] = eventfd(0, 0);
	polled = (struct pollfd){ .fd = fds[0], .events = POLLIN };
	return fds[0] < 0 ? -errno : 0;
}

long setup_epoll(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	fds[0] = eventfd(0, 0);
	if (fds[0] < 0)
		return -errno;
	fds[1] = epoll_create1(0);
	if (fds[1] < 0)
		return -errno;
	return epoll_ctl(fds[1], EPOLL_CTL_ADD, fds[0], &event) ? -errno : 0;
}

long setup_socket(void)
{
	fds[0] = socket(AF_UNIX, SOCK_STREAM, 0);
	return fds[0] < 0 ? -errno : 0;
}

void teardown_fds(void)
{
	for (unsigned i = 0; i < ARRAY_LEN(fds); i++) {
		if (fds[i] >= 0)
			close(fds[i]);
		fds[i] = -1;
	}
}

LOOP(pipe, syscall_3(SYS_write, fds[1], (long)buffer, PAGE) |
		   syscall_3(SYS_read, fds[0], (long)buffer, PAGE))
LOOP(eventfd,
     syscall_3(SYS_write, fds[0], (long)&value, 8) | syscall_3(SYS_read, fds[0], (long)&value, 8))
LOOP(epoll_wait, syscall_4(SYS_epoll_wait, fds[1], (long)events, ARRAY_LEN(events), 0))
LOOP(poll, syscall_3(SYS_poll, (long)&polled, 1, 0))
LOOP(setsockopt,
     syscall_6(SYS_setsockopt, fds[0], SOL_SOCKET, SO_REUSEADDR, (long)&option, sizeof(option), 0))
LOOP(getsockopt, syscall_6(SYS_getsockopt, fds[0], SOL_SOCKET, SO_REUSEADDR, (long)&option,
			   (long)&option_size, 0))

void run_socketpair(struct timer *t, unsigned n)
{
	int pair[2];
	long result = 0;
	timer_begin(t);
	for (unsigned i = n; i; i--) {
		result |= syscall_4(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, (long)pair);
		syscall_1(SYS_close, pair[0]);
		syscall_1(SYS_close, pair[1]);
	}
	timer_end(t);
	t->loops += n;
	t->result = result;
}
