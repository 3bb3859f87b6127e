/* /proc/<pid>/cmdline, environ, auxv, maps, smaps, mem, pagemap: what lies in a process's own memory, and how that is mapped. */
#include "internal.h"

#include <abi/auxvec.h>
#include <abi/capability.h>
#include <abi/errno.h>
#include <abi/fcntl.h>
#include <kernel/cred.h>
#include <kernel/io_iter.h>
#include <kernel/signal.h>
#include <kernel/slab.h>
#include <kernel/vm.h>
#include <lib/string.h>

/* Copies [start, end) as far as it can be read. */
static int copy_range(struct seq_file *out, struct mm *mm, u64 start, u64 end)
{
	char *page = kmalloc(PAGE_SIZE, 0);

	if (!page)
		return -ENOMEM;
	while (start < end) {
		ssize_t size =
			vm_access_remote(mm, start, page, MIN(end - start, (u64)PAGE_SIZE), false);

		if (size <= 0)
			break;
		seq_write(out, page, (size_t)size);
		start += (u64)size;
	}
	kfree(page);
	return 0;
}

/* What `show` writes of a task's memory; nothing if it has none. */
static int show_memory(struct seq_file *out, struct task *task,
		       int (*show)(struct seq_file *out, struct mm *mm))
{
	struct mm *mm = task_mm_get(task);
	int error;

	if (!mm)
		return 0;
	error = show(out, mm);
	mm_put_user(mm);
	return error;
}

/* SHOW(name), by the block that follows. */
#define SHOW_MEMORY(name)                                                                          \
	static int memory_##name(struct seq_file *out, struct mm *mm);                             \
	SHOW(name)                                                                                 \
	{                                                                                          \
		return show_memory(out, target->task, memory_##name);                              \
	}                                                                                          \
	static int memory_##name(struct seq_file *out, struct mm *mm)

SHOW_MEMORY(cmdline)
{
	return copy_range(out, mm, mm->arg_start, mm->arg_end);
}

SHOW_MEMORY(environ)
{
	return copy_range(out, mm, mm->env_start, mm->env_end);
}

/* Pairs up to and with AT_NULL. */
SHOW_MEMORY(auxv)
{
	size_t pairs = 0;

	while (2 * pairs + 2 < ARRAY_LEN(mm->auxv) && mm->auxv[2 * pairs] != AT_NULL)
		pairs++;
	seq_write(out, mm->auxv, (pairs + 1) * 2 * sizeof(mm->auxv[0]));
	return 0;
}

SHOW_MEMORY(maps)
{
	vm_show_maps(out, mm);
	return 0;
}

SHOW_MEMORY(smaps)
{
	vm_show_smaps(out, mm);
	return 0;
}

/* --- mem: the position is the address ------------------------------------------------------------------------------------- */

/* The memory that the process has now: what it runs later is not reached through this file. */
static int mem_open(struct inode *inode, struct file *file)
{
	struct task *task = pid_inode_task(inode);
	struct mm *mm = NULL;
	int error;

	if (!task)
		return -ESRCH;
	error = task_access_check(task);
	if (!error)
		mm = task_mm_get(task);
	task_put(task);
	if (mm) {
		mm_get(mm);
		mm_put_user(mm); /* an open file does not keep the memory of a dead process */
	}
	file->private_data = mm;
	return error;
}

static void mem_release(struct file *file)
{
	if (file->private_data)
		mm_put(file->private_data);
}

/* The memory that the file is about, with a user: mm_put_user. NULL: nobody uses it any more. */
static struct mm *mem_get_user(const struct file *file)
{
	struct mm *mm = file->private_data;

	return mm && ref_try_get(&mm->users) ? mm : NULL;
}

/* One page at most: bytes moved; 0: nothing is mapped there; -EFAULT. */
static ssize_t mem_piece(struct mm *mm, struct io_iter *iter, u64 address, char *page, bool write)
{
	size_t size = MIN(iter->left, (size_t)(PAGE_SIZE - address % PAGE_SIZE));
	ssize_t moved;

	if (write && io_iter_read(iter, page, size) != size)
		return -EFAULT;
	moved = vm_access_remote(mm, address, page, size, write);
	if (!write && moved > 0 && io_iter_write(iter, page, (size_t)moved) != (size_t)moved)
		return -EFAULT;
	return moved;
}

static ssize_t mem_move(struct mm *mm, struct io_iter *iter, u64 *position, bool write)
{
	char *page = kmalloc(PAGE_SIZE, 0);
	ssize_t done = 0, moved = 0;

	if (!page)
		return -ENOMEM;
	while (iter->left) {
		moved = mem_piece(mm, iter, *position, page, write);
		if (moved <= 0)
			break;
		done += moved;
		*position += (u64)moved;
	}
	kfree(page);
	if (done)
		return done;
	return moved ? moved : -EIO;
}

static ssize_t mem_transfer(struct file *file, struct io_iter *iter, u64 *position, bool write)
{
	struct mm *mm = iter->left ? mem_get_user(file) : NULL;
	ssize_t done;

	if (!mm)
		return 0;
	done = mem_move(mm, iter, position, write);
	mm_put_user(mm);
	return done;
}

static ssize_t mem_read(struct file *file, struct io_iter *iter, u64 *position)
{
	return mem_transfer(file, iter, position, false);
}

static ssize_t mem_write(struct file *file, struct io_iter *iter, u64 *position)
{
	return mem_transfer(file, iter, position, true);
}

static s64 mem_seek(struct file *file, s64 offset, int whence)
{
	if (whence != SEEK_SET && whence != SEEK_CUR)
		return -EINVAL;
	return file_seek_size(file, offset, whence, 0);
}

const struct file_ops pid_mem_ops = {
	.open = mem_open,
	.read = mem_read,
	.write = mem_write,
	.seek = mem_seek,
	.release = mem_release,
};

/* --- pagemap: 8 bytes for each page -------------------------------------------------------------------------------------- */

#define PAGEMAP_WORDS 64

/* Words from `index` on: how many, 0 at the end. */
static unsigned int pagemap_words(struct mm *mm, u64 index, size_t size, bool frames, u64 *words)
{
	const u64 end = USER_END >> PAGE_SHIFT;
	unsigned int count = (unsigned int)MIN(size / sizeof(u64), (size_t)PAGEMAP_WORDS);

	if (index >= end)
		return 0;
	count = (unsigned int)MIN((u64)count, end - index);
	vm_pagemap(mm, index << PAGE_SHIFT, words, count, frames);
	return count;
}

static ssize_t pagemap_copy(struct mm *mm, struct io_iter *iter, u64 *position, bool frames)
{
	u64 words[PAGEMAP_WORDS];
	ssize_t done = 0;

	while (iter->left && !signal_is_fatal_pending(current)) {
		size_t size = sizeof(u64) *
			      pagemap_words(mm, *position / sizeof(u64), iter->left, frames, words);

		if (!size)
			break;
		if (io_iter_write(iter, words, size) != size)
			return -EFAULT;
		done += (ssize_t)size;
		*position += size;
	}
	return done;
}

static ssize_t pagemap_read(struct file *file, struct io_iter *iter, u64 *position)
{
	struct mm *mm = mem_get_user(file);
	ssize_t done;

	if (!mm)
		return 0;
	if (*position % sizeof(u64) || iter->left % sizeof(u64))
		done = -EINVAL;
	else
		done = pagemap_copy(mm, iter, position,
				    file->cred->cap_effective >> CAP_SYS_ADMIN & 1);
	mm_put_user(mm);
	return done;
}

const struct file_ops pid_pagemap_ops = {
	.open = mem_open,
	.read = pagemap_read,
	.seek = mem_seek,
	.release = mem_release,
};
