/*
 * fair_share.c - two busy tasks on one CPU get the same part of it, to 2 % of a second.
 * mutants: sched_setaffinity=EPERM kill=0 clone=ENOSYS wait4=0
 */
#include "contract.h"
#include <sys/resource.h>

static long long used_us(pid_t child)
{
	struct rusage usage;
	int status;

	expect_eq(wait4(child, &status, 0, &usage), child);
	expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	return usage.ru_utime.tv_sec * 1000000LL + usage.ru_utime.tv_usec +
	       usage.ru_stime.tv_sec * 1000000LL + usage.ru_stime.tv_usec;
}

/* How much they differ, in 1/1000 of their mean. */
static long long unfairness(void)
{
	volatile int *ready = map_shared(PAGE);
	long long first, second;
	pid_t children[2];

	for (int i = 0; i < 2; i++) {
		children[i] = fork_child();
		if (!children[i]) {
			for (ready[i] = 1;;)
				__asm__ volatile("" ::: "memory");
		}
	}
	while (!ready[0] || !ready[1])
		sleep_ms(1);
	sleep_ms(1000);
	must(kill(children[0], SIGKILL));
	must(kill(children[1], SIGKILL));
	first = used_us(children[0]);
	second = used_us(children[1]);
	return llabs(first - second) * 2000 / (first + second);
}

int main(void)
{
	long long difference = 0;
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	must(sched_setaffinity(0, sizeof(one), &one));
	/* A virtual CPU that does not get a real one counts the time as the task's that it ran. */
	for (int tries = 0; tries < 8; tries++) {
		difference = unfairness();
		if (difference <= 20) {
			say("half each");
			return 0;
		}
	}
	broken("%lld of 1000", difference);
}
