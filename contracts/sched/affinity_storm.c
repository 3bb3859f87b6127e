/*
 * affinity_storm.c - tasks whose CPUs are changed by others all the time, asleep, waking and running, obey and get lost nowhere.
 * mutants: sched_setaffinity=EPERM sched_getaffinity=ENOSYS kill=0 clone=ENOSYS
 */
#include "contract.h"
#include <sys/prctl.h>

#define WORKERS 8

int main(void)
{
	volatile unsigned long *steps = map_shared(PAGE);
	pid_t workers[WORKERS], changers[2];
	cpu_set_t all, one;
	int count;

	must(sched_getaffinity(0, sizeof(all), &all));
	count = CPU_COUNT(&all);
	for (int i = 0; i < WORKERS; i++) {
		workers[i] = fork_child();
		if (!workers[i])
			for (;;) {
				steps[i * 16]++;
				if (i % 2)
					usleep(50);
				else
					sched_yield();
			}
	}
	for (int i = 0; i < 2; i++) {
		changers[i] = fork_child();
		if (!changers[i]) {
			unsigned int random = (unsigned int)i + 1;
			long long end = now_ns() + 1500000000;

			while (now_ns() < end) {
				random = random * 1103515245 + 12345;
				CPU_ZERO(&one);
				CPU_SET((random >> 16) % (unsigned int)count, &one);
				must(sched_setaffinity(workers[random >> 24 & (WORKERS - 1)],
						       sizeof(one), &one));
			}
			_exit(0);
		}
	}
	for (int i = 0; i < 2; i++)
		expect_exit(changers[i], 0);
	for (int i = 0; i < WORKERS; i++) {
		unsigned long before = steps[i * 16];

		for (int waited = 0; steps[i * 16] == before; sleep_ms(5))
			expect(waited++ < 400);
		must(kill(workers[i], SIGKILL));
		expect_killed(workers[i], SIGKILL);
	}
	say("all get on");
	return 0;
}
