/*
 * races.c - watches come and go while their files do, on all CPUs; each ends once.
 * mutants: read=EINVAL read=0
 */
#include "contract.h"
#include "watching.h"
#include <pthread.h>

static volatile int over;

static void *maker(void *unused)
{
	(void)unused;
	while (!over) {
		must(close(must(open("d/x", O_RDWR | O_CREAT, 0600))));
		must(unlink("d/x"));
	}
	return NULL;
}

static void *watcher(void *arg)
{
	int in = *(int *)arg, wd;

	while (!over) {
		wd = inotify_add_watch(in, "d/x", IN_ALL_EVENTS);
		if (wd >= 0)
			inotify_rm_watch(in, wd);
	}
	return NULL;
}

static void *closer(void *unused)
{
	(void)unused;
	while (!over) {
		int in = must(inotify_init());

		must(inotify_add_watch(in, "d", IN_ALL_EVENTS));
		inotify_add_watch(in, "d/x", IN_ALL_EVENTS);
		must(close(in));
	}
	return NULL;
}

int main(void)
{
	int in = must(inotify_init1(IN_NONBLOCK));
	static char buffer[65536] __attribute__((aligned(8)));
	long long end = now_ns() + 400000000;
	static bool gone[1 << 20];
	pthread_t threads[3];
	ssize_t got, at;
	int ends = 0;

	must(mkdir("d", 0700));
	pthread_create(&threads[0], NULL, maker, NULL);
	pthread_create(&threads[1], NULL, watcher, &in);
	pthread_create(&threads[2], NULL, closer, NULL);
	while (now_ns() < end) {
		got = read(in, buffer, sizeof(buffer));
		for (at = 0; at < got;) {
			const struct inotify_event *event = (const void *)(buffer + at);

			if (event->wd > 0 && event->wd < 1 << 20) {
				if (!(event->mask & IN_IGNORED))
					goto next;
				expect(!gone[event->wd]);
				gone[event->wd] = true;
				ends++;
			}
next:
			at += (ssize_t)sizeof(*event) + event->len;
		}
		if (got < 0) {
			expect_eq(errno, EAGAIN);
			sleep_ms(1);
		}
	}
	over = 1;
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	expect(ends > 0);
	say("every watch ends once");
	return 0;
}
