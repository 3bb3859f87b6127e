/*
 * thread_signals.c - a signal to one thread runs there; one to the process runs where it is not blocked.
 * mutants: tgkill=0 kill=0 rt_sigprocmask=0 signal=0
 */
#include "contract.h"
#include <pthread.h>

static __thread volatile int here;
static volatile int seen[2], ready, stop;

static void handler(int signo)
{
	(void)signo;
	here++;
}

static void *work(void *unused)
{
	ready = 1;
	while (!stop) {
		seen[1] = here;
		sleep_ms(1);
	}
	return unused;
}

int main(void)
{
	sigset_t set;
	pthread_t thread;

	handle(SIGUSR1, handler, SA_RESTART);
	expect_eq(pthread_create(&thread, NULL, work, NULL), 0);
	while (!ready)
		sleep_ms(1);
	expect_eq(pthread_kill(thread, SIGUSR1), 0);
	while (seen[1] != 1)
		sleep_ms(1);
	expect_eq(here, 0);
	raise(SIGUSR1);
	expect_eq(here, 1);

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	expect_eq(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
	must(kill(getpid(), SIGUSR1));
	while (seen[1] != 2)
		sleep_ms(1);
	expect_eq(here, 1);
	stop = 1;
	expect_eq(pthread_join(thread, NULL), 0);
	say("each signal where it belongs");
	return 0;
}
