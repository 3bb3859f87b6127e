/*
 * affinity.c - a task's CPUs can be read, set, are inherited and obeyed; impossible sets are refused.
 * mutants: sched_setaffinity=0 sched_getaffinity=ENOSYS sched_getaffinity=fill(mask,8)
 * mutants: sched_setaffinity=EINVAL
 */
#include "contract.h"

int main(void)
{
	cpu_set_t all, one, now;
	int last = 0;
	pid_t child;

	must(sched_getaffinity(0, sizeof(all), &all));
	expect(CPU_COUNT(&all) >= 1);
	expect_eq(CPU_COUNT(&all), sysconf(_SC_NPROCESSORS_ONLN));
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &all))
			last = i;
	for (int cpu = 0; cpu <= last; cpu++) {
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		must(sched_setaffinity(0, sizeof(one), &one));
		expect_eq(sched_getcpu(), cpu);
		child = fork_child();
		if (!child) {
			must(sched_getaffinity(0, sizeof(now), &now));
			expect(CPU_EQUAL(&now, &one));
			for (int i = 0; i < 100; i++) {
				expect_eq(sched_getcpu(), cpu);
				sched_yield();
			}
			_exit(0);
		}
		expect_exit(child, 0);
	}
	must(sched_setaffinity(0, sizeof(all), &all));
	CPU_ZERO(&one);
	must_fail(sched_setaffinity(0, sizeof(one), &one), EINVAL);
	CPU_SET(1000, &one);
	must_fail(sched_setaffinity(0, sizeof(one), &one), EINVAL);
	must_fail(syscall(SYS_sched_getaffinity, 0, 1, &one), EINVAL);
	say("each CPU in turn");
	return 0;
}
