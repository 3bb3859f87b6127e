/* Where a read or write moves bytes to or from: one or more user ranges, or kernel memory. Advances as it is used. */
#pragma once

#include <lib/compiler.h>
#include <platform/usercopy.h>

struct io_segment {
	u64 base; /* user address, or kernel pointer */
	size_t length;
};

struct io_iter {
	struct io_segment *segments;
	unsigned int count; /* segments left, the current one included */
	unsigned int passed; /* segments before the current one */
	size_t offset; /* within segments[0] */
	size_t left; /* bytes left in all */
	bool kernel; /* segments are kernel memory */
	bool no_wait; /* the file is O_NONBLOCK or RWF_NOWAIT */
	struct io_segment one; /* storage of the usual case */
};

static inline void io_iter_user(struct io_iter *iter, struct user_ptr base, size_t length)
{
	iter->segments = &iter->one;
	iter->count = 1;
	iter->passed = 0;
	iter->offset = 0;
	iter->left = length;
	iter->kernel = false;
	iter->no_wait = false;
	iter->one = (struct io_segment){ base.addr, length };
}

static inline void io_iter_kernel(struct io_iter *iter, void *base, size_t length)
{
	*iter = (struct io_iter){
		.count = 1, .left = length, .kernel = true, .one = { (u64)base, length }
	};
	iter->segments = &iter->one;
}

/*
 * iovec array of user space (at most IOV_MAX): 0, -EINVAL, -EFAULT, -ENOMEM. `inline_segments` (8) is used when it is big
 * enough, else memory that io_iter_destroy frees.
 */
int io_iter_import(struct io_iter *iter, struct user_ptr iov, unsigned long count,
		   struct io_segment inline_segments[8]);
void io_iter_destroy(struct io_iter *iter, struct io_segment inline_segments[8]);

/* Bytes moved, short only on a fault (then 0 bytes means -EFAULT to the caller) or at the end. May sleep. */
size_t io_iter_write(struct io_iter *iter, const void *from, size_t size); /* kernel -> iterator */
size_t io_iter_read(struct io_iter *iter, void *to, size_t size); /* iterator -> kernel */
size_t io_iter_zero(struct io_iter *iter, size_t size);
void io_iter_advance_segments(struct io_iter *iter, size_t size);
static inline void io_iter_advance(struct io_iter *iter, size_t size)
{
	if (unlikely(iter->count != 1 || size > iter->left)) {
		io_iter_advance_segments(iter, size);
		return;
	}
	iter->offset += size;
	iter->left -= size;
}
void io_iter_revert(struct io_iter *iter,
		    size_t size); /* undo an advance within the current segment set */
