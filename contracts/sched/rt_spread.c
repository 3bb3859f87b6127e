/*
 * rt_spread.c - a real-time task does not wait for another one while some CPU runs only ordinary tasks: neither one that wakes
 * nor one that is driven off its CPU.
 * mutants: sched_setscheduler=EPERM sched_getaffinity=ENOSYS clone=ENOSYS kill=0
 */
#include "contract.h"

static cpu_set_t all;

static void pin(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	must(sched_setaffinity(0, sizeof(one), &one));
}

static void become(int priority)
{
	const struct sched_param param = { .sched_priority = priority };

	must(sched_setscheduler(0, SCHED_FIFO, &param));
}

static void spin_ms(long ms)
{
	long long end = now_ns() + ms * 1000000;

	while (now_ns() < end)
		continue;
}

/* The other one, ready on CPU 0 and free to leave it, must run while the spinner has CPU 0. */
static void run_beside(volatile int *flag, int priority, bool awake)
{
	pid_t other, spinner;
	int waited = 0;

	flag[0] = flag[64] = flag[128] = 0;
	other = fork_child();
	if (!other) {
		long long end;

		pin();
		become(10);
		must(sched_setaffinity(0, sizeof(all), &all));
		flag[64] = 1;
		if (!awake)
			sleep_ms(100);
		end = now_ns() + 1200000000;
		while (now_ns() < end)
			flag[128]++;
		_exit(0);
	}
	while (!flag[64])
		sleep_ms(1);
	sleep_ms(20);
	spinner = fork_child();
	if (!spinner) {
		pin();
		become(priority);
		flag[0] = 1;
		spin_ms(1000);
		flag[0] = 2;
		_exit(0);
	}
	while (!flag[0])
		sleep_ms(1);
	sleep_ms(awake ? 50 : 150);
	for (int last = flag[128]; flag[128] == last; sleep_ms(5))
		expect(waited++ < 100);
	expect_eq(flag[0], 1);
	expect_exit(spinner, 0);
	expect_exit(other, 0);
}

int main(void)
{
	volatile int *flag = map_shared(PAGE);
	pid_t hogs[64];
	int count;

	become(50);
	must(sched_getaffinity(0, sizeof(all), &all));
	count = CPU_COUNT(&all);
	for (int i = 0; i < count; i++) {
		hogs[i] = fork_child();
		if (!hogs[i]) {
			must(sched_setscheduler(0, SCHED_OTHER, &(struct sched_param){ 0 }));
			for (;;)
				__asm__ volatile("" ::: "memory");
		}
	}
	if (count > 1) {
		run_beside(flag, 10, false);
		run_beside(flag, 20, true);
	}
	for (int i = 0; i < count; i++) {
		must(kill(hogs[i], SIGKILL));
		expect_killed(hogs[i], SIGKILL);
	}
	say("they run side by side");
	return 0;
}
