/* The file operations of both ends of a pipe. */
#include "pipe_internal.h"

#include <abi/errno.h>
#include <abi/ioctl.h>
#include <abi/signal.h>

/* --- Reading ---------------------------------------------------------------------------------------------------------------- */

/* What is there: bytes, or -EFAULT. pipe->lock held. */
static ssize_t read_available(struct pipe *pipe, struct io_iter *iter)
{
	ssize_t done = 0;

	while (iter->left && !pipe_is_empty(pipe)) {
		struct pipe_buffer *buffer = pipe_buffer_at(pipe, pipe->tail);
		size_t size = MIN(iter->left, (size_t)buffer->length);
		size_t moved = io_iter_write(iter, pipe_buffer_bytes(buffer), size);

		if (moved)
			pipe_consume(pipe, (u32)moved);
		done += (ssize_t)moved;
		if (moved < size)
			return done ? done : -EFAULT;
	}
	return done;
}

static ssize_t pipe_read(struct file *file, struct io_iter *iter, u64 *position)
{
	struct pipe *pipe = pipe_of(file);
	ssize_t result;

	(void)position;
	if (!iter->left)
		return 0;
	for (;;) {
		bool was_full, over;

		mutex_lock(&pipe->lock);
		was_full = pipe_is_full(pipe);
		result = read_available(pipe, iter);
		over = result || !pipe->writers;
		was_full = was_full && !pipe_is_full(pipe);
		mutex_unlock(&pipe->lock);
		if (was_full)
			wait_wake_all(&pipe->write_wait, READY_OUT);
		if (over)
			return result;
		if (iter->no_wait)
			return -EAGAIN;
		if (wait_event_interruptible(&pipe->read_wait,
					     !pipe_is_empty(pipe) || !READ_ONCE(pipe->writers)))
			return -ERESTARTSYS;
	}
}

/* --- Writing ---------------------------------------------------------------------------------------------------------------- */

static int page_fill(struct pipe *pipe, struct io_iter *iter)
{
	struct pipe_buffer buffer = { .page = pipe_page_alloc(pipe), .can_append = true };
	size_t size = MIN(iter->left, (size_t)PAGE_SIZE), moved;

	if (!buffer.page)
		return -ENOMEM;
	moved = io_iter_read(iter, page_virt(buffer.page), size);
	if (!moved) {
		pipe_page_free(pipe, buffer.page);
		return -EFAULT;
	}
	buffer.length = (u32)moved;
	pipe_push(pipe, &buffer);
	return moved < size ? -EFAULT : 0;
}

/* The odd bytes of a write go behind the last buffer's, if they all fit. Bytes, or -EFAULT. */
static ssize_t append(struct pipe *pipe, struct io_iter *iter)
{
	size_t size = iter->left & (PAGE_SIZE - 1), moved;
	struct pipe_buffer *last;

	if (pipe_is_empty(pipe) || !size)
		return 0;
	last = pipe_buffer_at(pipe, pipe->head - 1);
	if (!last->can_append || last->offset + last->length + size > PAGE_SIZE)
		return 0;
	moved = io_iter_read(iter, (char *)pipe_buffer_bytes(last) + last->length, size);
	last->length += (u32)moved;
	return moved ? (ssize_t)moved : -EFAULT;
}

/* Until the pipe is full: 0, or why not all was taken. pipe->lock held. */
static int write_available(struct pipe *pipe, struct io_iter *iter)
{
	int error = 0;

	while (iter->left && !pipe_is_full(pipe) && !error)
		error = page_fill(pipe, iter);
	return error;
}

/* One turn under the lock: 0 when all is written or the pipe is full. */
static int write_turn(struct pipe *pipe, struct io_iter *iter, bool first)
{
	bool was_empty;
	ssize_t appended = 0;
	int error;

	mutex_lock(&pipe->lock);
	was_empty = pipe_is_empty(pipe);
	if (!pipe->readers) {
		mutex_unlock(&pipe->lock);
		signal_kernel(current, SIGPIPE, false);
		return -EPIPE;
	}
	if (first)
		appended = append(pipe, iter);
	error = appended < 0 ? (int)appended : write_available(pipe, iter);
	was_empty = was_empty && !pipe_is_empty(pipe);
	mutex_unlock(&pipe->lock);
	/* Appending too must wake: a poller may wait with edges (epoll). */
	if (was_empty || appended > 0 || wait_queue_active(&pipe->read_wait))
		wait_wake_all(&pipe->read_wait, READY_IN);
	return error;
}

static ssize_t pipe_write(struct file *file, struct io_iter *iter, u64 *position)
{
	struct pipe *pipe = pipe_of(file);
	size_t wanted = iter->left;
	int error = 0;

	(void)position;
	if (!wanted)
		return 0;
	for (bool first = true;; first = false) {
		error = write_turn(pipe, iter, first);
		if (error || !iter->left)
			break;
		if (iter->no_wait) {
			error = -EAGAIN;
			break;
		}
		if (wait_event_interruptible(&pipe->write_wait,
					     !pipe_is_full(pipe) || !READ_ONCE(pipe->readers))) {
			error = -ERESTARTSYS;
			break;
		}
	}
	return iter->left < wanted ? (ssize_t)(wanted - iter->left) : error;
}

/* --- The rest --------------------------------------------------------------------------------------------------------------- */

/* A FIFO's reader that came before any writer keeps the count of then in its position: no hang-up before the first. */
static u32 pipe_poll(struct file *file, struct poll_table *table)
{
	struct pipe *pipe = pipe_of(file);
	u32 ready = 0;

	if (file->mode & FILE_READ) {
		poll_wait(file, &pipe->read_wait, table);
		if (!pipe_is_empty(pipe))
			ready |= READY_IN;
		if (!READ_ONCE(pipe->writers) &&
		    READ_ONCE(pipe->writer_opens) != (u32)file->position)
			ready |= POLLHUP;
	}
	if (file->mode & FILE_WRITE) {
		poll_wait(file, &pipe->write_wait, table);
		if (!pipe_is_full(pipe))
			ready |= READY_OUT;
		if (!READ_ONCE(pipe->readers))
			ready |= POLLERR;
	}
	return ready;
}

static long pipe_ioctl(struct file *file, unsigned int command, u64 argument)
{
	struct pipe *pipe = pipe_of(file);
	u32 bytes = 0;

	if (command != FIONREAD)
		return -ENOTTY;
	mutex_lock(&pipe->lock);
	for (u32 at = pipe->tail; at != pipe->head; at++)
		bytes += pipe_buffer_at(pipe, at)->length;
	mutex_unlock(&pipe->lock);
	return user_write_u32(user_ptr(argument), bytes);
}

const struct file_ops fifo_file_ops = {
	.read = pipe_read,
	.write = pipe_write,
	.ioctl = pipe_ioctl,
	.poll = pipe_poll,
	.async = &file_async_ops,
	.release = pipe_release,
};
