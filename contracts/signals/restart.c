/*
 * restart.c - a handler interrupts read(2) with EINTR, or with SA_RESTART lets it go on; wait too.
 * mutants: read#2=EINTR read=0 kill=0 wait4=EINTR signal(signo:SIGUSR1)=0 rt_sigaction=0
 */
#include "contract.h"

static volatile int caught;

static void handler(int signo)
{
	(void)signo;
	caught++;
}

/* A child that signals the parent twice, then writes to the pipe, then exits. */
static pid_t nag(int fd)
{
	pid_t child = fork_child();

	if (!child) {
		sleep_ms(50);
		must(kill(getppid(), SIGUSR1));
		sleep_ms(50);
		must(kill(getppid(), SIGUSR1));
		sleep_ms(50);
		expect_eq(write(fd, "x", 1), 1);
		_exit(0);
	}
	return child;
}

int main(void)
{
	int pipe_fds[2], status;
	pid_t child;
	char byte;

	must(pipe(pipe_fds));
	handle(SIGUSR1, handler, SA_RESTART);
	child = nag(pipe_fds[1]);
	expect_eq(read(pipe_fds[0], &byte, 1), 1);
	expect_eq(caught, 2);
	expect_eq(waitpid(child, &status, 0), child);
	say("SA_RESTART: read returns the byte after two signals");

	caught = 0;
	handle(SIGUSR1, handler, 0);
	child = nag(pipe_fds[1]);
	must_fail(read(pipe_fds[0], &byte, 1), EINTR);
	expect_eq(caught, 1);
	must_fail(waitpid(child, &status, 0), EINTR);
	expect_eq(caught, 2);
	expect_eq(read(pipe_fds[0], &byte, 1), 1);
	expect_eq(waitpid(child, &status, 0), child);
	say("without: EINTR from read and from wait");

	handle(SIGUSR1, handler, SA_RESTART);
	child = nag(pipe_fds[1]);
	must_fail(pause(), EINTR);
	expect_exit(child, 0);
	say("pause is never restarted");
	return 0;
}
