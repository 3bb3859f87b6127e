/*
 * yield.c - sched_yield returns 0 and lets another task of the same CPU run.
 * mutants: sched_yield=0 sched_yield=ENOSYS sched_setaffinity=EINVAL
 */
#include "contract.h"

int main(void)
{
	volatile int *turn = map_shared(PAGE);
	cpu_set_t one;
	unsigned long yields = 0;
	pid_t child;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	must(sched_setaffinity(0, sizeof(one), &one));
	child = fork_child();
	for (int i = 0; i < 200; i++) {
		while (*turn != (child ? 0 : 1))
			yields += sched_yield() == 0;
		*turn = child ? 1 : 0;
	}
	if (!child)
		_exit(0);
	expect_exit(child, 0);
	/* A handful a turn; thousands if only the end of a time slice lets the other one run. */
	expect(yields >= 150 && yields < 200 * 50);
	say("200 turns of two tasks on one CPU");
	return 0;
}
