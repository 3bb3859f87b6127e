/* Files that live in memory and have no name in any directory: shared anonymous memory, memfd, System V segments. */
#pragma once

#include <lib/compiler.h>

struct file;
struct inode;

/*
 * Readable and writable, `size` bytes of zeros, page cache backed, ref 1. ERR_PTR(-ENOMEM). `name` is for /proc/<pid>/maps.
 * `reserve`: all of it is promised (Committed_AS) until the file goes.
 */
struct file *shmem_file_create(const char *name, u64 size, bool reserve);

/*
 * Which files in memory get 2 MiB of frames at a time (kernel/mm/huge_shmem.c). The first four are what the option huge= of a tmpfs
 * may say; all are /sys/kernel/mm/transparent_hugepage/shmem_enabled, which speaks for files without a name, and where it says
 * deny or force for all. Within the size: where the file has all of the 2 MiB. Advise: where a mapping has MADV_HUGEPAGE.
 */
enum shmem_huge {
	SHMEM_HUGE_NEVER,
	SHMEM_HUGE_ALWAYS,
	SHMEM_HUGE_WITHIN_SIZE,
	SHMEM_HUGE_ADVISE,
	SHMEM_HUGE_DENY,
	SHMEM_HUGE_FORCE,
	SHMEM_HUGE_MODES
};
extern const char *const shmem_huge_names[SHMEM_HUGE_MODES];
extern int shmem_huge_mode;
/* False: no such mode. */
bool shmem_huge_set(const char *name);
/* Mappings of the file should lie within 2 MiB as their parts of it do. */
bool shmem_huge_aligns(const struct inode *inode);
