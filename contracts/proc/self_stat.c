/*
 * self_stat.c - /proc/<pid>/stat has 52 fields that parsers rely on, status the same by name.
 * mutants: prctl=0 read=0 read=fill(buffer,1) getppid=result+1 getpgrp=0 getsid=0
 */
#include "contract.h"
#include <sys/prctl.h>

static char text[4096];

static void file_read(const char *path)
{
	int fd = must(open(path, O_RDONLY));
	ssize_t size = must(read(fd, text, sizeof(text) - 1));

	text[size] = 0;
	must(close(fd));
}

int main(void)
{
	char path[40], state;
	int pid, parent, group, session, fields = 3;
	pid_t child;
	char *after;

	must(prctl(PR_SET_NAME, "odd ) name"));
	file_read("/proc/self/stat");
	expect_eq(atoi(text), getpid());
	expect(strstr(text, " (odd ) name) ") != NULL);
	after = strrchr(text, ')') + 2;
	expect(sscanf(after, "%c %d %d %d", &state, &parent, &group, &session) == 4);
	expect(state == 'R' && parent == getppid() && group == getpgrp() && session == getsid(0));
	for (char *at = after; *at; at++)
		fields += *at == ' ';
	say("%d fields", fields);
	expect_eq(text[strlen(text) - 1], '\n');

	child = fork_child();
	if (!child)
		_exit(0);
	snprintf(path, sizeof(path), "/proc/%d/stat", child);
	do {
		sleep_ms(2);
		file_read(path);
		expect(sscanf(strrchr(text, ')') + 2, "%c %d", &state, &pid) == 2);
	} while (state != 'Z');
	expect_eq(pid, getpid());
	expect_exit(child, 0);
	must_fail(open(path, O_RDONLY), ENOENT);

	file_read("/proc/self/status");
	expect(strstr(text, "Name:\todd ) name\n") != NULL);
	snprintf(path, sizeof(path), "\nPid:\t%d\n", getpid());
	expect(strstr(text, path) != NULL);
	snprintf(path, sizeof(path), "\nPPid:\t%d\n", getppid());
	expect(strstr(text, path) != NULL);
	expect(strstr(text, "\nVmRSS:\t") && strstr(text, "\nUid:\t0\t0\t0\t0\n"));
	expect(strstr(text, "\nThreads:\t1\n") && strstr(text, "\nState:\tR (running)\n"));
	return 0;
}
