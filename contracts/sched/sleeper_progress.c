/*
 * sleeper_progress.c - a task that mostly sleeps is not starved by tasks that never do.
 * mutants: clock_nanosleep=EINVAL sched_setaffinity=EINVAL kill=0
 */
#include "contract.h"

int main(void)
{
	pid_t hogs[2];
	cpu_set_t one;
	long long begin;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	must(sched_setaffinity(0, sizeof(one), &one));
	for (int i = 0; i < 2; i++) {
		hogs[i] = fork_child();
		if (!hogs[i])
			for (;;)
				__asm__ volatile("" ::: "memory");
	}
	begin = now_ns();
	for (int i = 0; i < 50; i++)
		sleep_ms(1);
	expect(now_ns() - begin < 5000000000LL && now_ns() - begin >= 50000000);
	for (int i = 0; i < 2; i++) {
		must(kill(hogs[i], SIGKILL));
		expect_killed(hogs[i], SIGKILL);
	}
	say("50 short sleeps beside two hogs");
	return 0;
}
