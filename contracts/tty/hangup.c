/*
 * hangup.c - when a session leader ends, its terminal is hung up: the foreground group gets SIGHUP, what was
 * open on the terminal is dead, and the terminal is free for the next session.
 * mutants: ioctl=0 setsid=0 signal(signo:SIGHUP)=0 read=EIO poll=0
 */
#include "contract.h"
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

static volatile int hung_up;

static void handler(int signo)
{
	(void)signo;
	hung_up = 1;
}

static void member(int fd, volatile int *told)
{
	struct pollfd one = { fd, POLLIN, 0 };
	struct winsize size;
	char byte;

	handle(SIGHUP, handler, 0);
	must(close(must(open("/dev/tty", O_RDWR))));
	told[0] = 1;
	while (!hung_up)
		sleep_ms(1);
	while (open("/dev/tty", O_RDWR) >= 0)
		sleep_ms(1);
	expect_eq(errno, ENXIO);
	expect_eq(read(fd, &byte, 1), 0);
	must_fail(write(fd, "x", 1), EIO);
	must_fail(ioctl(fd, TIOCGWINSZ, &size), EIO);
	must_fail(tcgetpgrp(fd), EIO);
	must_fail(tcsetpgrp(fd, getpgrp()), ENOTTY);
	expect_eq(poll(&one, 1, 0), 1);
	expect(one.revents & POLLHUP);
	told[1] = 1;
	_exit(0);
}

static int session(volatile int *told)
{
	int fd;

	must(setsid());
	fd = must(open("/dev/ttyS0", O_RDWR));
	expect_eq(tcgetsid(fd), getpid());
	if (!fork_child())
		member(fd, told);
	while (!told[0])
		sleep_ms(1);
	return 0;
}

int main(void)
{
	volatile int *told = map_shared(PAGE);
	pid_t child = fork_child();
	int fd;

	if (!child)
		_exit(session(told));
	expect_exit(child, 0);
	while (!told[1])
		sleep_ms(1);
	fd = must(open("/dev/ttyS0", O_RDWR | O_NOCTTY));
	must_fail(ioctl(fd, TIOCSPGRP, &child), ENOTTY);
	child = fork_child();
	if (!child) {
		must(setsid());
		must_fail(open("/dev/tty", O_RDWR), ENXIO);
		must(close(must(open("/dev/ttyS0", O_RDWR | O_NOCTTY))));
		must_fail(open("/dev/tty", O_RDWR), ENXIO);
		must(ioctl(fd, TIOCSCTTY, 0));
		must(ioctl(fd, TIOCSCTTY, 0));
		must(close(must(open("/dev/tty", O_RDWR))));
		expect_eq(tcgetpgrp(fd), getpid());
		_exit(0);
	}
	expect_exit(child, 0);
	say("SIGHUP, end of file, EIO, and free for the next session");
	return 0;
}
