/* Files that live in memory and have no name in any directory: shared anonymous memory, memfd, System V segments. */
#pragma once

#include <lib/compiler.h>

struct file;

/*
 * Readable and writable, `size` bytes of zeros, page cache backed, ref 1. ERR_PTR(-ENOMEM). `name` is for /proc/<pid>/maps.
 * `reserve`: all of it is promised (Committed_AS) until the file goes.
 */
struct file *shmem_file_create(const char *name, u64 size, bool reserve);
