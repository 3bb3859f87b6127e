/*
 * priority.c - nice values are kept, bounded, inherited, and give the nicer task less of a CPU.
 * mutants: setpriority=0 getpriority=20 getpriority=0 setpriority=EPERM getpriority=result+1
 */
#include "contract.h"
#include <sys/resource.h>

int main(void)
{
	volatile unsigned long *counter = map_shared(PAGE);
	pid_t children[2];
	cpu_set_t one;

	errno = 0;
	expect_eq(getpriority(PRIO_PROCESS, 0), 0);
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	must(sched_setaffinity(0, sizeof(one), &one));
	for (int i = 0; i < 2; i++) {
		children[i] = fork_child();
		if (!children[i]) {
			must(setpriority(PRIO_PROCESS, 0, i ? 15 : 0));
			expect_eq(getpriority(PRIO_PROCESS, 0), i ? 15 : 0);
			for (;;)
				counter[i * 64]++;
		}
	}
	while (!counter[0] || !counter[64])
		sleep_ms(5);
	sleep_ms(600);
	for (int i = 0; i < 2; i++)
		must(kill(children[i], SIGKILL));
	for (int i = 0; i < 2; i++)
		expect_killed(children[i], SIGKILL);
	expect(counter[0] > 2 * counter[64]);
	must(setpriority(PRIO_PROCESS, 0, 100));
	expect_eq(getpriority(PRIO_PROCESS, 0), 19);
	must_fail(getpriority(PRIO_PROCESS, 99999999), ESRCH);
	must_fail(getpriority(77, 0), EINVAL);
	say("nice 15 gets less than half of what nice 0 gets");
	return 0;
}
