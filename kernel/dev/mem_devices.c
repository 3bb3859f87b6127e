/* The devices of major number 1, which are no hardware: null, zero, full, random, urandom, kmsg. */
#include <abi/errno.h>
#include <abi/ioctl.h>
#include <abi/mman.h>
#include <kernel/dev.h>
#include <kernel/io_iter.h>
#include <kernel/preempt.h>
#include <kernel/printk.h>
#include <kernel/random.h>
#include <kernel/sched.h>
#include <kernel/shmem.h>
#include <kernel/vfs.h>
#include <kernel/vm.h>
#include <lib/err.h>

#include "internal.h"

#define CHUNK 4096 /* between two looks at signals */

static ssize_t null_read(struct file *file, struct io_iter *iter, u64 *position)
{
	(void)file, (void)iter, (void)position;
	return 0;
}

static ssize_t null_write(struct file *file, struct io_iter *iter, u64 *position)
{
	size_t size = iter->left;

	(void)file, (void)position;
	io_iter_advance(iter, size);
	return (ssize_t)size;
}

static ssize_t zero_read(struct file *file, struct io_iter *iter, u64 *position)
{
	size_t wanted = iter->left, done = 0;

	(void)file, (void)position;
	while (done < wanted) {
		size_t step = MIN(wanted - done, (size_t)16 * CHUNK);
		size_t moved = io_iter_zero(iter, step);

		done += moved;
		if (moved < step)
			return done ? (ssize_t)done : -EFAULT;
		if (signal_is_pending(current))
			break;
	}
	return (ssize_t)done;
}

/* A private mapping is anonymous memory; a shared one has memory of its own, that only this mapping and its forks see. */
static int zero_mmap(struct file *file, struct vma *vma)
{
	struct file *memory;

	if (!(vma->flags & VM_SHARED)) {
		vma->file = NULL;
		vma->ops = NULL;
		vma->page_offset = vma->start >> PAGE_SHIFT;
		file_put(file);
		return 0;
	}
	memory = shmem_file_create("dev/zero", vma->end - vma->start, !(vma->flags & VM_NO_RESERVE));
	if (IS_ERR(memory))
		return (int)PTR_ERR(memory);
	vma->file = memory;
	vma->page_offset = 0;
	file_put(file);
	return vm_file_mmap(memory, vma);
}

static ssize_t full_write(struct file *file, struct io_iter *iter, u64 *position)
{
	(void)file, (void)iter, (void)position;
	return -ENOSPC;
}

static ssize_t random_read(struct file *file, struct io_iter *iter, u64 *position)
{
	u8 bytes[256];
	size_t done = 0;

	(void)file, (void)position;
	while (iter->left) {
		size_t step = MIN(iter->left, sizeof(bytes)), moved;

		random_bytes(bytes, step);
		moved = io_iter_write(iter, bytes, step);
		done += moved;
		if (moved < step)
			return done ? (ssize_t)done : -EFAULT;
		if (done % CHUNK == 0 && signal_is_pending(current))
			break;
	}
	return (ssize_t)done;
}

static ssize_t random_write(struct file *file, struct io_iter *iter, u64 *position)
{
	size_t done = 0;
	u64 word = 0;

	(void)file, (void)position;
	while (iter->left) {
		size_t moved = io_iter_read(iter, &word, MIN(iter->left, sizeof(word)));

		if (!moved)
			return done ? (ssize_t)done : -EFAULT;
		random_add_event(word);
		done += moved;
		if (done % CHUNK == 0 && signal_is_pending(current))
			break;
	}
	return (ssize_t)done;
}

static long random_ioctl(struct file *file, unsigned int command, u64 argument)
{
	(void)file;
	switch (command) {
	case RNDGETENTCNT:
		return user_write_u32(user_ptr(argument), 256);
	default:
		return -EINVAL;
	}
}

static const struct file_ops null_ops = { .read = null_read,
					  .write = null_write,
					  .seek = file_seek_none };
static const struct file_ops zero_ops = {
	.read = zero_read, .write = null_write, .seek = file_seek_none, .mmap = zero_mmap
};
static const struct file_ops full_ops = { .read = zero_read,
					  .write = full_write,
					  .seek = file_seek_none };
static const struct file_ops random_ops = {
	.read = random_read, .write = random_write, .seek = file_seek_none, .ioctl = random_ioctl
};

static struct char_device devices[] = {
	{ .name = "null", .number = DEV_MAKE(1, 3), .mode = 0666, .ops = &null_ops },
	{ .name = "zero", .number = DEV_MAKE(1, 5), .mode = 0666, .ops = &zero_ops },
	{ .name = "full", .number = DEV_MAKE(1, 7), .mode = 0666, .ops = &full_ops },
	{ .name = "random", .number = DEV_MAKE(1, 8), .mode = 0666, .ops = &random_ops },
	{ .name = "urandom", .number = DEV_MAKE(1, 9), .mode = 0666, .ops = &random_ops },
	{ .name = "kmsg", .number = DEV_MAKE(1, 11), .mode = 0644, .ops = &kmsg_file_ops },
};

void mem_devices_init(void)
{
	for (size_t i = 0; i < ARRAY_LEN(devices); i++)
		if (char_device_register(&devices[i]))
			panic("cannot make /dev/%s", devices[i].name);
}
