/*
 * siginfo.c - a handler gets the signal's number, sender and reason, and runs once per signal.
 * mutants: signal=0 rt_sigqueueinfo=0 kill=0 getppid=result+1 rt_sigaction=0
 */
#include "contract.h"

static volatile int count, number, code;
static volatile pid_t sender;
static volatile int value;

static void handler(int signo, siginfo_t *info, void *context)
{
	(void)context;
	count++;
	number = signo;
	code = info->si_code;
	sender = info->si_pid;
	value = info->si_value.sival_int;
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO }, old;
	pid_t child, self = getpid();

	must(sigaction(SIGUSR1, &action, NULL));
	must(kill(self, SIGUSR1));
	expect(count == 1 && number == SIGUSR1 && code == SI_USER && sender == self);

	must(sigaction(SIGRTMIN, &action, NULL));
	must(sigqueue(self, SIGRTMIN, (union sigval){ .sival_int = 1234 }));
	expect(count == 2 && number == SIGRTMIN && code == SI_QUEUE && value == 1234);

	child = fork_child();
	if (!child) {
		must(kill(getppid(), SIGUSR1));
		_exit(0);
	}
	expect_exit(child, 0);
	expect(count == 3 && sender == child);

	must_fail(sigaction(SIGKILL, &action, NULL), EINVAL);
	must_fail(sigaction(SIGSTOP, &action, NULL), EINVAL);
	must_fail(kill(self, 65), EINVAL);
	must(kill(self, 0));
	must(sigaction(SIGUSR1, NULL, &old));
	expect(old.sa_sigaction == handler && (old.sa_flags & SA_SIGINFO));
	say("SI_USER with the sender, SI_QUEUE with the value");
	return 0;
}
