/*
 * loadavg.c - the load average counts what runs on any CPU.
 * mutants: openat=ENOENT clone=ENOSYS kill=0
 */
#include "contract.h"

static double load(void)
{
	double one, five, fifteen;
	FILE *file = fopen("/proc/loadavg", "r");
	int running, total;

	expect(file);
	expect_eq(fscanf(file, "%lf %lf %lf %d/%d", &one, &five, &fifteen, &running, &total), 5);
	fclose(file);
	return one;
}

static double toward(double before, int periods)
{
	double left = 1;

	while (periods--)
		left *= 0.92;
	return 2 + (before - 2) * left;
}

int main(void)
{
	cpu_set_t all, one;
	double before, after;
	pid_t hogs[2];

	must(sched_getaffinity(0, sizeof(all), &all));
	CPU_ZERO(&one);
	CPU_SET(CPU_COUNT(&all) - 1, &one);
	before = load();
	for (int i = 0; i < 2; i++) {
		hogs[i] = fork_child();
		if (!hogs[i]) {
			must(sched_setaffinity(0, sizeof(one), &one));
			for (;;)
				__asm__ volatile("" ::: "memory");
		}
	}
	sleep_ms(12000);
	after = load();
	for (int i = 0; i < 2; i++) {
		must(kill(hogs[i], SIGKILL));
		expect_killed(hogs[i], SIGKILL);
	}
	/* Two or three periods of 5 s, each leaving exp(-5 / 60) of the difference to 2, or to more if others run too. */
	if (after < toward(before, before < 2 ? 2 : 3) - 0.1 || after > before + 1.5)
		broken("from %.2f to %.2f", before, after);
	say("two hogs on the last CPU raise it");
	return 0;
}
