/*
 * job_control.c - a session leader gets a controlling terminal; a background process that reads from it
 * is stopped by SIGTTIN, and continues when it is put in the foreground.
 * mutants: ioctl=0 signal(signo:SIGTTIN)=0 setpgid=0 ioctl(command:TIOCSPGRP)=0 rt_sigaction=0
 */
#include "contract.h"
#include <sys/ioctl.h>
#include <termios.h>

int main(void)
{
	int status, fd;
	pid_t child;
	char byte;

	handle(SIGHUP, SIG_IGN, 0);
	handle(SIGTTOU, SIG_IGN, 0);
	must_fail(open("/dev/tty", O_RDWR), ENXIO);
	fd = must(open("/dev/ttyS0", O_RDWR));
	must(close(must(open("/dev/tty", O_RDWR))));
	expect_eq(tcgetpgrp(fd), getpgrp());
	expect_eq(tcgetsid(fd), getsid(0));
	must_fail(tcsetpgrp(fd, 1), EPERM);

	child = fork_child();
	if (!child) {
		must(setpgid(0, 0));
		must(fcntl(fd, F_SETFL, O_NONBLOCK));
		must_fail(read(fd, &byte, 1), EAGAIN);
		expect_eq(tcgetpgrp(fd), getpgrp());
		_exit(0);
	}
	expect_eq(waitpid(child, &status, WUNTRACED), child);
	expect(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTTIN);
	must(tcsetpgrp(fd, child));
	expect_eq(tcgetpgrp(fd), child);
	must(kill(child, SIGCONT));
	expect_exit(child, 0);
	must(tcsetpgrp(fd, getpgrp()));

	child = fork_child();
	if (!child) {
		handle(SIGTTOU, SIG_DFL, 0);
		must(setpgid(0, 0));
		tcsetpgrp(fd, getpgrp());
		_exit(0);
	}
	expect_eq(waitpid(child, &status, WUNTRACED), child);
	expect(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTTOU);
	must(kill(child, SIGKILL));
	expect_killed(child, SIGKILL);
	must(ioctl(fd, TIOCNOTTY));
	must_fail(open("/dev/tty", O_RDWR), ENXIO);
	say("SIGTTIN and SIGTTOU stop the background, the foreground reads");
	return 0;
}
