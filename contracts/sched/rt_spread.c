/*
 * rt_spread.c - real-time tasks do not wait for each other while some CPU runs only ordinary tasks: neither those that wake nor
 * those that are driven off their CPU.
 * mutants: sched_setscheduler=EPERM sched_getaffinity=ENOSYS clone=ENOSYS kill=0
 */
#include "asleep.h"

#define MAX_CPUS 64
#define ROUNDS 3 /* of which a busy host may delay some, */
#define SOON_NS 200000000LL
#define LATE_NS 3000000000LL /* but not that much */

struct board {
	bool spins, stop;
	bool ready[MAX_CPUS];
	unsigned long steps[MAX_CPUS];
};

static volatile struct board *board;
static pid_t others[MAX_CPUS];
static int wake_fds[2];
static cpu_set_t all;
static int count;

static void become(int priority)
{
	const struct sched_param param = { .sched_priority = priority };

	must(sched_setscheduler(0, SCHED_FIFO, &param));
}

/* On the first CPU, and there it stays; before all but who started it. */
static pid_t start_pinned(void)
{
	pid_t child = fork_child();
	cpu_set_t first;
	int cpu = 0;

	if (child)
		return child;
	alarm(10); /* should nobody stop it */
	while (!CPU_ISSET(cpu, &all))
		cpu++;
	CPU_ZERO(&first);
	CPU_SET(cpu, &first);
	must(sched_setaffinity(0, sizeof(first), &first));
	return 0;
}

static void other_run(int index, bool asleep)
{
	char byte;

	board->ready[index] = true;
	become(10);
	if (asleep)
		expect_eq(read(wake_fds[0], &byte, 1), 1);
	while (!board->stop)
		board->steps[index]++;
	_exit(0);
}

/* All of them sleep on the first CPU, or one runs there and the rest would like to; all are free to leave it. */
static void start_others(bool asleep)
{
	for (int i = 0; i < count - 1; i++) {
		others[i] = start_pinned();
		if (!others[i])
			other_run(i, asleep);
	}
	for (int i = 0; i < count - 1; i++) {
		while (!board->ready[i])
			sleep_ms(1);
		if (asleep)
			wait_asleep(others[i]);
		must(sched_setaffinity(others[i], sizeof(all), &all));
	}
}

static pid_t start_spinner(int priority)
{
	pid_t spinner = start_pinned();

	if (spinner) {
		while (!board->spins)
			sleep_ms(1);
		return spinner;
	}
	become(priority);
	board->spins = true;
	while (!board->stop)
		continue;
	_exit(0);
}

/* Until all of them run, which is one for each CPU but the first. */
static long long all_run_ns(bool asleep)
{
	unsigned long before[MAX_CPUS];
	long long begin = now_ns();

	for (int i = 0; i < count - 1; i++)
		before[i] = board->steps[i];
	for (int i = 0; asleep && i < count - 1; i++)
		expect_eq(write(wake_fds[1], "x", 1), 1);
	for (int i = 0; i < count - 1; i++)
		for (; board->steps[i] == before[i]; sleep_ms(1))
			expect(now_ns() - begin < LATE_NS);
	return now_ns() - begin;
}

/* One more has the first CPU, so that each of the others needs another one. */
static long long round_ns(int priority, bool asleep)
{
	long long needed;
	pid_t spinner;

	memset((void *)board, 0, sizeof(*board));
	start_others(asleep);
	spinner = start_spinner(priority);
	needed = all_run_ns(asleep);
	board->stop = true;
	expect_exit(spinner, 0);
	for (int i = 0; i < count - 1; i++)
		expect_exit(others[i], 0);
	return needed;
}

static void expect_spread(int priority, bool asleep)
{
	long long best = LATE_NS;

	for (int round = 0; round < ROUNDS; round++) {
		long long needed = round_ns(priority, asleep);

		best = needed < best ? needed : best;
	}
	expect(best < SOON_NS);
}

int main(void)
{
	pid_t hogs[MAX_CPUS];

	board = map_shared(PAGE);
	must(pipe(wake_fds));
	become(50);
	must(sched_getaffinity(0, sizeof(all), &all));
	count = CPU_COUNT(&all) < MAX_CPUS ? CPU_COUNT(&all) : MAX_CPUS;
	for (int i = 0; i < count; i++) {
		hogs[i] = fork_child();
		if (!hogs[i]) {
			must(sched_setscheduler(0, SCHED_OTHER, &(struct sched_param){ 0 }));
			for (;;)
				__asm__ volatile("" ::: "memory");
		}
	}
	if (count > 1) {
		expect_spread(10, true);
		expect_spread(20, false);
	}
	for (int i = 0; i < count; i++) {
		must(kill(hogs[i], SIGKILL));
		expect_killed(hogs[i], SIGKILL);
	}
	say("they run side by side");
	return 0;
}
