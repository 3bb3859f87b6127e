/* Moving bytes between the kernel and what an io_iter describes. */
#include <kernel/io_iter.h>

#include <abi/errno.h>
#include <abi/uio.h>
#include <kernel/slab.h>
#include <lib/string.h>

#define TRANSFER_MAX 0x7ffff000UL /* one system call moves no more */

static int import_segments(struct io_iter *iter, unsigned long count)
{
	size_t total = 0;

	for (unsigned long i = 0; i < count; i++) {
		struct io_segment *segment = &iter->segments[i];

		if ((s64)segment->length < 0)
			return -EINVAL;
		if (!user_range_ok(user_ptr(segment->base), segment->length))
			return -EFAULT;
		segment->length = MIN(segment->length, TRANSFER_MAX - total);
		total += segment->length;
	}
	iter->count = (unsigned int)count;
	iter->left = total;
	return 0;
}

int io_iter_import(struct io_iter *iter, struct user_ptr iov, unsigned long count,
		   struct io_segment inline_segments[8])
{
	int error;

	_Static_assert(sizeof(struct io_segment) == sizeof(struct abi_iovec),
		       "an iovec is copied as it is");
	if (count > UIO_MAXIOV)
		return -EINVAL;
	*iter = (struct io_iter){ .segments = inline_segments };
	if (count > UIO_FASTIOV) {
		iter->segments = kmalloc_array(count, sizeof(*iter->segments), 0);
		if (!iter->segments)
			return -ENOMEM;
	}
	error = user_read(iter->segments, iov, count * sizeof(*iter->segments));
	if (!error)
		error = import_segments(iter, count);
	if (error)
		io_iter_destroy(iter, inline_segments);
	return error;
}

void io_iter_destroy(struct io_iter *iter, struct io_segment inline_segments[8])
{
	/* `segments` moves along with the transfer: back to the start of the allocation. */
	struct io_segment *start = iter->segments - iter->passed;

	if (start != inline_segments && start != &iter->one)
		kfree(start);
}

/* Leaves segments that are used up, empty ones too, unless nothing is left at all. */
static void skip_used(struct io_iter *iter)
{
	while (iter->left && iter->offset == iter->segments->length) {
		iter->segments++;
		iter->passed++;
		iter->count--;
		iter->offset = 0;
	}
}

void io_iter_advance_segments(struct io_iter *iter, size_t size)
{
	size = MIN(size, iter->left);
	while (size) {
		size_t step;

		skip_used(iter);
		step = MIN(size, iter->segments->length - iter->offset);
		iter->offset += step;
		iter->left -= step;
		size -= step;
	}
}

void io_iter_revert(struct io_iter *iter, size_t size)
{
	iter->left += size;
	while (size > iter->offset) {
		size -= iter->offset;
		iter->segments--;
		iter->passed--;
		iter->count++;
		iter->offset = iter->segments->length;
	}
	iter->offset -= size;
}

enum direction { TO_ITER, FROM_ITER, ZERO };

/* Bytes NOT moved of one piece inside the current segment. */
static size_t move_piece(const struct io_iter *iter, char *memory, size_t size,
			 enum direction direction)
{
	struct user_ptr at = user_ptr(iter->segments->base + iter->offset);

	if (iter->kernel) {
		if (direction == TO_ITER)
			memcpy((void *)at.addr, memory, size);
		else if (direction == FROM_ITER)
			memcpy(memory, (void *)at.addr, size);
		else
			memset((void *)at.addr, 0, size);
		return 0;
	}
	if (direction == TO_ITER)
		return user_copy_out(at, memory, size);
	if (direction == FROM_ITER)
		return user_copy_in(memory, at, size);
	return user_clear(at, size) ? size : 0;
}

static size_t move(struct io_iter *iter, char *memory, size_t size, enum direction direction)
{
	size_t done = 0;

	size = MIN(size, iter->left);
	while (done < size) {
		size_t piece, missed;

		skip_used(iter);
		piece = MIN(size - done, iter->segments->length - iter->offset);
		missed = move_piece(iter, memory + done, piece, direction);
		iter->offset += piece - missed;
		iter->left -= piece - missed;
		done += piece - missed;
		if (unlikely(missed))
			break;
	}
	return done;
}

size_t io_iter_write(struct io_iter *iter, const void *from, size_t size)
{
	return move(iter, (char *)(uintptr_t)from, size, TO_ITER);
}

size_t io_iter_read(struct io_iter *iter, void *to, size_t size)
{
	return move(iter, to, size, FROM_ITER);
}

size_t io_iter_zero(struct io_iter *iter, size_t size)
{
	return move(iter, NULL, size, ZERO);
}
