/*
 * runner.c - the init that runs contracts: one after another in one boot, each in its own session and
 * folder, and reports each on the console between two marker lines. Then it powers off.
 *
 * Console protocol, read by run.py:
 *   @@@ ready N                                     N contracts are in the list
 *   @@@ run NAME                                    then the contract's own output
 *   @@@ end NAME exit|signal|timeout V ms T free KB KB sysinfo KB KB
 *   @@@ done
 * /contracts.list holds a line per run: NAME SECONDS. The program is /contracts/NAME; with NAME@MUTATION, under mutate.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LIST "/contracts.list"
#define SCRATCH "/tmp/scratch"
#define MAX_RUNS 2000

struct run {
	char name[200];
	int seconds;
};

struct outcome {
	const char *kind;
	int value;
	long ms;
};

struct memory {
	long free_kb;
	long sysinfo_kb;
};

static struct run runs[MAX_RUNS];

__attribute__((format(printf, 1, 2))) static void report(const char *format, ...)
{
	char text[512];
	va_list args;
	int size, done = 0;

	va_start(args, format);
	size = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	while (done < size) {
		int wrote = write(1, text + done, size - done);

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

static void mount_or_say(const char *type, const char *where)
{
	mkdir(where, 0755);
	if (mount(type, where, type, 0, NULL) < 0 && errno != EBUSY)
		report("@@@ note mount %s: %s\n", where, strerror(errno));
}

/* Make the console this process's input and output, wherever the kernel left it. */
static void console_open(void)
{
	int fd = open("/dev/console", O_RDWR | O_NOCTTY);

	if (fd < 0)
		return;
	for (int i = 0; i < 3; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
}

static struct memory memory_now(void)
{
	struct memory memory = { -1, -1 };
	struct sysinfo info;
	char text[4096], *at;
	int fd = open("/proc/meminfo", O_RDONLY);
	int size = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	if (size > 0) {
		text[size] = 0;
		at = strstr(text, "MemFree:");
		if (at)
			memory.free_kb = strtol(at + 8, NULL, 10);
	}
	if (sysinfo(&info) == 0)
		memory.sysinfo_kb = (long)((unsigned long long)info.freeram * info.mem_unit / 1024);
	return memory;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st, (void)kind, (void)ftw;
	remove(path);
	return 0;
}

static void scratch_remove(void)
{
	chdir("/");
	nftw(SCRATCH, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

__attribute__((noreturn)) static void contract_start(const char *name)
{
	static char *environment[] = { "PATH=/bin:/sbin", "HOME=/", NULL };
	char path[256], *mutation;
	char *argv[] = { "/mutate", NULL, path, NULL };
	char **command = argv + 2;
	int null = open("/dev/null", O_RDONLY);

	snprintf(path, sizeof(path), "/contracts/%.199s", name);
	mutation = strchr(path, '@');
	if (mutation) {
		*mutation = 0;
		argv[1] = mutation + 1;
		command = argv;
	}
	setsid();
	if (null >= 0 && null != 0) {
		dup2(null, 0);
		close(null);
	}
	if (chdir(SCRATCH) < 0)
		report("no folder: %s\n", strerror(errno));
	execve(command[0], command, environment);
	report("cannot execute %s: %s\n", command[0], strerror(errno));
	_exit(127);
}

/* Wait for the contract until its time is up; adopted orphans are reaped on the way. */
static struct outcome contract_wait(pid_t pid, long begin, int seconds)
{
	struct timespec rest = { 0, 1000000 };
	int status;

	for (;;) {
		pid_t got = waitpid(-1, &status, WNOHANG);
		long ms = now_ms() - begin;

		if (got == pid && WIFEXITED(status))
			return (struct outcome){ "exit", WEXITSTATUS(status), ms };
		if (got == pid)
			return (struct outcome){ "signal", WTERMSIG(status), ms };
		if (got > 0)
			continue;
		if (ms > seconds * 1000L)
			return (struct outcome){ "timeout", seconds, ms };
		nanosleep(&rest, NULL);
		if (rest.tv_nsec < 10000000)
			rest.tv_nsec += 500000;
	}
}

/* End everything the contract left behind, and collect it. */
static void contract_clean(pid_t pid)
{
	long begin = now_ms();

	kill(-pid, SIGKILL);
	if (getpid() == 1)
		kill(-1, SIGKILL);
	while (now_ms() - begin < 5000) {
		pid_t got = waitpid(-1, NULL, WNOHANG);

		if (got < 0 && errno == ECHILD)
			break;
		if (got == 0)
			nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
	}
	scratch_remove();
}

static void contract_run(const struct run *run)
{
	struct memory before, after;
	struct outcome outcome;
	long begin;
	pid_t pid;

	before = memory_now();
	report("@@@ run %s\n", run->name);
	mkdir(SCRATCH, 0777);
	begin = now_ms();
	pid = fork();
	if (pid == 0)
		contract_start(run->name);
	if (pid < 0) {
		report("fork: %s\n\n@@@ end %s exit 126 ms 0 free -1 -1 sysinfo -1 -1\n",
		       strerror(errno), run->name);
		return;
	}
	outcome = contract_wait(pid, begin, run->seconds);
	contract_clean(pid);
	after = memory_now();
	report("\n@@@ end %s %s %d ms %ld free %ld %ld sysinfo %ld %ld\n", run->name, outcome.kind,
	       outcome.value, outcome.ms, before.free_kb, after.free_kb, before.sysinfo_kb,
	       after.sysinfo_kb);
}

static int list_read(void)
{
	FILE *list = fopen(LIST, "r");
	int count = 0;

	if (!list)
		return 0;
	while (count < MAX_RUNS &&
	       fscanf(list, "%199s %d", runs[count].name, &runs[count].seconds) == 2)
		count++;
	fclose(list);
	return count;
}

int main(void)
{
	int count;

	mount_or_say("devtmpfs", "/dev");
	console_open();
	mount_or_say("proc", "/proc");
	mount_or_say("sysfs", "/sys");
	mount_or_say("tmpfs", "/tmp");
	mkdir("/dev/pts", 0755);
	mount("devpts", "/dev/pts", "devpts", 0, "ptmxmode=0666");
	chmod("/tmp", 01777);
	count = list_read();
	report("\n@@@ ready %d\n", count);
	for (int i = 0; i < count; i++)
		contract_run(&runs[i]);
	report("@@@ done\n");
	sync();
	reboot(RB_POWER_OFF);
	report("@@@ note power off: %s\n", strerror(errno));
	for (;;)
		pause();
}
