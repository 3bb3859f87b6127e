/*
 * fail_runner.c - the init that runs each contract again and again, with another allocation failing each time, and looks
 * whether all that was in use then is free again. The kernel has FAIL_ALLOC.
 *
 * Console protocol, read by fail_alloc.py:
 *   @@@ run NAME                                    a contract's turn begins: two runs without a failure
 *   @@@ allocations NAME N                          how many it makes
 *   @@@ fail NAME N                                 the next run's N-th allocation will fail
 *   @@@ leak NAME N WHAT ... at CALLERS             each time when that one fails WHAT is lost
 *   @@@ stuck NAME N                                a process that SIGKILL does not end
 *   @@@ end NAME tried N injected N ms T
 *   @@@ done
 * A line of /contracts.list is NAME SECONDS BUDGET SEED: a single run's time, the time in ms for all of its runs, and what the
 * choice of N depends on if there is no time for all.
 */
#include "runner.h"

#include <sched.h>
#include <stdbool.h>
#include <sys/sysinfo.h>

#define FAIL_NTH "/proc/aramid/fail_nth"
#define MANY 2000000000L
#define MAX_CACHES 128
#define CONFIRMATIONS 3

/* What is in use: objects of each slab cache, and free memory. */
struct usage {
	int caches;
	long objects[MAX_CACHES];
	long free_kb;
};

static char cache_names[MAX_CACHES][32];

static void file_put(const char *path, long number)
{
	int fd = open(path, O_WRONLY);
	char text[32];

	if (fd < 0 || write(fd, text, (size_t)snprintf(text, sizeof(text), "%ld\n", number)) < 0)
		report("@@@ note %s: %s\n", path, strerror(errno));
	close(fd);
}

/* The first line of a file, "" if there is none. */
static void file_line(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t got = fd < 0 ? 0 : read(fd, text, size - 1);

	close(fd);
	text[got > 0 ? got : 0] = 0;
	text[strcspn(text, "\n")] = 0;
}

/* Each CPU gives back what it keeps at hand. */
static void drain(void)
{
	int cpus = get_nprocs();
	cpu_set_t one, all;

	sched_getaffinity(0, sizeof(all), &all);
	for (int cpu = 0; cpu < cpus; cpu++) {
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		sched_setaffinity(0, sizeof(one), &one);
		file_put("/proc/aramid/drain", 1);
	}
	sched_setaffinity(0, sizeof(all), &all);
}

static long free_kb(void)
{
	struct sysinfo info;

	return sysinfo(&info) ? -1 : (long)((unsigned long long)info.freeram * info.mem_unit / 1024);
}

static void usage_read(struct usage *usage)
{
	char line[256];
	FILE *file;

	drain();
	drain(); /* what the first one's objects held */
	usage->free_kb = free_kb();
	usage->caches = 0;
	file = fopen("/proc/slabinfo", "r");
	while (file && fgets(line, sizeof(line), file) && usage->caches < MAX_CACHES)
		if (sscanf(line, "%31s %ld", cache_names[usage->caches],
			   &usage->objects[usage->caches]) == 2)
			usage->caches++;
	if (file)
		fclose(file);
}

/* What the second uses more than the first, as text; false: nothing. One slab's worth of memory may be in another place. */
static bool usage_compare(const struct usage *before, const struct usage *after, char *text,
			  size_t size)
{
	size_t used = 0;

	text[0] = 0;
	for (int i = 0; i < after->caches && used + 64 < size; i++)
		if (after->objects[i] > before->objects[i])
			used += (size_t)snprintf(text + used, size - used, "%s+%ld ", cache_names[i],
						 after->objects[i] - before->objects[i]);
	return used > 0;
}

/* Runs the contract with its N-th allocation failing; says how many of N were left then. */
static long run_once(const char *name, int seconds, long n)
{
	char text[512];
	pid_t pid;

	mkdir(SCRATCH, 0777);
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 1);
		dup2(null, 2);
		close(null);
		file_put(FAIL_NTH, n);
		contract_start(name);
	}
	contract_wait(pid, now_ms(), seconds);
	contract_clean(pid);
	if (kill(pid, 0) == 0)
		report("@@@ stuck %s %ld\n", name, n);
	file_line(FAIL_NTH, text, sizeof(text));
	return strtol(text, NULL, 10);
}

/* A leak shows each time; something that is made once and kept, does not. */
static void check_leak(const char *name, int seconds, long n, struct usage *before)
{
	struct usage after;
	char what[512], callers[512];

	for (int i = 0; i <= CONFIRMATIONS; i++) {
		if (i)
			run_once(name, seconds, n);
		usage_read(&after);
		if (!usage_compare(before, &after, what, sizeof(what))) {
			*before = after;
			return;
		}
		*before = after;
	}
	file_line(FAIL_NTH, callers, sizeof(callers));
	report("@@@ leak %s %ld %s at %s\n", name, n, what, callers);
}

static unsigned long long random_next(unsigned long long *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void contract_run(const char *name, int seconds, long budget_ms, unsigned long long seed)
{
	long begin = now_ms(), total, tried = 0, injected = 0, n = 0, step, samples;
	static struct usage usage;

	report("@@@ run %s\n", name);
	run_once(name, seconds, MANY);
	total = MANY - run_once(name, seconds, MANY);
	report("@@@ allocations %s %ld\n", name, total);
	usage_read(&usage);
	samples = budget_ms / ((now_ms() - begin) / 2 + 1) + 1;
	step = (total + samples - 1) / samples + 1;
	/* A few more than there were: they differ from run to run. */
	for (; n < total + 3 && now_ms() - begin < 3 * budget_ms; tried++) {
		n += samples >= total
			     ? 1
			     : 1 + (long)(random_next(&seed) % (unsigned long long)(2 * step - 1));
		report("@@@ fail %s %ld\n", name, n);
		if (run_once(name, seconds, n) > 0)
			continue;
		injected++;
		check_leak(name, seconds, n, &usage);
	}
	report("@@@ end %s tried %ld injected %ld ms %ld\n", name, tried, injected,
	       now_ms() - begin);
}

int main(void)
{
	FILE *list;
	char name[100];
	int seconds;
	long budget;
	unsigned long long seed;

	machine_prepare();
	list = fopen(LIST, "r");
	report("\n@@@ ready %d\n", list != NULL);
	while (list && fscanf(list, "%99s %d %ld %llu", name, &seconds, &budget, &seed) == 4)
		contract_run(name, seconds, budget, seed * 2 + 1);
	machine_end();
}
