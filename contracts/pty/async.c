/*
 * async.c - O_ASYNC on both ends of a pseudo-terminal: a signal for input, and for room after a write that had to stop.
 * mutants: fcntl(command:4)=0 fcntl(command:10)=0 write(size:3)=0 fcntl(command:8)=0
 */
#include "contract.h"
#include "pair.h"
#include "signals/async_io.h"

/* As pair_open's end does not wait. */
static void arm(int fd)
{
	must(fcntl(fd, F_SETSIG, ASYNC_SIGNAL));
	must(fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK | O_ASYNC));
}

/* Takes `size` bytes, which is all. */
static void drain(int fd, size_t size)
{
	char bytes[4096];

	while (size) {
		ssize_t got;

		expect_eq(poll(&(struct pollfd){ fd, POLLIN, 0 }, 1, PAIR_SECONDS * 1000), 1);
		got = must(read(fd, bytes, sizeof(bytes)));
		expect(got > 0 && (size_t)got <= size);
		size -= (size_t)got;
	}
	expect_eq(state(fd) & POLLIN, 0);
}

int main(void)
{
	struct pair pair = pair_open();
	int on = 1;
	size_t done;

	signals_block();
	expect_eq(fcntl(pair.slave, F_GETOWN), 0);
	arm(pair.slave);
	/* Nobody's terminal: whoever asks is told, unless somebody was chosen. */
	expect_eq(fcntl(pair.slave, F_GETOWN), getpid());
	put(pair.master, "abc");
	signals_tell("slave, half a line", pair.slave, false);
	put(pair.master, "de\n");
	signals_tell("slave, a line", pair.slave, true);
	drain(pair.master, strlen("abcde\r\n"));
	drain(pair.slave, strlen("abcde\n"));
	raw(pair.slave);
	signals_tell("slave, new modes", pair.slave, false);
	put(pair.master, "x");
	signals_tell("slave, a byte", pair.slave, true);
	drain(pair.slave, 1);

	async_off(pair.slave);
	must(fcntl(pair.master, F_SETOWN, -getpgrp()));
	arm(pair.master);
	expect_eq(fcntl(pair.master, F_GETOWN), -getpgrp());
	must(fcntl(pair.master, F_SETOWN, getpid()));
	put(pair.slave, "out");
	signals_tell("master", pair.master, true);
	drain(pair.master, strlen("out"));
	async_off(pair.master);

	/* Full: the slave is told when there is room, once. */
	must(fcntl(pair.slave, F_SETFL, O_RDWR | O_NONBLOCK | O_ASYNC));
	done = fill(pair.slave, pair.master);
	expect(done > 2000);
	signals_tell("slave, full", pair.slave, false);
	drain(pair.master, done);
	signals_tell("slave, room", pair.slave, true);

	must(close(pair.master));
	signals_tell("slave, hung up", pair.slave, false);
	async_off(pair.slave);
	must_fail(fcntl(pair.slave, F_SETFL, O_RDWR | O_ASYNC), ENOTTY);
	must_fail(ioctl(pair.slave, FIOASYNC, &on), ENOTTY);
	return 0;
}
