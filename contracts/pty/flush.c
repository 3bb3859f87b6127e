/*
 * flush.c - whoever is stopped in a write to one end of a pseudo-terminal goes on when the other end drops what it has, or lets
 * output go on; and not before.
 * mutants: ioctl(command:0x540b)=0 ioctl(command:0x540a)=0 ioctl(command:0x5402)=0 write(size:1)=0
 */
#include "asleep.h"
#include "pair.h"

#define CASES 24
#define TOGETHER 8

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

/* Who watches a writer has one CPU with it: while the one sleeps the other gets as far as it can. */
static void share_cpu(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(must(sched_getcpu()), &one);
	must(sched_setaffinity(0, sizeof(one), &one));
}

/* Until it is stopped: seen asleep, which it is nowhere but in write, three times, with nothing written meanwhile. */
static size_t settled(pid_t child)
{
	size_t before = 0;

	wait_asleep(child);
	for (int same = 0; same < 3; same++) {
		char letter = process_state(child);

		expect(letter && letter != 'Z');
		if (mine->written != before || letter != 'S')
			same = -1;
		before = mine->written;
		sleep_ms(1);
	}
	return before;
}

/* Has it written more than that? What is wanted is waited for, and what is not might be there after a moment. */
static bool goes_on(size_t before, bool wanted)
{
	const long long end = now_ns() + (wanted ? PAIR_SECONDS * 1000000000LL : 10000000);

	while (mine->written == before && now_ns() < end)
		sleep_ms(1);
	return mine->written > before;
}

/* Whoever stays goes on when the other end is read. */
static void read_after(int fd, size_t before)
{
	const long long end = now_ns() + PAIR_SECONDS * 1000000000LL;
	struct pollfd one = { fd, POLLIN, 0 };
	char text[4096];

	while (mine->written == before) {
		if (now_ns() > end)
			broken("%s, also when it is read", mine->seen);
		if (poll(&one, 1, 1) > 0)
			must(read(fd, text, sizeof(text)));
	}
}

/* Does whoever writes to one end go on? */
static void flush(bool to_master, bool by_master, int what)
{
	static const char *const names[] = { "TCIFLUSH", "TCOFLUSH", "TCIOFLUSH" };
	struct pair pair = pair_open();
	const int to = to_master ? pair.master : pair.slave;
	const bool wanted = to_master == by_master && what != TCOFLUSH;
	pid_t child;
	size_t before;

	raw(pair.slave);
	child = writer(to_master ? pair.slave : pair.master);
	wait_unread(to, 4095);
	before = settled(child);
	must(tcflush(by_master ? pair.master : pair.slave, what));
	snprintf(mine->seen, sizeof(mine->seen), "writing to the %s, %s of the %s: %s",
		 to_master ? "slave" : "master", names[what], by_master ? "master" : "slave",
		 goes_on(before, wanted) ? "goes on" : "stays");
	if (!wanted)
		read_after(to, before);
	must(kill(child, SIGKILL));
	expect_killed(child, SIGKILL);
	must(close(pair.master));
	must(close(pair.slave));
}

/* Until output is stopped, so that there is no room for any. */
static void wait_stopped(int slave)
{
	const long long deadline = now_ns() + PAIR_SECONDS * 1000000000LL;

	while (state(slave) & POLLOUT) {
		expect(now_ns() < deadline);
		sleep_ms(1);
	}
}

/* Types something whose last byte is for the reader: once it is there, all has come. */
static void type(const struct pair *pair, const char *text)
{
	put(pair->master, text);
	wait_unread(pair->slave, 1);
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
	wait_stopped(pair.slave);
	child = writer(pair.slave);
	before = settled(child);
	if (way == TYPED)
		type(&pair, "\x11z");
	else if (way == TYPED_ANY)
		type(&pair, "a");
	else if (way == CALLED)
		must(tcflow(pair.slave, TCOON));
	else if (way == FLUSHED)
		must(tcflush(pair.slave, TCOFLUSH));
	else if (way == SIGNALLED)
		type(&pair, "\x03z");
	else if (way == MODES) {
		modes.c_iflag = 0;
		must(tcsetattr(pair.slave, TCSANOW, &modes));
	}
	snprintf(mine->seen, sizeof(mine->seen), "stopped by %s, %s, then %s: %s",
		 by_call ? "TCOOFF" : "^S", before ? "wrote" : "waits", names[way],
		 goes_on(before, by_call ? way == CALLED : way != CALLED && way != FLUSHED)
			 ? "goes on"
			 : "stays");
	must(kill(child, SIGKILL));
	expect_killed(child, SIGKILL);
	must(close(pair.master));
	must(close(pair.slave));
}

#define AMOUNT 6016

/* Reads until `wanted` bytes have come and no more follow; returns how many did. */
static ssize_t rest(int fd, ssize_t wanted)
{
	struct pollfd one = { fd, POLLIN, 0 };
	char text[1000];
	ssize_t size = 0;

	while (poll(&one, 1, size < wanted ? PAIR_SECONDS * 1000 : 4) > 0)
		size += must(read(fd, text, sizeof(text)));
	return size;
}

/* Of more than the reading end has in its buffer, what is left? */
static void amount(bool to_master, bool by_master, int what)
{
	static const char *const names[] = { "TCIFLUSH", "TCOFLUSH" };
	struct pair pair = pair_open();
	int from = to_master ? pair.slave : pair.master, to = to_master ? pair.master : pair.slave;
	static char text[AMOUNT];
	ssize_t wanted = AMOUNT;

	raw(pair.slave);
	must(fcntl(from, F_SETFL, O_RDWR | O_NONBLOCK));
	for (size_t done = 0; done < sizeof(text);) {
		ssize_t size = write(from, text, sizeof(text) - done);

		if (size > 0)
			done += (size_t)size;
		else
			sleep_ms(1);
	}
	wait_unread(to, 4095);
	must(tcflush(by_master ? pair.master : pair.slave, what));
	if (to_master == by_master && what == TCIFLUSH)
		wanted = 0;
	else if (to_master != by_master && what == TCOFLUSH)
		wanted = 4095;
	say("sent to the %s, %s of the %s: %zd left", to_master ? "master" : "slave", names[what],
	    by_master ? "master" : "slave", rest(to, wanted));
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
			share_cpu();
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
