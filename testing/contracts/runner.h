/* runner.h - what the inits that run contracts have in common: the console, the machine, and a contract's life. */
#pragma once

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdbool.h>
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

struct outcome {
	const char *kind;
	int value;
	long ms;
};

__attribute__((format(printf, 1, 2))) static inline void report(const char *format, ...)
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

static inline long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline void mount_or_say(const char *type, const char *where)
{
	mkdir(where, 0755);
	if (mount(type, where, type, 0, NULL) < 0 && errno != EBUSY)
		report("@@@ note mount %s: %s\n", where, strerror(errno));
}

/* Make the console this process's input and output, wherever the kernel left it. */
static inline void console_open(void)
{
	int fd = open("/dev/console", O_RDWR | O_NOCTTY);

	if (fd < 0)
		return;
	for (int i = 0; i < 3; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
}

static inline int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st, (void)kind, (void)ftw;
	remove(path);
	return 0;
}

/* The last mount below the scratch folder; false: there is none. */
static inline bool scratch_find_mount(char path[256])
{
	FILE *mounts = fopen("/proc/mounts", "r");
	char line[1024], at[256];
	bool found = false;

	while (mounts && fgets(line, sizeof(line), mounts)) {
		if (sscanf(line, "%*s %255s", at) != 1 ||
		    strncmp(at, SCRATCH "/", sizeof(SCRATCH)) != 0)
			continue;
		strcpy(path, at);
		found = true;
	}
	if (mounts)
		fclose(mounts);
	return found;
}

static inline void scratch_remove(void)
{
	char mounted[256];

	chdir("/");
	while (scratch_find_mount(mounted) && !umount2(mounted, MNT_DETACH))
		;
	nftw(SCRATCH, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

__attribute__((noreturn)) static inline void contract_start(const char *name)
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
static inline struct outcome contract_wait(pid_t pid, long begin, int seconds)
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

/*
 * What contracts set for the whole machine. One that does not come to its end leaves it changed, and the next ones would fail
 * for that. In the order in which they are set back: overcommit_kbytes and overcommit_ratio make each other 0.
 */
static const char *const setting_paths[] = {
	"/proc/sys/kernel/hostname",
	"/proc/sys/vm/overcommit_memory",
	"/proc/sys/vm/overcommit_kbytes",
	"/proc/sys/vm/overcommit_ratio",
	"/proc/sys/fs/inotify/max_queued_events",
	"/proc/sys/fs/inotify/max_user_instances",
	"/proc/sys/fs/inotify/max_user_watches",
	"/sys/kernel/mm/transparent_hugepage/enabled",
	"/sys/kernel/mm/transparent_hugepage/shmem_enabled",
	"/sys/kernel/mm/transparent_hugepage/khugepaged/pages_to_scan",
	"/sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs",
	"/sys/kernel/mm/transparent_hugepage/khugepaged/alloc_sleep_millisecs",
	"/sys/kernel/mm/transparent_hugepage/khugepaged/max_ptes_none",
};
#define SETTINGS (sizeof(setting_paths) / sizeof(setting_paths[0]))
static char settings_saved[SETTINGS][80]; /* "": there is none, or nothing was saved */

/* As it would be written: of a choice the word in brackets. */
static inline void setting_read(const char *path, char text[80])
{
	int fd = open(path, O_RDONLY);
	ssize_t size = fd < 0 ? 0 : read(fd, text, 79);
	char *chosen;

	close(fd);
	text[size > 0 ? size : 0] = 0;
	chosen = strchr(text, '[');
	if (chosen) {
		memmove(text, chosen + 1, strlen(chosen));
		text[strcspn(text, "]")] = 0;
	}
}

static inline void settings_save(void)
{
	for (unsigned int i = 0; i < SETTINGS; i++)
		setting_read(setting_paths[i], settings_saved[i]);
}

static inline void settings_restore(void)
{
	char now[80];

	for (unsigned int i = 0; i < SETTINGS; i++) {
		int fd;

		if (!settings_saved[i][0])
			continue;
		setting_read(setting_paths[i], now);
		if (!strcmp(now, settings_saved[i]))
			continue;
		fd = open(setting_paths[i], O_WRONLY);
		if (write(fd, settings_saved[i], strlen(settings_saved[i])) < 0)
			report("@@@ note %s: %s\n", setting_paths[i], strerror(errno));
		close(fd);
	}
}

/* End everything the contract left behind, collect it, and set back what it has set. */
static inline void contract_clean(pid_t pid)
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
	settings_restore();
}

/* Mounts what a contract expects, with the console as input and output. */
static inline void machine_prepare(void)
{
	mount_or_say("devtmpfs", "/dev");
	console_open();
	mount_or_say("proc", "/proc");
	mount_or_say("sysfs", "/sys");
	mount_or_say("tmpfs", "/tmp");
	mkdir("/dev/pts", 0755);
	mount("devpts", "/dev/pts", "devpts", 0, "ptmxmode=0666");
	chmod("/tmp", 01777);
	settings_save();
}

__attribute__((noreturn)) static inline void machine_end(void)
{
	report("@@@ done\n");
	sync();
	reboot(RB_POWER_OFF);
	report("@@@ note power off: %s\n", strerror(errno));
	for (;;)
		pause();
}
