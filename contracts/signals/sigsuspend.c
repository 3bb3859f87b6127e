/*
 * sigsuspend.c - sigsuspend changes the mask and waits in one step, and puts the mask back after the handler.
 * mutants: rt_sigsuspend=EINTR rt_sigsuspend=ENOSYS kill=0 rt_sigprocmask=0
 */
#include "contract.h"

static volatile int count;

static void handler(int signo)
{
	(void)signo;
	count++;
}

int main(void)
{
	sigset_t block, none, now;
	pid_t child, parent = getpid();

	handle(SIGUSR1, handler, 0);
	sigemptyset(&none);
	sigemptyset(&block);
	sigaddset(&block, SIGUSR1);
	must(sigprocmask(SIG_BLOCK, &block, NULL));
	must(kill(parent, SIGUSR1));
	must_fail(sigsuspend(&none), EINTR);
	expect_eq(count, 1);

	child = fork_child();
	if (!child) {
		for (int i = 0; i < 200; i++) {
			must(kill(parent, SIGUSR1));
			must_fail(sigsuspend(&none), EINTR);
		}
		_exit(0);
	}
	for (int i = 0; i < 200; i++) {
		must_fail(sigsuspend(&none), EINTR);
		must(kill(child, SIGUSR1));
	}
	expect_exit(child, 0);
	expect_eq(count, 201);
	must(sigprocmask(SIG_BLOCK, NULL, &now));
	expect(sigismember(&now, SIGUSR1));
	say("200 rounds between two processes, no signal lost");
	return 0;
}
