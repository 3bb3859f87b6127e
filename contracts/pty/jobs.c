/*
 * jobs.c - a session on a pseudo-terminal: typed signals, foreground and background, and the leader's exit.
 * mutants: setpgid=0 ioctl(command:0x5414)=0 setsid=0
 */
#include "contract.h"
#include "pair.h"

static volatile int signals;

static void told(int signo)
{
	signals++;
	say("signal %s", sigabbrev_np(signo));
}

static void reader(int fd)
{
	char text[16];

	expect_eq(read(fd, text, sizeof(text)), 3);
	_exit(0);
}

/* A background group's member gets SIGTTIN; brought to the foreground, it reads. */
static void background(struct pair pair)
{
	pid_t child = fork_child();
	int status;

	if (!child) {
		must(setpgid(0, 0));
		reader(pair.slave);
	}
	setpgid(child, child);
	expect_eq(waitpid(child, &status, WUNTRACED), child);
	expect(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTTIN);
	must(tcsetpgrp(pair.slave, child));
	expect_eq(tcgetpgrp(pair.slave), child);
	expect_eq(tcgetpgrp(pair.master), child);
	must(kill(child, SIGCONT));
	put(pair.master, "ok\n");
	expect_exit(child, 0);
	signal(SIGTTOU, SIG_IGN);
	must(tcsetpgrp(pair.slave, getpgrp()));
	say("stopped in the background, reads in the foreground");
}

static void wait_signals(int count)
{
	while (signals < count)
		sleep_ms(1);
}

static void session(struct pair pair)
{
	struct winsize size = { 10, 20, 0, 0 };

	must(setsid());
	must_fail(tcgetpgrp(pair.slave), ENOTTY);
	must(close(pair.slave));
	pair.slave = must(open(pair.name, O_RDWR));
	expect_eq(tcgetsid(pair.slave), getpid());
	expect_eq(tcgetsid(pair.master), getpid());
	handle(SIGINT, told, SA_RESTART);
	handle(SIGQUIT, told, SA_RESTART);
	handle(SIGTSTP, told, SA_RESTART);
	handle(SIGWINCH, told, SA_RESTART);
	put(pair.master, "\x03");
	wait_signals(1);
	put(pair.master, "\x1c");
	wait_signals(2);
	put(pair.master, "\x1a");
	wait_signals(3);
	must(ioctl(pair.master, TIOCSWINSZ, &size));
	must(ioctl(pair.master, TIOCSWINSZ, &size)); /* no change, no signal */
	must(ioctl(pair.master, TIOCSIG, SIGINT));
	must_fail(ioctl(pair.master, TIOCSIG, SIGUSR1), EINVAL);
	memset(&size, 0, sizeof(size));
	must(ioctl(pair.slave, TIOCGWINSZ, &size));
	expect(size.ws_row == 10 && size.ws_col == 20);
	show("echo", pair.master, 6);
	background(pair);
}

static volatile int hup;

static void on_hup(int signo)
{
	(void)signo;
	hup = 1;
}

int main(void)
{
	volatile int *seen = map_shared(PAGE);
	struct pair pair = pair_open();
	pid_t child = fork_child();
	char text[8];

	if (!child) {
		session(pair);
		/* A member of the foreground group outlives the leader, and its terminal. */
		if (!fork_child()) {
			handle(SIGHUP, on_hup, 0);
			seen[0] = 1;
			while (!hup)
				sleep_ms(1);
			while (open("/dev/tty", O_RDWR) >= 0)
				sleep_ms(1);
			expect_eq(errno, ENXIO);
			put(pair.slave, "still");
			seen[1] = 1;
			_exit(0);
		}
		while (!seen[0])
			sleep_ms(1);
		_exit(0);
	}
	must(close(pair.slave));
	expect_exit(child, 0);
	while (!seen[1])
		sleep_ms(1);
	show("rest", pair.master, 4);
	show("after the leader", pair.master, 5);
	must_fail(read(pair.master, text, 1), EIO);
	return 0;
}
