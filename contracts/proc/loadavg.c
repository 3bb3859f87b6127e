/*
 * loadavg.c - the load average counts what runs on any CPU.
 * mutants: openat=ENOENT clone=ENOSYS kill=0
 */
#include "contract.h"

#define HOGS 2
#define PERIODS 3
#define PERIOD_MS 7000 /* the period is 5 s, but a tick may be late */

struct period {
	double from, to;
};

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

/* Until a period ends, which is not seen where the load is already what it would be. */
static struct period period_pass(void)
{
	struct period period = { .from = load() };

	for (int waited = 0; waited < PERIOD_MS; waited += 100) {
		sleep_ms(100);
		period.to = load();
		if (period.to != period.from)
			break;
	}
	return period;
}

/* Each period leaves exp(-5 / 60) of the difference to the hogs, or to more if others run too; two decimals are told. */
static bool counts_hogs(const struct period *period)
{
	return period->to >= period->from + (HOGS - period->from) * 0.08 - 0.02 &&
	       period->to <= period->from + 1;
}

int main(void)
{
	volatile int *started = map_shared(PAGE);
	struct period periods[PERIODS];
	cpu_set_t all, one;
	pid_t hogs[HOGS];
	int count = 0;

	must(sched_getaffinity(0, sizeof(all), &all));
	CPU_ZERO(&one);
	CPU_SET(CPU_COUNT(&all) - 1, &one);
	for (int i = 0; i < HOGS; i++) {
		hogs[i] = fork_child();
		if (!hogs[i]) {
			must(sched_setaffinity(0, sizeof(one), &one));
			for (;;)
				started[i] = 1;
		}
	}
	while (!started[0] || !started[1])
		sleep_ms(5);
	/* The CPUs count what they run shortly before the period ends; a host that is busy may hide a whole period. */
	do
		periods[count] = period_pass();
	while (!counts_hogs(&periods[count++]) && count < PERIODS);
	for (int i = 0; i < HOGS; i++) {
		must(kill(hogs[i], SIGKILL));
		expect_killed(hogs[i], SIGKILL);
	}
	if (!counts_hogs(&periods[count - 1]))
		broken("%.2f, then %.2f; before that %.2f, then %.2f", periods[count - 1].from,
		       periods[count - 1].to, periods[0].from, periods[0].to);
	say("two hogs on the last CPU raise it");
	return 0;
}
