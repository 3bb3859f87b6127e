/*
 * rt_throttle.c - a real-time task that never sleeps leaves the ordinary ones a few percent of its CPU.
 * mutants: sched_setscheduler=EPERM sched_setaffinity=EPERM clone=ENOSYS kill=0
 */
#include "contract.h"

static void pin(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	must(sched_setaffinity(0, sizeof(one), &one));
}

int main(void)
{
	static const struct sched_param low = { .sched_priority = 10 },
					high = { .sched_priority = 20 };
	volatile unsigned long *counter = map_shared(PAGE);
	unsigned long before;
	pid_t hog, meek;

	must(sched_setscheduler(0, SCHED_FIFO, &high));
	meek = fork_child();
	if (!meek) {
		pin();
		must(sched_setscheduler(0, SCHED_OTHER, &(struct sched_param){ 0 }));
		for (;;)
			counter[0]++;
	}
	while (!counter[0])
		sleep_ms(5);
	hog = fork_child();
	if (!hog) {
		pin();
		must(sched_setscheduler(0, SCHED_FIFO, &low));
		for (;;)
			counter[64]++;
	}
	while (!counter[64])
		sleep_ms(5);
	before = counter[0];
	/* Within a second or two, but its share may fall into moments in which the host has taken the CPU away. */
	for (int waited = 0; counter[0] == before; waited++) {
		expect(waited < 650);
		sleep_ms(20);
	}
	sleep_ms(100); /* the rest of its share */
	expect(counter[64] > 2 * (counter[0] - before));
	must(kill(hog, SIGKILL));
	must(kill(meek, SIGKILL));
	expect_killed(hog, SIGKILL);
	expect_killed(meek, SIGKILL);
	say("it gets on, and the real-time task has most");
	return 0;
}
