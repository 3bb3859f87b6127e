/*
 * fpu_switch.c - floating point and vector registers belong to one task, across switches and signals.
 * mutants: kill=ENOSYS clone=EAGAIN rt_sigaction=0 mmap(flags&MAP_SHARED)=flags^3
 */
#include "contract.h"

static volatile int caught;

static void handler(int signo)
{
	volatile double x = signo;

	for (int i = 0; i < 20; i++)
		x = x * 1.5 + 0.25;
	caught += x > 0;
}

static double series(double seed, int steps)
{
	double x = seed;

	for (int i = 0; i < steps; i++) {
		x = x * 3.75 * (1.0 - x);
		if (i % 5000 == 0)
			kill(getpid(), SIGUSR1);
	}
	return x;
}

int main(void)
{
	double *result = map_shared(PAGE);
	double alone[4];
	pid_t children[4];

	handle(SIGUSR1, handler, 0);
	for (int i = 0; i < 4; i++)
		alone[i] = series(0.1 + i * 0.2, 300000);
	expect_eq(caught, 4 * 60);
	for (int i = 0; i < 4; i++) {
		children[i] = fork_child();
		if (!children[i]) {
			unsigned control = 0x1f80 | i << 13, back;

			result[i] = series(0.1 + i * 0.2, 300000);
			__asm__ volatile("ldmxcsr %0" ::"m"(control));
			for (int turn = 0; turn < 50; turn++)
				syscall(SYS_sched_yield);
			__asm__ volatile("stmxcsr %0" : "=m"(back));
			expect_eq(back & 0x6000, control & 0x6000);
			_exit(0);
		}
	}
	for (int i = 0; i < 4; i++)
		expect_exit(children[i], 0);
	for (int i = 0; i < 4; i++)
		expect(memcmp(&alone[i], &result[i], sizeof(double)) == 0);
	say("four tasks at once compute what each computes alone; rounding modes kept apart");
	return 0;
}
