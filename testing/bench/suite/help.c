/* help.c - small things that several groups need: files in the work folder, mappings, children. */
#include "bench.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

const char *work_path(const char *name)
{
	char *path = NULL;
	if (asprintf(&path, "%s/%s", work_folder, name) < 0)
		abort();
	return path;
}

long file_write(const char *path, const void *data, size_t size)
{
	long fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0)
		return -errno;
	long written = write((int)fd, data, size);
	long result = written == (long)size ? 0 : written < 0 ? -errno : -ENOSPC;
	close((int)fd);
	return result;
}

void *map_fresh(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return at == MAP_FAILED ? NULL : at;
}

void map_touch(void *at, size_t size)
{
	for (size_t i = 0; i < size; i += PAGE)
		((volatile char *)at)[i] = 1;
}

long wait_child(long pid)
{
	int status;
	long got = syscall_4(SYS_wait4, pid, (long)&status, 0, 0);
	if (got < 0)
		return got;
	return status ? -ECHILD : 0;
}

/* The plain system call: a libc's fork runs handlers and takes locks first. */
long fork_raw(void)
{
	return syscall_6(SYS_clone, SIGCHLD, 0, 0, 0, 0, 0);
}

_Noreturn void exit_raw(int status)
{
	for (;;)
		syscall_1(SYS_exit_group, status);
}

void child_end(long *pid)
{
	if (*pid <= 0)
		return;
	kill((pid_t)*pid, SIGKILL);
	while (waitpid((pid_t)*pid, NULL, 0) < 0 && errno == EINTR)
		;
	*pid = 0;
}
