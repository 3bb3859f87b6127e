/*
 * epoll_modes.c - level, edge and one-shot watching, changing and dropping a watch, closing the watched file.
 * mutants: epoll_ctl=0 epoll_wait=0 epoll_wait=ENOSYS epoll_ctl(operation:2)=0
 * mutants: epoll_ctl(operation:3)=0 epoll_wait#4=1
 */
#include "contract.h"
#include <sys/epoll.h>

static int epfd;

static int change(int operation, int fd, uint32_t events, uint64_t data)
{
	struct epoll_event event = { .events = events, .data.u64 = data };

	return epoll_ctl(epfd, operation, fd, &event);
}

/* What one look gives: how many, the first one's events and data. */
static int look(uint32_t *events, uint64_t *data)
{
	struct epoll_event found[8];
	int count = must(epoll_wait(epfd, found, 8, 0));

	*events = count ? found[0].events : 0;
	*data = count ? found[0].data.u64 : 0;
	return count;
}

static void expect_look(int line, int want, uint32_t want_events, uint64_t want_data)
{
	uint32_t events;
	uint64_t data;
	int count = look(&events, &data);

	if (count != want || events != want_events || data != want_data)
		broken("line %d: %d with events %x, not %d with %x", line, count, events, want,
		       want_events);
}

int main(void)
{
	int pipe_fds[2], copy;
	char text[16];

	must_fail(epoll_create(0), EINVAL);
	must_fail(epoll_create1(1), EINVAL);
	epfd = must(epoll_create1(EPOLL_CLOEXEC));
	expect_eq(fcntl(epfd, F_GETFD), FD_CLOEXEC);
	must(pipe(pipe_fds));
	must(change(EPOLL_CTL_ADD, pipe_fds[0], EPOLLIN, 7));
	must_fail(change(EPOLL_CTL_ADD, pipe_fds[0], EPOLLIN, 7), EEXIST);
	must_fail(change(EPOLL_CTL_MOD, pipe_fds[1], EPOLLIN, 7), ENOENT);
	must_fail(change(EPOLL_CTL_DEL, pipe_fds[1], 0, 0), ENOENT);
	must_fail(change(EPOLL_CTL_ADD, 99, EPOLLIN, 7), EBADF);
	must_fail(change(EPOLL_CTL_ADD, epfd, EPOLLIN, 7), EINVAL);
	must_fail(change(EPOLL_CTL_ADD, file_with("plain", ""), EPOLLIN, 7), EPERM);
	must_fail(epoll_wait(epfd, (void *)text, 0, 0), EINVAL);
	must_fail(epoll_wait(pipe_fds[0], (void *)text, 1, 0), EINVAL);
	must_fail(epoll_ctl(epfd, EPOLL_CTL_ADD, pipe_fds[1], NULL), EFAULT);

	expect_look(__LINE__, 0, 0, 0);
	expect_eq(write(pipe_fds[1], "abc", 3), 3);
	expect_look(__LINE__, 1, EPOLLIN, 7);
	expect_look(__LINE__, 1, EPOLLIN, 7);
	must(change(EPOLL_CTL_MOD, pipe_fds[0], EPOLLIN | EPOLLET, 8));
	expect_look(__LINE__, 1, EPOLLIN, 8);
	expect_look(__LINE__, 0, 0, 0);
	expect_eq(write(pipe_fds[1], "d", 1), 1);
	expect_look(__LINE__, 1, EPOLLIN, 8);
	expect_look(__LINE__, 0, 0, 0);
	must(change(EPOLL_CTL_MOD, pipe_fds[0], EPOLLIN | EPOLLONESHOT, 9));
	expect_look(__LINE__, 1, EPOLLIN, 9);
	expect_eq(write(pipe_fds[1], "e", 1), 1);
	expect_look(__LINE__, 0, 0, 0);
	must(change(EPOLL_CTL_MOD, pipe_fds[0], EPOLLIN | EPOLLONESHOT, 10));
	expect_look(__LINE__, 1, EPOLLIN, 10);
	must(change(EPOLL_CTL_MOD, pipe_fds[0], 0, 11));
	expect_look(__LINE__, 0, 0, 0);
	must(change(EPOLL_CTL_DEL, pipe_fds[0], 0, 0));
	must_fail(change(EPOLL_CTL_DEL, pipe_fds[0], 0, 0), ENOENT);
	expect_eq(read(pipe_fds[0], text, 16), 5);

	must(change(EPOLL_CTL_ADD, pipe_fds[1], EPOLLOUT, 12));
	expect_look(__LINE__, 1, EPOLLOUT, 12);
	must(close(pipe_fds[0]));
	expect_look(__LINE__, 1, EPOLLOUT | EPOLLERR, 12);
	copy = must(dup(pipe_fds[1]));
	must(close(pipe_fds[1]));
	expect_look(__LINE__, 1, EPOLLOUT | EPOLLERR, 12);
	must(close(copy));
	expect_look(__LINE__, 0, 0, 0);
	say("levels, edges, one shot, errors, and a closed file is forgotten");
	return 0;
}
