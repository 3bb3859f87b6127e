/* thp_shmem.h - shared memory that may have 2 MiB pages, and the system's setting for it, which is put back. */
#pragma once

#include "meminfo.h"
#include "thp.h"

#define SHMEM_ENABLED "/sys/kernel/mm/transparent_hugepage/shmem_enabled"

static inline void shmem_mode(const char *mode)
{
	thp_set(SHMEM_ENABLED, mode);
}

/* All modes, the one that counts in brackets. */
static inline const char *shmem_modes(void)
{
	static char text[128];
	int fd = must(open(SHMEM_ENABLED, O_RDONLY));
	long size = must(read(fd, text, sizeof(text) - 1));

	close(fd);
	text[size] = 0;
	if (size && text[size - 1] == '\n')
		text[size - 1] = 0;
	return text;
}

/* Runs `test` in a child, which may break; the setting is `never` before and after. */
static inline int with_shmem_modes(void (*test)(void))
{
	pid_t pid;
	int status;

	thp_on(); /* sysfs */
	pid = fork_child();
	if (!pid) {
		test();
		_exit(0);
	}
	status = child_status(pid);
	shmem_mode("never");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* Blocks of 2 MiB of a new file in memory, whose descriptor is `*fd`, mapped where 2 MiB pages are possible. */
static inline unsigned char *shmem_map(size_t count, int *fd)
{
	*fd = must(memfd_create("blocks", 0));
	must(ftruncate(*fd, (off_t)(count * HUGE)));
	return must(mmap(NULL, count * HUGE, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0));
}

static inline void shmem_unmap(unsigned char *at, size_t count, int fd)
{
	must(munmap(at, count * HUGE));
	close(fd);
}

/* KiB that 2 MiB pages have in the mappings that begin in [at, at + length). */
static inline long shmem_kb(const void *at, size_t length)
{
	return smaps_kb(at, length, "ShmemPmdMapped");
}
