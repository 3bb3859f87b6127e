/*
 * mask_pending.c - a blocked signal waits, once however often sent, and comes when unblocked.
 * mutants: rt_sigprocmask=0 rt_sigpending=0 kill=0 rt_sigqueueinfo=0 rt_sigpending=fill(set,8)
 * mutants: signal#2=0
 */
#include "contract.h"

static volatile int count, rt_count, rt_order[3];

static void handler(int signo)
{
	(void)signo;
	count++;
}

static void rt_handler(int signo, siginfo_t *info, void *context)
{
	(void)signo;
	(void)context;
	rt_order[rt_count++] = info->si_value.sival_int;
}

int main(void)
{
	struct sigaction queued = { .sa_sigaction = rt_handler, .sa_flags = SA_SIGINFO };
	sigset_t block, old, pending;

	handle(SIGUSR1, handler, 0);
	must(sigaction(SIGRTMIN + 1, &queued, NULL));
	sigemptyset(&block);
	sigaddset(&block, SIGUSR1);
	sigaddset(&block, SIGRTMIN + 1);
	sigaddset(&block, SIGKILL);
	must(sigprocmask(SIG_BLOCK, &block, &old));
	expect(!sigismember(&old, SIGUSR1));
	for (int i = 0; i < 3; i++) {
		must(kill(getpid(), SIGUSR1));
		must(sigqueue(getpid(), SIGRTMIN + 1, (union sigval){ .sival_int = i + 1 }));
	}
	expect_eq(count, 0);
	must(sigpending(&pending));
	expect(sigismember(&pending, SIGUSR1) && sigismember(&pending, SIGRTMIN + 1));
	expect(!sigismember(&pending, SIGUSR2));

	must(sigprocmask(SIG_SETMASK, NULL, &old));
	expect(sigismember(&old, SIGUSR1) && !sigismember(&old, SIGKILL));
	must(sigprocmask(SIG_UNBLOCK, &block, NULL));
	expect_eq(count, 1);
	expect_eq(rt_count, 3);
	for (int i = 0; i < 3; i++)
		expect_eq(rt_order[i], i + 1);
	must(sigpending(&pending));
	expect(!sigismember(&pending, SIGUSR1));
	must_fail(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &block, NULL, 4), EINVAL);
	must_fail(sigprocmask(77, &block, NULL), EINVAL);
	say("one of three ordinary signals, three of three queued in order");
	return 0;
}
