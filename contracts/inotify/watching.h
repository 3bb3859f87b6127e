/* watching.h - what the inotify contracts share: events as text. */
#pragma once

#include <sys/inotify.h>
#include <sys/ioctl.h>

static const struct {
	uint32_t bit;
	const char *name;
} bits[] = {
	{ IN_ACCESS, "ACCESS" },
	{ IN_MODIFY, "MODIFY" },
	{ IN_ATTRIB, "ATTRIB" },
	{ IN_CLOSE_WRITE, "CLOSE_WRITE" },
	{ IN_CLOSE_NOWRITE, "CLOSE_NOWRITE" },
	{ IN_OPEN, "OPEN" },
	{ IN_MOVED_FROM, "MOVED_FROM" },
	{ IN_MOVED_TO, "MOVED_TO" },
	{ IN_CREATE, "CREATE" },
	{ IN_DELETE, "DELETE" },
	{ IN_DELETE_SELF, "DELETE_SELF" },
	{ IN_MOVE_SELF, "MOVE_SELF" },
	{ IN_UNMOUNT, "UNMOUNT" },
	{ IN_Q_OVERFLOW, "Q_OVERFLOW" },
	{ IN_IGNORED, "IGNORED" },
	{ IN_ISDIR, "ISDIR" },
};

static inline void show_event(const struct inotify_event *event)
{
	static uint32_t last_cookie;
	char text[200] = "";

	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		if (event->mask & bits[i].bit) {
			strcat(text, " ");
			strcat(text, bits[i].name);
		}
	/* A pair has one cookie, the next pair another one. */
	if (event->mask & IN_MOVED_FROM) {
		expect(event->cookie && event->cookie != last_cookie);
		last_cookie = event->cookie;
	} else if ((event->mask & IN_MOVED_TO) && event->cookie == last_cookie) {
		strcat(text, " (same cookie)");
	} else if (!(event->mask & IN_MOVED_TO)) {
		expect_eq(event->cookie, 0);
	}
	expect_eq(event->len % 16, 0);
	say("  %d:%s %s", event->wd, text, event->len ? event->name : "-");
}

/* What is queued, which must be as many bytes as FIONREAD said. */
static inline void show(int in, const char *title)
{
	static char buffer[65536] __attribute__((aligned(8)));
	int bytes = -1;
	ssize_t got, at = 0;

	must(ioctl(in, FIONREAD, &bytes));
	got = read(in, buffer, sizeof(buffer));
	if (got < 0) {
		expect_eq(errno, EAGAIN);
		got = 0;
	}
	expect_eq(got, bytes);
	say("%s:", title);
	while (at < got) {
		const struct inotify_event *event = (const void *)(buffer + at);

		show_event(event);
		at += (ssize_t)sizeof(*event) + event->len;
	}
}
