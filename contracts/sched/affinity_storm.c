/*
 * affinity_storm.c - tasks whose CPUs are changed by others all the time, asleep, waking and running, obey and get lost nowhere.
 * mutants: sched_setaffinity=EPERM sched_setaffinity=0 sched_getaffinity=ENOSYS getcpu=0 kill=0 clone=ENOSYS
 */
#include "random.h"

#define WORKERS 8
#define STORMED 4 /* of them, the first, which nobody waits for meanwhile */
#define CHANGERS 2
#define STORM_NS 300000000LL

struct worker {
	unsigned long steps;
	unsigned int cpu; /* of the last step */
};

static volatile struct worker *workers;
static volatile bool *calm;
static pid_t pids[WORKERS];
static cpu_set_t all;

static void work(unsigned int index)
{
	volatile struct worker *self = &workers[index];
	unsigned int cpu = 0;

	for (;;) {
		must(syscall(SYS_getcpu, &cpu, NULL, NULL));
		self->cpu = cpu;
		self->steps++;
		if (index % 4 == 0)
			for (volatile int i = 0; i < 2000; i++)
				continue;
		else if (index % 4 == 1)
			sched_yield();
		else
			usleep(50);
	}
}

/* One at least. */
static cpu_set_t some_cpus(void)
{
	cpu_set_t some;

	do {
		CPU_ZERO(&some);
		for (unsigned int cpu = 0; cpu < CPU_SETSIZE; cpu++)
			if (CPU_ISSET(cpu, &all) && below(2))
				CPU_SET(cpu, &some);
	} while (!CPU_COUNT(&some));
	return some;
}

static void storm(unsigned int seed)
{
	random_state += seed;
	while (!*calm) {
		cpu_set_t some = some_cpus();

		must(sched_setaffinity(pids[below(STORMED)], sizeof(some), &some));
	}
}

/* From the return of the call on it runs where it may, and it does run. */
static void expect_obeys(unsigned int index)
{
	cpu_set_t some = some_cpus(), told;
	unsigned long before;
	int waited = 0;

	must(sched_setaffinity(pids[index], sizeof(some), &some));
	before = workers[index].steps;
	must(sched_getaffinity(pids[index], sizeof(told), &told));
	expect(CPU_EQUAL(&told, &some));
	for (; workers[index].steps < before + 2; sleep_ms(1))
		expect(waited++ < 5000);
	expect(CPU_ISSET(workers[index].cpu, &some));
}

int main(void)
{
	long long end = now_ns() + STORM_NS;
	pid_t changers[CHANGERS];

	workers = map_shared(PAGE);
	calm = map_shared(PAGE);
	must(sched_getaffinity(0, sizeof(all), &all));
	for (unsigned int i = 0; i < WORKERS; i++) {
		pids[i] = fork_child();
		if (!pids[i])
			work(i);
	}
	for (unsigned int i = 0; i < CHANGERS; i++) {
		changers[i] = fork_child();
		if (!changers[i]) {
			storm(i + 1);
			_exit(0);
		}
	}
	for (unsigned int i = STORMED; i < WORKERS || now_ns() < end; i++)
		expect_obeys(STORMED + i % (WORKERS - STORMED));
	*calm = true;
	for (int i = 0; i < CHANGERS; i++)
		expect_exit(changers[i], 0);
	for (unsigned int i = 0; i < WORKERS; i++)
		expect_obeys(i);
	for (int i = 0; i < WORKERS; i++) {
		must(kill(pids[i], SIGKILL));
		expect_killed(pids[i], SIGKILL);
	}
	say("all get on");
	return 0;
}
