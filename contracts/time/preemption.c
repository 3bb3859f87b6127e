/*
 * preemption.c - the timer interrupts a busy loop: two that never yield both get on, on one CPU too.
 * mutants: kill=0 clone=EAGAIN sched_setaffinity=EINVAL
 */
#include "contract.h"

int main(void)
{
	volatile unsigned long *counter = map_shared(PAGE);
	pid_t children[2];
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	must(sched_setaffinity(0, sizeof(one), &one));
	for (int i = 0; i < 2; i++) {
		children[i] = fork_child();
		if (!children[i])
			for (;;)
				counter[i * 64]++;
	}
	while (!counter[0] || !counter[64])
		sleep_ms(5);
	for (int round = 0; round < 3; round++) {
		unsigned long first = counter[0], second = counter[64];
		int waited = 0;

		while ((counter[0] == first || counter[64] == second) && waited++ < 1000)
			sleep_ms(5);
		expect(counter[0] != first && counter[64] != second);
	}
	for (int i = 0; i < 2; i++) {
		must(kill(children[i], SIGKILL));
		expect_killed(children[i], SIGKILL);
	}
	say("two busy loops and a watcher share one CPU");
	return 0;
}
