/*
 * fuzz.c - the init of a machine under the system-call fuzzer: rounds of workers in a fresh scratch folder, and after each
 * round what must be so: all have ended, the folder can be unmounted, and memory is as before.
 *
 * /fuzz.conf holds words and numbers: seed S seconds N round FIRST rounds N trace 0|1. Console protocol, read by run.py:
 *   @@@ round N                                 a round begins; its calls follow from the seed and N alone
 *   @@@ after N calls C free KB slab CACHE=OBJECTS...
 *   @@@ stuck PID CALL(ARGUMENTS) STATE         a process that SIGKILL did not end
 *   @@@ bad WORDS                               something else that must not be
 *   @@@ done CALLS
 */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define WORKERS 6
#define LIVES 18 /* workers in a round, WORKERS at a time */
#define CALLS 250
#define CALLS_MAX 1000000 /* no round makes so many */
#define ROUND_MS 4000
#define END_MS 60000 /* the longest that a killed process may take, on a loaded host */
#define BUSY_MS 10000
#define MAX_MOUNTS 100 /* looked at in one go */

struct shared *shared;
int null_file = -1;
static long calls_made;
static struct termios console_modes;
static struct {
	unsigned long long seed;
	long seconds, round, rounds, trace;
} conf = { 1, 30, 0, 1L << 40, 0 };

static void console_open(void)
{
	int fd = open("/dev/console", O_RDWR | O_NOCTTY);

	for (int i = 0; i < 3 && fd >= 0; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
}

/* Root may do to it what it likes: hang it up, stop it in two ways, set its modes. What we say must arrive, in our letters. */
static void console_restore(void)
{
	struct termios now, go_on = console_modes;

	if (tcgetattr(1, &now) < 0)
		console_open();
	tcflow(1, TCOON);
	go_on.c_iflag &= ~(tcflag_t)IXON;
	tcsetattr(1, TCSANOW, &go_on);
	tcsetattr(1, TCSANOW, &console_modes);
}

__attribute__((format(printf, 1, 2))) static void report(const char *format, ...)
{
	static char text[16384];
	va_list args;
	int size, done = 0;

	console_restore();
	va_start(args, format);
	size = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	while (done < size && done < (int)sizeof(text) - 1) {
		int wrote = (int)write(1, text + done, (size_t)(size - done));

		if (wrote <= 0)
			return;
		done += wrote;
	}
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void rest(void)
{
	nanosleep(&(struct timespec){ 0, 2000000 }, NULL);
}

/* A page that faults lies behind it. */
static void *shared_map(size_t size)
{
	size_t whole = (size + PAGE - 1) & ~(PAGE - 1);
	char *at =
		mmap(NULL, whole + PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED || mprotect(at + whole, PAGE, PROT_NONE))
		_exit(1);
	return at;
}

static void conf_read(void)
{
	FILE *file = fopen("/fuzz.conf", "r");
	char word[32];
	unsigned long long value;

	while (file && fscanf(file, "%31s %llu", word, &value) == 2) {
		if (!strcmp(word, "seed"))
			conf.seed = value;
		else if (!strcmp(word, "seconds"))
			conf.seconds = (long)value;
		else if (!strcmp(word, "round"))
			conf.round = (long)value;
		else if (!strcmp(word, "rounds"))
			conf.rounds = (long)value;
		else if (!strcmp(word, "trace"))
			conf.trace = (long)value;
	}
	if (file)
		fclose(file);
}

/* Workers may set anybody's policy, CPUs and limits, and make /proc read-only. None shall keep us from watching. */
static void self_restore(void)
{
	struct sched_param top = { .sched_priority = 99 };
	struct rlimit limit = { 1024, 4096 };
	cpu_set_t all;

	memset(&all, 0xff, sizeof(all));
	if (sched_setaffinity(0, sizeof(all), &all) < 0 ||
	    sched_setscheduler(0, SCHED_FIFO, &top) < 0 || setrlimit(RLIMIT_NOFILE, &limit) < 0 ||
	    mount(NULL, "/proc", NULL, MS_REMOUNT, NULL) < 0)
		report("@@@ bad init's own policy, CPUs, limits or /proc: %s\n", strerror(errno));
}

static void machine_prepare(void)
{
	mkdir("/dev", 0755);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	console_open();
	tcgetattr(1, &console_modes);
	null_file = open("/dev/null", O_RDWR | O_CLOEXEC);
	mkdir("/proc", 0755);
	mkdir("/tmp", 01777);
	mkdir("/dev/pts", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("tmpfs", "/tmp", "tmpfs", 0, NULL);
	mount("devpts", "/dev/pts", "devpts", 0, "ptmxmode=0666");
	chmod("/tmp", 01777);
}

static void file_make(const char *name, const char *text)
{
	int fd = open(name, O_RDWR | O_CREAT, 0666);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		report("@@@ bad cannot make %s: %s\n", name, strerror(errno));
	close(fd);
}

static void scratch_make(void)
{
	umask(0);
	mkdir(SCRATCH, 0777);
	if (mount("tmpfs", SCRATCH, "tmpfs", 0, "mode=0777,size=64m") < 0 || chdir(SCRATCH) < 0)
		report("@@@ bad no scratch folder: %s\n", strerror(errno));
	mkdir("d", 0777);
	mkdir("m", 0777);
	mkdir("e", 0777);
	file_make("a", "the first file\n");
	file_make("b", "");
	file_make("d/f", "the second\n");
	if (symlink("d/f", "l") || symlink("loop", "loop") || mkfifo("p", 0666))
		report("@@@ bad the scratch folder: %s\n", strerror(errno));
}

/* A line of mountinfo: where it is mounted, with its \\ooo turned back into bytes. */
static bool mount_point(const char *line, char *point)
{
	char *to = point;

	if (sscanf(line, "%*s %*s %*s %*s %255s", point) != 1)
		return false;
	for (const char *from = point; *from; to++) {
		bool escaped = *from == '\\' && strlen(from) > 3;

		*to = (char)(escaped ? strtol((char[]){ from[1], from[2], from[3], 0 }, NULL, 8)
				     : *from);
		from += escaped ? 4 : 1;
	}
	*to = 0;
	return !strncmp(point, SCRATCH, strlen(SCRATCH));
}

/*
 * One look at what is mounted: takes away, the last first, what workers mounted, which may be at any folder that was "m" for
 * a moment, and the scratch folder. Returns how many are left, and the first of them in `left`. Of mountinfo, since a worker
 * may choose a source without letters, which /proc/mounts shows as nothing.
 */
static int mounts_remove(char left[256])
{
	static char points[MAX_MOUNTS][256], line[16384];
	FILE *file = fopen("/proc/self/mountinfo", "r");
	int count = 0, busy = 0;

	if (!file)
		report("@@@ bad cannot read the mounts: %s\n", strerror(errno));
	while (file && count < MAX_MOUNTS && fgets(line, sizeof(line), file))
		count += mount_point(line, points[count]);
	if (file)
		fclose(file);
	while (count--)
		if (umount2(points[count], 0) < 0 && errno != EINVAL && errno != ENOENT) {
			strcpy(left, points[count]);
			busy++;
		}
	return busy;
}

/* With everybody gone nothing is in use, but for what a moment ago was. */
static void scratch_remove(void)
{
	long begin = now_ms();
	char left[256];

	if (chdir("/") < 0)
		report("@@@ bad chdir: %s\n", strerror(errno));
	while (mounts_remove(left) > 0) {
		if (now_ms() - begin >= BUSY_MS) {
			report("@@@ bad %s is busy though nobody is there\n", left);
			umount2(SCRATCH, MNT_DETACH);
			break;
		}
		rest();
	}
	if (rmdir(SCRATCH) < 0)
		report("@@@ bad the scratch folder stays: %s\n", strerror(errno));
}

static void stuck_report(int pid)
{
	char path[64], state[256] = "", what[256] = "not a worker";
	int fd;

	for (int i = 0; i < MAX_WORKERS; i++)
		if (shared->slots[i].pid == pid)
			call_describe(what, sizeof(what), shared->slots[i].call,
				      shared->slots[i].arguments);
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, state, sizeof(state) - 1) < 0)
		strcpy(state, "no /proc entry");
	close(fd);
	state[strcspn(state, "\n")] = 0;
	report("@@@ stuck %d %s %s\n", pid, what, state);
}

/* Kills all, again and again, since what forks may be missed; returns when no process is left. */
static void everybody_end(void)
{
	long begin = now_ms();
	int pid;

	while (now_ms() - begin < END_MS) {
		kill(-1, SIGKILL);
		while ((pid = waitpid(-1, NULL, WNOHANG | __WALL)) > 0)
			continue;
		if (pid < 0 && errno == ECHILD)
			return;
		rest();
	}
	for (int i = 0; i < MAX_WORKERS; i++)
		if (shared->slots[i].pid && kill(shared->slots[i].pid, 0) == 0)
			stuck_report(shared->slots[i].pid);
	report("@@@ bad processes that SIGKILL does not end\n");
}

static void worker_start(uint64_t round_seed, unsigned int life)
{
	int pid = fork();

	if (pid == 0)
		worker_run(random_mix(round_seed + life), life % WORKERS, CALLS, conf.trace);
	if (pid < 0)
		report("@@@ bad fork: %s\n", strerror(errno));
}

static void round_run(long round)
{
	uint64_t seed = random_mix(conf.seed) ^ random_mix((uint64_t)round + 1);
	long begin = now_ms();
	unsigned int life = 0, alive = 0;

	scratch_make();
	memset(shared->slots, 0, sizeof(shared->slots));
	shared->forks = 0;
	shared->calls = 0;
	while ((alive || life < LIVES) && now_ms() - begin < ROUND_MS) {
		int pid;

		for (; alive < WORKERS && life < LIVES; alive++)
			worker_start(seed, life++);
		while ((pid = waitpid(-1, NULL, WNOHANG | __WALL)) > 0)
			for (int i = 0; i < WORKERS; i++)
				alive -= shared->slots[i].pid == pid;
		if (pid < 0)
			alive = 0;
		rest();
	}
	everybody_end();
	/* Workers may have written over it: they map and unmap at random. */
	if (shared->calls > 0 && shared->calls < CALLS_MAX)
		calls_made += shared->calls;
	scratch_remove();
}

static long memory_free_kb(void)
{
	char text[2048] = "", *at;
	int fd = open("/proc/meminfo", O_RDONLY);

	if (fd >= 0 && read(fd, text, sizeof(text) - 1) < 0)
		text[0] = 0;
	close(fd);
	at = strstr(text, "MemFree:");
	return at ? strtol(at + 8, NULL, 10) : -1;
}

/* Each CPU gives back what it keeps at hand; only a kernel with FAIL_ALLOC can. */
static void drain(void)
{
	cpu_set_t one;

	self_restore();
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		int fd;

		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		if (sched_setaffinity(0, sizeof(one), &one) < 0)
			break; /* no such CPU */
		fd = open("/proc/aramid/drain", O_WRONLY);
		if (fd < 0 ? errno != ENOENT : write(fd, "1", 1) < 0)
			report("@@@ bad drain: %s\n", strerror(errno));
		close(fd);
	}
	self_restore();
}

static void after_report(long round)
{
	static char text[12000];
	char line[256], name[64];
	FILE *file;
	size_t used = 0;
	long objects;

	drain();
	drain(); /* what the first one's objects held */
	file = fopen("/proc/slabinfo", "r");
	text[0] = 0;
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%63s %ld", name, &objects) == 2 && used < sizeof(text) - 100)
			used += (size_t)sprintf(text + used, " %s=%ld", name, objects);
	if (file)
		fclose(file);
	report("@@@ after %ld calls %ld free %ld slab%s\n", round, calls_made, memory_free_kb(),
	       text);
}

int main(void)
{
	long begin = now_ms(), round;

	if (getpid() != 1)
		return 0; /* a worker executes us */
	machine_prepare();
	conf_read();
	shared = shared_map(sizeof(*shared));
	shared->futexes = shared_map(PAGE);
	report("@@@ ready\n");
	for (round = conf.round;
	     round < conf.round + conf.rounds && now_ms() - begin < conf.seconds * 1000; round++) {
		report("@@@ round %ld\n", round);
		round_run(round);
		after_report(round);
	}
	report("@@@ done %ld\n", calls_made);
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}
