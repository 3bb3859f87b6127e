/*
 * spread.c - as many busy tasks as there are CPUs soon have one each, wherever they were when they became free to move.
 * mutants: sched_setaffinity=EPERM sched_getaffinity=ENOSYS clone=ENOSYS kill=0
 */
#include "contract.h"

#define HOGS_MAX 4

struct shared {
	volatile int cpu[HOGS_MAX][16]; /* a cache line each */
};

static int distinct(const struct shared *shared, int hogs)
{
	unsigned long seen = 0;

	for (int i = 0; i < hogs; i++)
		if (shared->cpu[i][0] >= 0)
			seen |= 1UL << shared->cpu[i][0];
	return __builtin_popcountl(seen);
}

int main(void)
{
	struct shared *shared = map_shared(PAGE);
	cpu_set_t all, one;
	pid_t children[HOGS_MAX];
	int hogs, waited = 0;

	must(sched_getaffinity(0, sizeof(all), &all));
	hogs = CPU_COUNT(&all) < HOGS_MAX ? CPU_COUNT(&all) : HOGS_MAX;
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	for (int i = 0; i < hogs; i++) {
		shared->cpu[i][0] = -1;
		children[i] = fork_child();
		if (!children[i]) {
			must(sched_setaffinity(0, sizeof(one), &one));
			for (;;)
				shared->cpu[i][0] = sched_getcpu();
		}
	}
	for (int i = 0; i < hogs; i++)
		while (shared->cpu[i][0] < 0)
			sleep_ms(1);
	expect_eq(distinct(shared, hogs), 1);
	for (int i = 0; i < hogs; i++)
		must(sched_setaffinity(children[i], sizeof(all), &all));
	do {
		if (waited++ == 10)
			broken("%d CPUs for %d hogs", distinct(shared, hogs), hogs);
		sleep_ms(100);
	} while (distinct(shared, hogs) < hogs);
	for (int i = 0; i < hogs; i++) {
		must(kill(children[i], SIGKILL));
		expect_killed(children[i], SIGKILL);
	}
	say("a CPU each");
	return 0;
}
