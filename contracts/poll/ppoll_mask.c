/*
 * ppoll_mask.c - ppoll and pselect change mask and wait in one step, and tell the time that is left.
 * mutants: ppoll=0 pselect6=0 ppoll=EINTR kill=0 rt_sigprocmask=0
 */
#include "contract.h"
#include <poll.h>
#include <sys/select.h>

static volatile int caught;

static void handler(int signo)
{
	caught += signo == SIGUSR1;
}

/* The call itself: libc's wrapper keeps the time left to itself. */
static int ppoll_raw(struct pollfd *fds, int count, struct timespec *time, const sigset_t *mask)
{
	return syscall(SYS_ppoll, fds, count, time, mask, 8);
}

int main(void)
{
	struct timespec later = { 10, 0 }, soon = { 0, 20000000 }, never = { -1, 0 };
	struct pollfd one;
	int pipe_fds[2];
	sigset_t usr1, none, now;
	fd_set set;

	must(pipe(pipe_fds));
	one = (struct pollfd){ pipe_fds[0], POLLIN, 0 };
	sigemptyset(&none);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	handle(SIGUSR1, handler, SA_RESTART);
	must(sigprocmask(SIG_BLOCK, &usr1, NULL));
	must(kill(getpid(), SIGUSR1));
	expect_eq(ppoll_raw(&one, 1, &soon, NULL), 0);
	expect(soon.tv_sec == 0 && soon.tv_nsec == 0 && caught == 0);
	must_fail(ppoll_raw(&one, 1, &later, &none), EINTR);
	expect_eq(caught, 1);
	expect(later.tv_sec == 9 && later.tv_nsec > 0);
	must(sigprocmask(SIG_BLOCK, NULL, &now));
	expect(sigismember(&now, SIGUSR1));
	must_fail(ppoll_raw(&one, 1, &never, NULL), EINVAL);
	must_fail(syscall(SYS_ppoll, &one, 1, NULL, &none, 4), EINVAL);
	must_fail(poll((void *)1, 1, 0), EFAULT);
	must_fail(poll(&one, 2000000, 0), EINVAL);

	must(kill(getpid(), SIGUSR1));
	FD_ZERO(&set);
	FD_SET(pipe_fds[0], &set);
	must_fail(pselect(pipe_fds[0] + 1, &set, NULL, NULL, &later, &none), EINTR);
	expect_eq(caught, 2);
	expect(FD_ISSET(pipe_fds[0], &set));
	expect_eq(write(pipe_fds[1], "x", 1), 1);
	must(kill(getpid(), SIGUSR1));
	expect_eq(ppoll_raw(&one, 1, NULL, &none), 1);
	say("mask for the call only, EINTR whatever SA_RESTART says, time left");
	return 0;
}
