/* pair.h - what the contracts of pseudo-terminals share. */
#pragma once

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

struct pair {
	int master, slave;
	char name[40];
};

static inline struct pair pair_open(void)
{
	struct pair pair = { .master = must(open("/dev/ptmx", O_RDWR | O_NOCTTY)) };
	int number = -1, unlock = 0;

	must(ioctl(pair.master, TIOCSPTLCK, &unlock));
	must(ioctl(pair.master, TIOCGPTN, &number));
	snprintf(pair.name, sizeof(pair.name), "/dev/pts/%d", number);
	pair.slave = must(open(pair.name, O_RDWR | O_NOCTTY));
	return pair;
}

/* Bytes go through as they are. */
static inline void raw(int fd)
{
	struct termios modes;

	must(tcgetattr(fd, &modes));
	cfmakeraw(&modes);
	must(tcsetattr(fd, TCSANOW, &modes));
}

static inline int state(int fd)
{
	struct pollfd one = { fd, POLLIN | POLLOUT | POLLPRI, 0 };

	must(poll(&one, 1, 0));
	return one.revents;
}

static inline int unread(int fd)
{
	int bytes;

	must(ioctl(fd, FIONREAD, &bytes));
	return bytes;
}

#define PAIR_SECONDS 10

/* What the other end has written comes by and by. */
static inline void wait_unread(int fd, int size)
{
	const long long deadline = now_ns() + PAIR_SECONDS * 1000000000LL;

	while (unread(fd) < size) {
		if (now_ns() > deadline)
			broken("%d bytes after %d seconds, not %d", unread(fd), PAIR_SECONDS, size);
		sleep_ms(1);
	}
}

/* Writes to an end that does not wait until it has no room, and what was on its way has come and made none. How much? */
static inline size_t fill(int from, int to)
{
	static const char text[100];
	size_t done = 0;

	do {
		ssize_t size;

		while ((size = write(from, text, sizeof(text))) > 0)
			done += (size_t)size;
		expect_eq(errno, EAGAIN);
		wait_unread(to, 4095);
	} while (poll(&(struct pollfd){ from, POLLOUT, 0 }, 1, 5) > 0);
	return done;
}

/* Reads until `size` bytes are there, and shows them with control characters as ^X. */
static inline void show(const char *title, int fd, size_t size)
{
	char text[512], shown[1100];
	size_t done = 0, at = 0;

	while (done < size) {
		ssize_t got = must(read(fd, text + done, size - done));

		expect(got > 0);
		done += (size_t)got;
	}
	for (size_t i = 0; i < done; i++) {
		if ((unsigned char)text[i] < 32 || text[i] == 127) {
			shown[at++] = '^';
			shown[at++] = text[i] ^ 64;
		} else {
			shown[at++] = text[i];
		}
	}
	shown[at] = 0;
	say("%s: %s", title, shown);
}

static inline void put(int fd, const char *text)
{
	expect_eq(write(fd, text, strlen(text)), strlen(text));
}
