/*
 * splice and tee: between two pipes buffers move or are shared, without copying; to and from other files bytes are copied
 * a page at a time.
 */
#include "pipe_internal.h"

#include <abi/errno.h>

#define PAGES_AT_ONCE 16

bool file_is_pipe(const struct file *file)
{
	return file->ops == &fifo_file_ops && !(file->mode & FILE_PATH_ONLY);
}

/* --- Waiting ---------------------------------------------------------------------------------------------------------------- */

/* Locks the pipe when it has something. 1; 0: nothing, and no writer will come (not locked); or -errno. */
static int lock_readable(struct pipe *pipe, bool no_wait)
{
	for (;;) {
		bool over;

		mutex_lock(&pipe->lock);
		if (!pipe_is_empty(pipe))
			return 1;
		over = !pipe->writers;
		mutex_unlock(&pipe->lock);
		if (over)
			return 0;
		if (no_wait)
			return -EAGAIN;
		if (wait_event_interruptible(&pipe->read_wait,
					     !pipe_is_empty(pipe) || !READ_ONCE(pipe->writers)))
			return -ERESTARTSYS;
	}
}

static int no_readers(void)
{
	signal_kernel(current, SIGPIPE, false);
	return -EPIPE;
}

/* Locks the pipe when it has room: 0 or -errno. */
static int lock_writable(struct pipe *pipe, bool no_wait)
{
	for (;;) {
		bool broken;

		mutex_lock(&pipe->lock);
		broken = !pipe->readers;
		if (!broken && !pipe_is_full(pipe))
			return 0;
		mutex_unlock(&pipe->lock);
		if (broken)
			return no_readers();
		if (no_wait)
			return -EAGAIN;
		if (wait_event_interruptible(&pipe->write_wait,
					     !pipe_is_full(pipe) || !READ_ONCE(pipe->readers)))
			return -ERESTARTSYS;
	}
}

static void wake_readers(struct pipe *pipe)
{
	wait_wake_all(&pipe->read_wait, READY_IN);
}

static void wake_writers(struct pipe *pipe)
{
	wait_wake_all(&pipe->write_wait, READY_OUT);
}

/* --- Pipe to file -------------------------------------------------------------------------------------------------------------- */

/* The first buffer's bytes, up to `size`: how many the file took. pipe->lock held. */
static ssize_t write_buffer(struct pipe *pipe, struct file *out, u64 *position, size_t size)
{
	struct pipe_buffer *buffer = pipe_buffer_at(pipe, pipe->tail);
	ssize_t done = file_write_kernel(out, pipe_buffer_bytes(buffer),
					 MIN(size, (size_t)buffer->length), position);

	if (done > 0)
		pipe_consume(pipe, (u32)done);
	return done;
}

ssize_t pipe_to_file(struct file *in, struct file *out, u64 *position, size_t size, bool no_wait)
{
	struct pipe *pipe = pipe_of(in);
	size_t done = 0;
	ssize_t step = lock_readable(pipe, no_wait);

	if (step <= 0)
		return step;
	while (done < size && !pipe_is_empty(pipe)) {
		step = write_buffer(pipe, out, position, size - done);
		if (step <= 0)
			break;
		done += (size_t)step;
	}
	mutex_unlock(&pipe->lock);
	if (done)
		wake_writers(pipe);
	return done ? (ssize_t)done : step;
}

/* --- File to pipe -------------------------------------------------------------------------------------------------------------- */

/* Pages that were read and are not in the pipe yet. */
struct batch {
	struct pipe_buffer buffers[PAGES_AT_ONCE];
	unsigned int count, pushed;
};

/* What has been read goes on its way before a terminal or a socket is waited for again. */
static bool may_wait(const struct batch *batch, const struct file *in)
{
	return !batch->count || (in->mode & FILE_SEEKABLE);
}

static int read_page(struct batch *batch, struct file *in, u64 *position, size_t size)
{
	struct page *page = page_alloc(0, 0, PAGE_KERNEL);
	ssize_t got;

	if (!page)
		return -ENOMEM;
	got = may_wait(batch, in) ? file_read_kernel(in, page_virt(page), size, position)
				  : file_read_kernel_now(in, page_virt(page), size, position);
	if (got <= 0) {
		page_put(page);
		return (int)got;
	}
	batch->buffers[batch->count++] = (struct pipe_buffer){ .page = page, .length = (u32)got };
	return (int)got;
}

/* Until `size` bytes, `pages` pages or a short read. 0, or why there is nothing. */
static int batch_read(struct batch *batch, struct file *in, u64 *position, size_t size,
		      unsigned int pages)
{
	int got = 0;

	while (size && batch->count < pages) {
		size_t wanted = MIN(size, (size_t)PAGE_SIZE);

		got = read_page(batch, in, position, wanted);
		if (got < (int)wanted)
			break;
		size -= (size_t)got;
	}
	return batch->count ? 0 : got;
}

/* Other writers may have been faster: then what was read waits for room, as few files can take it back. Bytes, or -errno. */
static ssize_t batch_push(struct batch *batch, struct pipe *pipe)
{
	ssize_t done = 0;
	int error = 0;

	while (batch->pushed < batch->count && !error) {
		error = lock_writable(pipe, false);
		if (error)
			break;
		while (batch->pushed < batch->count && !pipe_is_full(pipe)) {
			done += batch->buffers[batch->pushed].length;
			pipe_push(pipe, &batch->buffers[batch->pushed++]);
		}
		mutex_unlock(&pipe->lock);
		wake_readers(pipe);
	}
	while (batch->count > batch->pushed)
		page_put(batch->buffers[--batch->count].page);
	return done ? done : error;
}

ssize_t pipe_from_file(struct file *out, struct file *in, u64 *position, size_t size, bool no_wait)
{
	struct pipe *pipe = pipe_of(out);
	struct batch batch = { .count = 0 };
	const u64 start = *position;
	unsigned int room;
	ssize_t done;
	int error = lock_writable(pipe, no_wait);

	if (error)
		return error;
	room = pipe->size - (pipe->head - pipe->tail);
	mutex_unlock(&pipe->lock);
	error = batch_read(&batch, in, position, size, MIN(room, (unsigned int)PAGES_AT_ONCE));
	if (!batch.count)
		return error;
	done = batch_push(&batch, pipe);
	/* What the pipe did not take was not read. */
	if (in->mode & FILE_SEEKABLE)
		*position = start + (u64)MAX(done, (ssize_t)0);
	return done;
}

/* --- Pipe to pipe -------------------------------------------------------------------------------------------------------------- */

static void lock_both(struct pipe *a, struct pipe *b)
{
	mutex_lock(a < b ? &a->lock : &b->lock);
	mutex_lock_nested(a < b ? &b->lock : &a->lock);
}

static void unlock_both(struct pipe *a, struct pipe *b)
{
	mutex_unlock(&a->lock);
	mutex_unlock(&b->lock);
}

/* A whole buffer goes as it is; of a part, both pipes have the page. Bytes. */
static u32 move_one(struct pipe *in, struct pipe *out, size_t size)
{
	struct pipe_buffer *from = pipe_buffer_at(in, in->tail), moved = *from;

	if (from->length <= size) {
		from->page = NULL;
		WRITE_ONCE(in->tail, in->tail + 1);
	} else {
		page_get(moved.page);
		moved.length = (u32)size;
		moved.can_append = false;
		from->offset += (u32)size;
		from->length -= (u32)size;
	}
	pipe_push(out, &moved);
	return moved.length;
}

/* Both pipes have the page of the buffer at `at`. */
static u32 share_one(struct pipe *in, u32 at, struct pipe *out, size_t size)
{
	struct pipe_buffer shared = *pipe_buffer_at(in, at);

	page_get(shared.page);
	shared.length = (u32)MIN((size_t)shared.length, size);
	shared.can_append = false;
	pipe_push(out, &shared);
	return shared.length;
}

static ssize_t transfer_locked(struct pipe *in, struct pipe *out, size_t size, bool keep)
{
	size_t done = 0;

	for (u32 at = in->tail; at != in->head && done < size && !pipe_is_full(out); at++)
		done += keep ? share_one(in, at, out, size - done) : move_one(in, out, size - done);
	return (ssize_t)done;
}

/* Waits for input, then for room: 1: try; 0: there will be no input; or -errno. */
static int wait_for_both(struct pipe *in, struct pipe *out, bool no_wait)
{
	int result = lock_readable(in, no_wait);

	if (result <= 0)
		return result;
	mutex_unlock(&in->lock);
	result = lock_writable(out, no_wait);
	if (result)
		return result;
	mutex_unlock(&out->lock);
	return 1;
}

ssize_t pipe_to_pipe(struct file *in_file, struct file *out_file, size_t size, bool no_wait,
		     bool keep)
{
	struct pipe *in = pipe_of(in_file), *out = pipe_of(out_file);
	ssize_t done;
	bool broken;

	do {
		int result = wait_for_both(in, out, no_wait);

		if (result <= 0)
			return result;
		lock_both(in, out);
		broken = !out->readers;
		done = broken ? 0 : transfer_locked(in, out, size, keep);
		unlock_both(in, out);
	} while (!done && !broken);
	if (broken)
		return no_readers();
	wake_readers(out);
	if (!keep)
		wake_writers(in);
	return done;
}
