/* init.c - the suite as process 1: mounts what programs expect, runs itself, and switches the machine off. */
#include "bench.h"
#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_MAX 32

static void mount_one(const char *type, const char *at)
{
	mkdir(at, 0755);
	if (mount(type, at, type, 0, NULL) && errno != EBUSY)
		printf("@@@ bench note: no %s at %s: %s\n", type, at, strerror(errno));
}

static void say_status(int status)
{
	if (WIFSIGNALED(status))
		printf("@@@ bench over signal %d\n", WTERMSIG(status));
	else
		printf("@@@ bench over exit %d\n", WEXITSTATUS(status));
}

/* What the profiler needs of a Linux whose symbols are nowhere else. */
static void print_file(const char *path)
{
	char text[4096];
	long got;
	int fd = open(path, O_RDONLY);
	printf("@@@ bench file %s\n", path);
	fflush(stdout);
	while (fd >= 0 && (got = read(fd, text, sizeof(text))) > 0)
		if (write(STDOUT_FILENO, text, (size_t)got) != got)
			break;
	close(fd);
	printf("@@@ bench file end\n");
}

static void print_leaf(unsigned leaf, unsigned sub)
{
	unsigned a, b, c, d;
	__cpuid_count(leaf, sub, a, b, c, d);
	printf("%08x %x %08x %08x %08x %08x\n", leaf, sub, a, b, c, d);
}

/* What a program sees of this processor, for single-stepping it elsewhere as if it ran here (user_count.c). */
static void print_cpuid(void)
{
	static const unsigned starts[] = { 0, 0x80000000 };
	unsigned low, high;
	printf("@@@ bench file cpuid\n");
	for (unsigned i = 0; i < ARRAY_LEN(starts); i++) {
		unsigned last = __get_cpuid_max(starts[i], NULL);
		for (unsigned leaf = starts[i]; leaf <= last && leaf - starts[i] < 64; leaf++)
			for (unsigned sub = 0; sub < 8; sub++)
				print_leaf(leaf, sub);
	}
	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	printf("xcr0 0 %08x 0 0 %08x\n", low, high);
	printf("@@@ bench file end\n");
}

static void run_suite(char **words)
{
	int status = 0;
	fflush(stdout);
	pid_t child = fork();
	if (!child) {
		setsid();
		execv("/init", words);
		perror("@@@ bench note: exec of /init");
		_exit(126);
	}
	/* Orphans are reaped on the way. */
	for (pid_t got = 0; child > 0 && got != child;) {
		got = wait(&status);
		if (got < 0 && errno == ECHILD)
			break;
	}
	say_status(child < 0 ? 126 << 8 : status);
}

_Noreturn void init_main(int argc, char **argv, uint64_t boot_ticks)
{
	char boot[40];
	char *words[WORDS_MAX + 4] = { "/init", "--json", "--folder=/tmp", boot };
	unsigned count = 4;
	mount_one("proc", "/proc");
	mount_one("sysfs", "/sys");
	mount_one("devtmpfs", "/dev");
	mount_one("tmpfs", "/tmp");
	snprintf(boot, sizeof(boot), "--boot=%llu", (unsigned long long)boot_ticks);
	for (int i = 1; i < argc && count < ARRAY_LEN(words) - 1; i++) {
		if (!strncmp(argv[i], "--print=", 8))
			print_file(argv[i] + 8);
		else if (!strcmp(argv[i], "--cpuid"))
			print_cpuid();
		else if (!strncmp(argv[i], "--", 2))
			words[count++] = argv[i];
	}
	words[count] = NULL;
	run_suite(words);
	fflush(stdout);
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}
