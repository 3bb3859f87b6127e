/*
 * main.c - the benchmark suite's command line: chooses rows of the table, runs them, prints the results.
 *
 * As process 1 it sets up the machine and runs itself as a child (init.c). Lines that begin with @@@ are
 * for the harness. A result that could not be measured is printed as failed, and the status is then 1.
 */
#include "bench.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define SAMPLES_MAX 256

static struct options {
	const char *only;
	const char *skip;
	int full, json, list, counters;
	unsigned long seed;
	uint64_t boot_ticks;
} options;

const struct bench *bench_now;
const char *work_folder = "/tmp";
static const char usage[] =
	"usage: bench [--list] [--only=a,b] [--skip=a,b] [--quick|--full] [--json] [--seed=N]\n"
	"             [--count|--clock] [--counters] [--folder=F]\n"
	"  --only, --skip  names of benchmarks or groups\n"
	"  --seed=N        shuffle the order; 0, the default: the table's order\n"
	"  --count         time by the time stamp counter: instructions under QEMU's icount\n"
	"  --clock         time by CLOCK_MONOTONIC, in nanoseconds (default)\n"
	"  --counters      tell with --json what grew in /proc/vmstat\n"
	"  --folder=F      where file benchmarks work; default: a new folder in /tmp\n";

/* Whether the name is one of the comma-separated words. */
static int word_in(const char *name, const char *words)
{
	size_t size = strlen(name);
	for (const char *at = words; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
		if (!strncmp(at, name, size) && (at[size] == ',' || !at[size]))
			return 1;
	return 0;
}

static int chosen(const struct bench *bench)
{
	if (options.skip &&
	    (word_in(bench->name, options.skip) || word_in(bench->group, options.skip)))
		return 0;
	if (options.only)
		return word_in(bench->name, options.only) || word_in(bench->group, options.only);
	/* Counted instructions mean nothing on several CPUs, and only a boot has a boot to measure. */
	if (bench->flags & SMP)
		return !timer_counts && sysconf(_SC_NPROCESSORS_ONLN) > 1;
	return !(bench->flags & BOOT) || options.boot_ticks;
}

static void words_check(const char *words)
{
	char *copy = strdup(words ? words : ""), *rest = copy, *word;
	while ((word = strsep(&rest, ",")) && *word) {
		unsigned found = 0;
		for (unsigned i = 0; i < bench_count; i++)
			found += !strcmp(word, benches[i].name) || !strcmp(word, benches[i].group);
		if (!found) {
			fprintf(stderr, "bench: no benchmark or group '%s'; see --list\n", word);
			exit(2);
		}
	}
	free(copy);
}

static void parse(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *word = argv[i], *value = strchr(word, '=');
		value = value ? value + 1 : "";
		if (!strncmp(word, "--only=", 7))
			options.only = *value ? value : NULL;
		else if (!strncmp(word, "--skip=", 7))
			options.skip = *value ? value : NULL;
		else if (!strncmp(word, "--seed=", 7))
			options.seed = strtoul(value, NULL, 0);
		else if (!strncmp(word, "--boot=", 7))
			options.boot_ticks = strtoull(value, NULL, 0);
		else if (!strncmp(word, "--folder=", 9))
			work_folder = value;
		else if (!strcmp(word, "--full") || !strcmp(word, "--quick"))
			options.full = word[2] == 'f';
		else if (!strcmp(word, "--json"))
			options.json = 1;
		else if (!strcmp(word, "--counters"))
			options.counters = 1;
		else if (!strcmp(word, "--list"))
			options.list = 1;
		else if (!strcmp(word, "--count") || !strcmp(word, "--clock"))
			timer_counts = word[3] == 'o';
		else {
			fputs(usage, stderr);
			exit(2);
		}
	}
	words_check(options.only);
	words_check(options.skip);
}

static void list_print(void)
{
	for (unsigned i = 0; i < bench_count; i++) {
		const struct bench *b = &benches[i];
		if (options.json)
			printf("{\"name\": \"%s\", \"group\": \"%s\", \"flags\": %u, \"ops\": %u, "
			       "\"quick\": %u, \"full\": %u}\n",
			       b->name, b->group, b->flags, b->ops, b->quick, b->full);
		else
			printf("%-22s %-10s %6u x %3u (full %3u)  %s\n", b->name, b->group, b->ops,
			       b->quick, b->full, b->op);
	}
}

static void hash_self(char hex[65])
{
	struct stat info;
	strcpy(hex, "unknown");
	int fd = open("/proc/self/exe", O_RDONLY);
	if (fd < 0)
		fd = open("/init", O_RDONLY);
	if (fd < 0)
		return;
	char *data = fstat(fd, &info) ? NULL : malloc((size_t)info.st_size);
	if (data && read(fd, data, (size_t)info.st_size) == info.st_size)
		sha256(data, (size_t)info.st_size, hex);
	free(data);
	close(fd);
}

/* Waits until the console has taken everything, so that no byte of it is sent while a clock runs. */
static void console_settle(void)
{
	struct timespec moment = { .tv_nsec = 2000000 };
	fflush(stdout);
	tcdrain(STDOUT_FILENO);
	nanosleep(&moment, NULL);
}

/* Ticks of all samples of the row, with the timer's own: what a profiler's total is checked against. */
static double bench_sum;

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* The value below which the fraction lies, of sorted samples. */
static double quantile(const double *samples, unsigned count, double fraction)
{
	double at = fraction * (count - 1);
	unsigned low = (unsigned)at;
	if (low + 1 >= count)
		return samples[count - 1];
	return samples[low] + (samples[low + 1] - samples[low]) * (at - low);
}

static long samples_take(const struct bench *bench, double *samples, unsigned count)
{
	struct timer warm = { 0 };
	if (!(bench->flags & COLD))
		bench->run(&warm, bench->ops);
	if (warm.result < 0)
		return warm.result;
	bench_sum = 0;
	if (options.counters)
		counters_begin();
	profile_on();
	for (unsigned i = 0; i < count; i++) {
		struct timer t = { 0 };
		bench->run(&t, bench->ops);
		if (t.result < 0)
			return t.result;
		samples[i] = timer_net(&t) / bench->ops;
		bench_sum += (double)t.ticks;
	}
	profile_off();
	if (options.counters)
		counters_print(bench->name);
	return 0;
}

static void failure_print(const struct bench *bench, const char *why)
{
	if (options.json)
		printf("@@@ bench result {\"name\": \"%s\", \"failed\": \"%s\"}\n", bench->name,
		       why);
	else
		printf("%-22s failed: %s\n", bench->name, why);
	fflush(stdout);
}

static void result_print(const struct bench *bench, double *samples, unsigned count)
{
	const char *unit = timer_counts ? "insn" : "ns";
	qsort(samples, count, sizeof(*samples), by_size);
	double median = quantile(samples, count, 0.5);
	if (options.json)
		printf("@@@ bench result {\"name\": \"%s\", \"per_op\": %.2f, \"iters\": %u, "
		       "\"unit\": \"%s\", \"q1\": %.2f, \"q3\": %.2f, \"ops\": %u, \"samples\": %u, "
		       "\"sum\": %.0f}\n",
		       bench->name, median, bench->ops * count, unit, quantile(samples, count, 0.25),
		       quantile(samples, count, 0.75), bench->ops, count, bench_sum);
	else
		printf("%-22s %14.1f %s  (%u x %u: %s)\n", bench->name, median, unit, bench->ops,
		       count, bench->op);
	fflush(stdout);
}

/* In a process of its own. Its exit status is 1 if the row could not be measured. */
static _Noreturn void bench_child(const struct bench *bench)
{
	double samples[SAMPLES_MAX] = { 0 };
	unsigned count = options.full ? bench->full : bench->quick;
	bench_now = bench;
	console_settle();
	long error = bench->setup ? bench->setup() : 0;
	if (!error)
		error = samples_take(bench, samples, count);
	if (bench->teardown)
		bench->teardown();
	if (error)
		failure_print(bench, strerror((int)-error));
	else
		result_print(bench, samples, count);
	_exit(error != 0);
}

/*
 * Whether the row was measured. Each runs in a fork of this process, which is the same for all: what one
 * leaves behind in its memory is no cost of the next, and what kills one does not end the others.
 */
static int bench_measure(const struct bench *bench)
{
	int status = 0;
	if (options.json)
		printf("@@@ bench start %s\n", bench->name);
	fflush(stdout);
	pid_t child = fork();
	if (!child)
		bench_child(bench);
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (child > 0 && WIFEXITED(status))
		return !WEXITSTATUS(status);
	failure_print(bench, child < 0 ? strerror(errno) : strsignal(WTERMSIG(status)));
	return 0;
}

void run_boot_to_init(struct timer *t, unsigned n)
{
	(void)n;
	t->ticks = options.boot_ticks;
	t->result = options.boot_ticks ? 0 : -ENODATA;
}

static void shuffle(unsigned *order, unsigned count)
{
	uint64_t state = options.seed * 0x9e3779b97f4a7c15 + 1;
	for (unsigned i = count; options.seed && i > 1; i--) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		unsigned other = (unsigned)(state % i), kept = order[i - 1];
		order[i - 1] = order[other];
		order[other] = kept;
	}
}

static unsigned run_all(void)
{
	unsigned order[SAMPLES_MAX], count = 0, failed = 0;
	char hash[65];
	for (unsigned i = 0; i < bench_count; i++)
		if (chosen(&benches[i]))
			order[count++] = i;
	shuffle(order, count);
	hash_self(hash);
	timer_calibrate();
	printf("@@@ bench begin {\"hash\": \"%s\", \"count\": %u, \"mode\": \"%s\", \"time\": \"%s\", "
	       "\"seed\": %lu, \"pair\": %.2f, \"loop\": %.2f}\n",
	       hash, count, options.full ? "full" : "quick", timer_counts ? "insn" : "ns",
	       options.seed, timer_pair_cost(), timer_loop_cost());
	for (unsigned i = 0; i < count; i++)
		failed += !bench_measure(&benches[order[i]]);
	printf("@@@ bench end {\"done\": %u, \"failed\": %u}\n", count - failed, failed);
	return failed;
}

int main(int argc, char **argv)
{
	if (getpid() == 1) {
		for (int i = 1; i < argc; i++)
			if (!strcmp(argv[i], "--count"))
				timer_counts = 1;
		init_main(argc, argv, timer_now());
	}
	char made[] = "/tmp/aramid-bench-XXXXXX";
	work_folder = NULL;
	parse(argc, argv);
	if (options.list) {
		list_print();
		return 0;
	}
	if (!work_folder && !(work_folder = mkdtemp(made))) {
		perror("bench: no folder in /tmp");
		return 2;
	}
	if (chdir(work_folder)) {
		perror(work_folder);
		return 2;
	}
	unsigned failed = run_all();
	if (work_folder == made)
		rmdir(made);
	return failed != 0;
}
