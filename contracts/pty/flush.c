/*
 * flush.c - whoever is stopped in a write to one end of a pseudo-terminal goes on when the other end drops what it has, or lets
 * output go on; and not before.
 * mutants: ioctl(command:0x540b)=0 ioctl(command:0x540a)=0 ioctl(command:0x5402)=0 write(size:1)=0
 */
#include "asleep.h"
#include "pair.h"

#define CASES 24
#define TOGETHER 4

/* Some cases run at the same time, each in a process of its own. */
struct test_case {
	volatile size_t written; /* by its writer */
	char seen[120];
};

static struct test_case *cases, *mine;

/* A child that writes to `fd` for ever. */
static pid_t writer(int fd)
{
	pid_t child = fork_child();

	if (!child) {
		static char text[64];

		memset(text, 'x', sizeof(text));
		for (;;)
			mine->written += (size_t)must(write(fd, text, sizeof(text)));
	}
	return child;
}

/* Until it is stopped: seen asleep three times, with nothing written meanwhile. */
static size_t settled(pid_t child)
{
	size_t before = mine->written;

	for (int same = 0; same < 3; same++) {
		sleep_ms(10);
		if (mine->written != before || process_state(child) != 'S')
			same = -1;
		before = mine->written;
	}
	return before;
}

static bool goes_on(pid_t child, size_t before)
{
	return settled(child) > before;
}

/* Does whoever writes to one end go on? */
static void flush(bool to_master, bool by_master, int what)
{
	static const char *const names[] = { "TCIFLUSH", "TCOFLUSH", "TCIOFLUSH" };
	struct pair pair = pair_open();
	pid_t child;
	size_t before;

	raw(pair.slave);
	child = writer(to_master ? pair.slave : pair.master);
	before = settled(child);
	must(tcflush(by_master ? pair.master : pair.slave, what));
	snprintf(mine->seen, sizeof(mine->seen), "writing to the %s, %s of the %s: %s",
		 to_master ? "slave" : "master", names[what], by_master ? "master" : "slave",
		 goes_on(child, before) ? "goes on" : "stays");
	must(kill(child, SIGKILL));
	expect_killed(child, SIGKILL);
	must(close(pair.master));
	must(close(pair.slave));
}

enum way { TYPED, TYPED_ANY, CALLED, MODES, FLUSHED, SIGNALLED, WAYS };

/* Output that was stopped: what lets it go on? */
static void stopped(bool by_call, enum way way)
{
	static const char *const names[] = { "^Q",	 "any byte with IXANY",
					     "TCOON",	 "no IXON",
					     "TCOFLUSH", "^C" };
	struct pair pair = pair_open();
	struct termios modes;
	size_t before;
	pid_t child;

	must(tcgetattr(pair.slave, &modes));
	modes.c_lflag &= ~(ECHO | ICANON);
	modes.c_iflag = IXON | (way == TYPED_ANY ? IXANY : 0);
	must(tcsetattr(pair.slave, TCSANOW, &modes));
	if (by_call)
		must(tcflow(pair.slave, TCOOFF));
	else
		put(pair.master, "\x13");
	sleep_ms(40);
	child = writer(pair.slave);
	before = settled(child);
	if (way == TYPED)
		put(pair.master, "\x11");
	else if (way == TYPED_ANY)
		put(pair.master, "a");
	else if (way == CALLED)
		must(tcflow(pair.slave, TCOON));
	else if (way == FLUSHED)
		must(tcflush(pair.slave, TCOFLUSH));
	else if (way == SIGNALLED)
		put(pair.master, "\x03");
	else if (way == MODES) {
		modes.c_iflag = 0;
		must(tcsetattr(pair.slave, TCSANOW, &modes));
	}
	snprintf(mine->seen, sizeof(mine->seen), "stopped by %s, %s, then %s: %s",
		 by_call ? "TCOOFF" : "^S", before ? "wrote" : "waits", names[way],
		 goes_on(child, before) ? "goes on" : "stays");
	must(kill(child, SIGKILL));
	expect_killed(child, SIGKILL);
	must(close(pair.master));
	must(close(pair.slave));
}

#define AMOUNT 6016

static int unread(int fd)
{
	int bytes;

	must(ioctl(fd, FIONREAD, &bytes));
	return bytes;
}

/* Of more than the reading end has in its buffer, what is left? */
static void amount(bool to_master, bool by_master, int what)
{
	static const char *const names[] = { "TCIFLUSH", "TCOFLUSH" };
	struct pair pair = pair_open();
	int from = to_master ? pair.slave : pair.master, to = to_master ? pair.master : pair.slave;
	static char text[AMOUNT];
	ssize_t left = 0;

	raw(pair.slave);
	must(fcntl(from, F_SETFL, O_RDWR | O_NONBLOCK));
	for (size_t done = 0; done < sizeof(text);) {
		ssize_t size = write(from, text, sizeof(text) - done);

		if (size > 0)
			done += (size_t)size;
		else
			sleep_ms(1);
	}
	while (unread(to) < 4095)
		sleep_ms(1);
	must(tcflush(by_master ? pair.master : pair.slave, what));
	while (poll(&(struct pollfd){ to, POLLIN, 0 }, 1, 4) > 0)
		left += must(read(to, text, sizeof(text)));
	say("sent to the %s, %s of the %s: %zd left", to_master ? "master" : "slave", names[what],
	    by_master ? "master" : "slave", left);
	must(close(pair.master));
	must(close(pair.slave));
}

int main(void)
{
	pid_t children[CASES];

	for (int i = 0; i < 8; i++)
		amount(i & 1, i & 2, i >> 2);
	cases = map_shared(CASES * sizeof(*cases));
	for (int first = 0; first < CASES; first += TOGETHER) {
		for (int i = first; i < first + TOGETHER; i++) {
			mine = &cases[i];
			children[i] = fork_child();
			if (children[i])
				continue;
			if (i < 12)
				flush(i & 1, i & 2, i >> 2);
			else
				stopped(i & 1, (i - 12) / 2);
			_exit(0);
		}
		for (int i = first; i < first + TOGETHER; i++) {
			expect_exit(children[i], 0);
			say("%s", cases[i].seen);
		}
	}
	return 0;
}
