/*
 * epoll_threads.c - several processes wait on one epoll: each event of an edge-triggered file wakes one, none is lost.
 * mutants: epoll_wait=ENOSYS epoll_ctl=0 eventfd2=flags^1 epoll_wait#30+=0
 */
#include "contract.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>

#define WORKERS 4
#define EVENTS 400

int main(void)
{
	int epfd = must(epoll_create1(0)), fd = must(eventfd(0, EFD_SEMAPHORE | EFD_NONBLOCK));
	struct epoll_event event = { .events = EPOLLIN };
	volatile int *taken = map_shared(PAGE);
	pid_t children[WORKERS];
	uint64_t one = 1;

	must(epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event));
	for (int i = 0; i < WORKERS; i++) {
		children[i] = fork_child();
		if (children[i])
			continue;
		while (taken[0] < EVENTS) {
			uint64_t value;

			if (epoll_wait(epfd, &event, 1, 100) > 0 && read(fd, &value, 8) == 8)
				__atomic_fetch_add(&taken[0], 1, __ATOMIC_SEQ_CST);
		}
		_exit(0);
	}
	for (int i = 0; i < EVENTS; i++)
		expect_eq(write(fd, &one, 8), 8);
	for (int i = 0; i < WORKERS; i++)
		expect_exit(children[i], 0);
	expect_eq(taken[0], EVENTS);
	must_fail(read(fd, &one, 8), EAGAIN);
	say("400 events taken by four processes");
	return 0;
}
