/*
 * waiting.c - read, poll and epoll wait for events; the end of a mount ends its watches.
 * mutants: poll#1=1 epoll_wait#2=1 mount=0 umount2=0
 */
#include "contract.h"
#include "watching.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mount.h>

static void child_makes(const char *name)
{
	if (!fork_child()) {
		sleep_ms(50);
		must(close(file_with(name, "")));
		_exit(0);
	}
}

int main(void)
{
	int in = must(inotify_init()), events = must(epoll_create1(0));
	char buffer[4096] __attribute__((aligned(8)));
	const struct inotify_event *event = (const void *)buffer;
	struct epoll_event what = { .events = EPOLLIN | EPOLLET };
	struct pollfd one = { in, POLLIN | POLLOUT, 0 };

	must(inotify_add_watch(in, ".", IN_CREATE));
	child_makes("a");
	expect_eq(read(in, buffer, sizeof(buffer)), 32);
	show_event(event);
	must(wait(NULL));

	expect_eq(poll(&one, 1, 0), 0);
	child_makes("b");
	expect_eq(poll(&one, 1, 5000), 1);
	expect_eq(one.revents, POLLIN);
	must(wait(NULL));
	expect_eq(read(in, buffer, sizeof(buffer)), 32);

	must(epoll_ctl(events, EPOLL_CTL_ADD, in, &what));
	child_makes("c");
	expect_eq(epoll_wait(events, &what, 1, 5000), 1);
	expect_eq(epoll_wait(events, &what, 1, 0), 0);
	must(wait(NULL));
	expect_eq(read(in, buffer, sizeof(buffer)), 32);
	expect_eq(fcntl(in, F_SETFL, O_NONBLOCK), 0);

	must(mkdir("m", 0700));
	show(in, "mkdir");
	must(mount("none", "m", "tmpfs", 0, NULL));
	must(inotify_add_watch(in, "m", IN_CREATE));
	must(close(file_with("m/x", "")));
	must(inotify_add_watch(in, "m/x", IN_OPEN));
	must(umount("m"));
	read(in, buffer, sizeof(buffer));
	show_event(event);
	say("unmounted:");
	{
		/* The order of the two inodes is not promised. */
		int unmounts = 0, ends = 0;

		for (ssize_t at = 32; at < 32 + 4 * 16; at += 16) {
			event = (const void *)(buffer + at);
			unmounts += (event->mask & IN_UNMOUNT) != 0;
			expect_eq(event->mask & IN_ISDIR,
				  event->mask & IN_UNMOUNT && event->wd == 2 ? IN_ISDIR : 0);
			ends += event->mask == IN_IGNORED;
		}
		expect_eq(unmounts, 2);
		expect_eq(ends, 2);
	}
	must(mount("none", "m", "tmpfs", 0, NULL));
	must(inotify_add_watch(in, "m", IN_CREATE));
	must(close(in));
	must(umount("m"));
	return 0;
}
