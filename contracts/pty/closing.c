/*
 * closing.c - what each end sees when the other one closes, and when it comes back.
 * mutants: setsid=0 ioctl(command:0x540e)=0
 */
#include "contract.h"
#include "pair.h"

/* One each: a handler may interrupt the other. */
static volatile int hangups, continues;

static void handler(int signo)
{
	if (signo == SIGHUP)
		hangups++;
	else
		continues++;
}

static void leader(struct pair pair, volatile int *told)
{
	char byte;

	handle(SIGHUP, handler, 0);
	handle(SIGCONT, handler, 0);
	must(setsid());
	must(ioctl(pair.slave, TIOCSCTTY, 0));
	must(close(pair.master));
	told[0] = 1;
	while (!hangups || !continues)
		sleep_ms(1);
	expect(hangups == 1 && continues == 1);
	expect_eq(read(pair.slave, &byte, 1), 0);
	must_fail(write(pair.slave, "x", 1), EIO);
	must_fail(ioctl(pair.slave, TIOCGWINSZ, &byte), EIO);
	must_fail(open(pair.name, O_RDWR), ENOENT);
	must_fail(open("/dev/tty", O_RDWR), ENXIO);
	expect(state(pair.slave) & POLLHUP);
	_exit(0);
}

int main(void)
{
	volatile int *told = map_shared(PAGE);
	struct pair pair = pair_open();
	char text[16];
	pid_t child;

	put(pair.slave, "last");
	must(close(pair.slave));
	expect_eq(state(pair.master), POLLIN | POLLOUT | POLLHUP);
	expect_eq(read(pair.master, text, sizeof(text)), 4);
	expect_eq(state(pair.master), POLLOUT | POLLHUP);
	must_fail(read(pair.master, text, sizeof(text)), EIO);
	must_fail(read(pair.master, text, sizeof(text)), EIO);
	pair.slave = must(open(pair.name, O_RDWR | O_NOCTTY));
	expect_eq(state(pair.master), POLLOUT);
	put(pair.slave, "back");
	expect_eq(read(pair.master, text, sizeof(text)), 4);
	child = fork_child();
	if (!child) {
		must(close(pair.slave));
		must_fail(read(pair.master, text, 1), EIO);
		_exit(0);
	}
	sleep_ms(50);
	must(close(pair.slave));
	expect_exit(child, 0);
	say("EIO after the slave's last close, until it is opened again");

	pair.slave = must(open(pair.name, O_RDWR | O_NOCTTY));
	child = fork_child();
	if (!child)
		leader(pair, told);
	while (!told[0])
		sleep_ms(1);
	must(close(pair.master));
	expect_exit(child, 0);
	say("the master's close hangs up: SIGHUP and SIGCONT, end of file, EIO, no name");
	return 0;
}
