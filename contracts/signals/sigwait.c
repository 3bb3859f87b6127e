/*
 * sigwait.c - sigtimedwait takes a pending signal without a handler, or gives up in time.
 * mutants: rt_sigtimedwait=0 rt_sigtimedwait=EAGAIN rt_sigtimedwait=SIGUSR1 kill=0
 * mutants: rt_sigprocmask=0
 */
#include "contract.h"

int main(void)
{
	struct timespec soon = { 0, 30000000 }, long_time = { 10, 0 };
	siginfo_t info;
	sigset_t set;
	long long begin;
	pid_t child;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	must(sigprocmask(SIG_BLOCK, &set, NULL));
	begin = now_ns();
	must_fail(sigtimedwait(&set, &info, &soon), EAGAIN);
	expect(now_ns() - begin >= 30000000);
	must(kill(getpid(), SIGUSR1));
	expect_eq(sigtimedwait(&set, &info, &soon), SIGUSR1);
	expect_eq(info.si_pid, getpid());
	child = fork_child();
	if (!child) {
		sleep_ms(30);
		must(kill(getppid(), SIGUSR1));
		_exit(0);
	}
	expect_eq(sigtimedwait(&set, &info, &long_time), SIGUSR1);
	expect_eq(info.si_pid, child);
	expect_exit(child, 0);
	say("gave up once, took a waiting one, waited for one");
	return 0;
}
