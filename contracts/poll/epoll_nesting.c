/*
 * epoll_nesting.c - epolls that watch epolls: no loops, a bounded depth, a bounded number of ways up from one file.
 * mutants: epoll_ctl=0 epoll_ctl=ELOOP epoll_create1=ENOSYS
 */
#include "contract.h"
#include <sys/epoll.h>

#define WIDTH 12
#define LEVELS 4

static int watch(int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static int make(void)
{
	return must(epoll_create1(EPOLL_CLOEXEC));
}

static void loops(void)
{
	int a = make(), b = make(), c = make();

	must_fail(watch(a, a), EINVAL);
	must(watch(a, b));
	must(watch(b, c));
	must_fail(watch(c, a), ELOOP);
	must_fail(watch(b, a), ELOOP);
	must(watch(a, c));
	say("no loops");
}

static void depth(bool from_above)
{
	int last = make(), count = 0;

	for (;; count++) {
		int next = make();

		if (from_above ? watch(last, next) : watch(next, last))
			break;
		last = next;
	}
	expect_eq(errno, ELOOP);
	say("%d deep, built %s", count, from_above ? "downwards" : "upwards");
}

/* Every epoll of a level watches every one of the level below: how many ways are too many. */
static void ways(bool from_above)
{
	int level[LEVELS][WIDTH], p[2], made = 0, refused = 0;

	must(pipe(p));
	for (int i = 0; i < LEVELS; i++)
		for (int j = 0; j < WIDTH; j++)
			level[i][j] = make();
	if (!from_above)
		for (int j = 0; j < WIDTH; j++)
			must(watch(level[0][j], p[0]));
	for (int i = 1; i < LEVELS; i++)
		for (int j = 0; j < WIDTH; j++)
			for (int k = 0; k < WIDTH; k++) {
				if (!watch(level[i][j], level[i - 1][k])) {
					made++;
				} else {
					expect_eq(errno, EINVAL);
					refused++;
				}
			}
	for (int j = 0; from_above && j < WIDTH; j++) {
		if (!watch(level[0][j], p[0])) {
			made++;
		} else {
			expect_eq(errno, EINVAL);
			refused++;
		}
	}
	say("%d watches, %d refused", made, refused);
	expect_eq(write(p[1], "x", 1), 1);
	for (int i = 0; i < LEVELS; i++)
		for (int j = 0; j < WIDTH; j++)
			must(close(level[i][j]));
}

int main(void)
{
	loops();
	depth(true);
	depth(false);
	ways(false);
	ways(true);
	return 0;
}
