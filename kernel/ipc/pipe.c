/*
 * Pipes and FIFOs: a ring of page buffers.
 *
 * A write of up to PIPE_BUF bytes fits into one buffer, or behind the last one's bytes, so it is never split nor mixed with
 * another. Each write that does not continue the last buffer starts a new page: a pipe of 16 buffers can be full with
 * fewer than 65536 bytes, as on Linux.
 *
 * A pipe lives as long as files use it; its inode points to it (inode->state_lock), which is how openers of a FIFO meet.
 */
#include <kernel/pipe.h>

#include <abi/capability.h>
#include <abi/errno.h>
#include <abi/fcntl.h>
#include <abi/ioctl.h>
#include <kernel/io_iter.h>
#include <kernel/page.h>
#include <kernel/sched.h>
#include <kernel/slab.h>
#include <kernel/vfs.h>
#include <lib/err.h>

#define BUFFERS_DEFAULT (PIPE_SIZE_DEFAULT / PAGE_SIZE)

unsigned int pipe_max_size = 1 << 20;

struct pipe_buffer {
	struct page *page; /* reference */
	u32 offset, length;
};

struct pipe {
	struct mutex lock; /* RANK_PIPE */
	struct wait_queue read_wait, write_wait, open_wait;
	struct pipe_buffer *buffers; /* [lock] `size` of them */
	u32 size; /* [lock] a power of two */
	u32 head, tail; /* [lock] count for ever */
	u32 readers, writers; /* [lock] open files */
	u32 reader_opens, writer_opens; /* [lock] so far */
	u32 files; /* [inode->state_lock] */
	struct page *spare; /* [lock] the page that was emptied last */
};

static struct pipe *pipe_of(const struct file *file)
{
	return file->private_data;
}

static struct pipe_buffer *buffer_at(struct pipe *pipe, u32 at)
{
	return &pipe->buffers[at & (pipe->size - 1)];
}

static bool is_empty(const struct pipe *pipe)
{
	return READ_ONCE(pipe->head) == READ_ONCE(pipe->tail);
}

static bool is_full(const struct pipe *pipe)
{
	return READ_ONCE(pipe->head) - READ_ONCE(pipe->tail) >= READ_ONCE(pipe->size);
}

/* --- Life ------------------------------------------------------------------------------------------------------------------- */

static struct pipe *pipe_alloc(void)
{
	struct pipe *pipe = kzalloc(sizeof(*pipe));

	if (!pipe)
		return NULL;
	pipe->size = BUFFERS_DEFAULT;
	pipe->buffers = kmalloc_array(pipe->size, sizeof(*pipe->buffers), SLAB_ZERO);
	if (!pipe->buffers) {
		kfree(pipe);
		return NULL;
	}
	mutex_init(&pipe->lock, RANK_PIPE);
	wait_queue_init(&pipe->read_wait);
	wait_queue_init(&pipe->write_wait);
	wait_queue_init(&pipe->open_wait);
	return pipe;
}

static void pipe_free(struct pipe *pipe)
{
	for (; pipe->tail != pipe->head; pipe->tail++)
		page_put(buffer_at(pipe, pipe->tail)->page);
	if (pipe->spare)
		page_put(pipe->spare);
	kfree(pipe->buffers);
	kfree(pipe);
}

/* The inode's pipe, made if there is none, with one file more. NULL: out of memory. */
static struct pipe *inode_pipe_get(struct inode *inode)
{
	struct pipe *new = READ_ONCE(inode->pipe) ? NULL : pipe_alloc(), *pipe;

	spin_lock(&inode->state_lock);
	if (!inode->pipe) {
		inode->pipe = new;
		new = NULL;
	}
	pipe = inode->pipe;
	if (pipe)
		pipe->files++;
	spin_unlock(&inode->state_lock);
	if (new)
		pipe_free(new);
	return pipe;
}

static void inode_pipe_put(struct inode *inode, struct pipe *pipe)
{
	bool last;

	spin_lock(&inode->state_lock);
	last = --pipe->files == 0;
	if (last)
		inode->pipe = NULL;
	spin_unlock(&inode->state_lock);
	if (last)
		pipe_free(pipe);
}

static void wake_everybody(struct pipe *pipe)
{
	wait_wake_all(&pipe->read_wait, READY_IN | POLLHUP);
	wait_wake_all(&pipe->write_wait, READY_OUT | POLLERR);
	wait_wake_all(&pipe->open_wait, 0);
}

/* One end more (1) or less (-1). pipe->lock held. */
static void ends_count(struct pipe *pipe, const struct file *file, u32 step)
{
	if (file->mode & FILE_READ)
		WRITE_ONCE(pipe->readers, pipe->readers + step);
	if (file->mode & FILE_WRITE)
		WRITE_ONCE(pipe->writers, pipe->writers + step);
}

static void pipe_release(struct file *file)
{
	struct pipe *pipe = pipe_of(file);

	mutex_lock(&pipe->lock);
	ends_count(pipe, file, ~0u);
	mutex_unlock(&pipe->lock);
	wake_everybody(pipe);
	inode_pipe_put(file->inode, pipe);
}

/* --- Reading ---------------------------------------------------------------------------------------------------------------- */

static void buffer_done(struct pipe *pipe, struct pipe_buffer *buffer)
{
	if (pipe->spare)
		page_put(buffer->page);
	else
		pipe->spare = buffer->page;
	buffer->page = NULL;
	WRITE_ONCE(pipe->tail, pipe->tail + 1);
}

/* What is there: bytes, or -EFAULT. pipe->lock held. */
static ssize_t read_available(struct pipe *pipe, struct io_iter *iter)
{
	ssize_t done = 0;

	while (iter->left && !is_empty(pipe)) {
		struct pipe_buffer *buffer = buffer_at(pipe, pipe->tail);
		size_t size = MIN(iter->left, (size_t)buffer->length);
		size_t moved =
			io_iter_write(iter, (char *)page_virt(buffer->page) + buffer->offset, size);

		buffer->offset += (u32)moved;
		buffer->length -= (u32)moved;
		done += (ssize_t)moved;
		if (moved < size)
			return done ? done : -EFAULT;
		if (!buffer->length)
			buffer_done(pipe, buffer);
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
		was_full = is_full(pipe);
		result = read_available(pipe, iter);
		over = result || !pipe->writers;
		was_full = was_full && !is_full(pipe);
		mutex_unlock(&pipe->lock);
		if (was_full)
			wait_wake_all(&pipe->write_wait, READY_OUT);
		if (over)
			return result;
		if (iter->no_wait)
			return -EAGAIN;
		if (wait_event_interruptible(&pipe->read_wait,
					     !is_empty(pipe) || !READ_ONCE(pipe->writers)))
			return -ERESTARTSYS;
	}
}

/* --- Writing ---------------------------------------------------------------------------------------------------------------- */

static int page_fill(struct pipe *pipe, struct io_iter *iter)
{
	struct page *page = pipe->spare ? pipe->spare : page_alloc(0, 0, PAGE_KERNEL);
	size_t size = MIN(iter->left, (size_t)PAGE_SIZE), moved;
	struct pipe_buffer *buffer = buffer_at(pipe, pipe->head);

	if (!page)
		return -ENOMEM;
	pipe->spare = NULL;
	moved = io_iter_read(iter, page_virt(page), size);
	if (!moved) {
		pipe->spare = page;
		return -EFAULT;
	}
	*buffer = (struct pipe_buffer){ .page = page, .length = (u32)moved };
	WRITE_ONCE(pipe->head, pipe->head + 1);
	return moved < size ? -EFAULT : 0;
}

/* The odd bytes of a write go behind the last buffer's, if they all fit. Bytes, or -EFAULT. */
static ssize_t append(struct pipe *pipe, struct io_iter *iter)
{
	size_t size = iter->left & (PAGE_SIZE - 1), moved;
	struct pipe_buffer *last;

	if (is_empty(pipe) || !size)
		return 0;
	last = buffer_at(pipe, pipe->head - 1);
	if (last->offset + last->length + size > PAGE_SIZE)
		return 0;
	moved = io_iter_read(iter, (char *)page_virt(last->page) + last->offset + last->length,
			     size);
	last->length += (u32)moved;
	return moved ? (ssize_t)moved : -EFAULT;
}

/* Until the pipe is full: 0, or why not all was taken. pipe->lock held. */
static int write_available(struct pipe *pipe, struct io_iter *iter)
{
	int error = 0;

	while (iter->left && !is_full(pipe) && !error)
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
	was_empty = is_empty(pipe);
	if (!pipe->readers) {
		mutex_unlock(&pipe->lock);
		signal_kernel(current, SIGPIPE, false);
		return -EPIPE;
	}
	if (first)
		appended = append(pipe, iter);
	error = appended < 0 ? (int)appended : write_available(pipe, iter);
	was_empty = was_empty && !is_empty(pipe);
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
					     !is_full(pipe) || !READ_ONCE(pipe->readers))) {
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
		if (!is_empty(pipe))
			ready |= READY_IN;
		if (!READ_ONCE(pipe->writers) &&
		    READ_ONCE(pipe->writer_opens) != (u32)file->position)
			ready |= POLLHUP;
	}
	if (file->mode & FILE_WRITE) {
		poll_wait(file, &pipe->write_wait, table);
		if (!is_full(pipe))
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
		bytes += buffer_at(pipe, at)->length;
	mutex_unlock(&pipe->lock);
	return user_write_u32(user_ptr(argument), bytes);
}

const struct file_ops fifo_file_ops = {
	.read = pipe_read,
	.write = pipe_write,
	.ioctl = pipe_ioctl,
	.poll = pipe_poll,
	.release = pipe_release,
};

static int resize_locked(struct pipe *pipe, u32 size)
{
	u32 used = pipe->head - pipe->tail;
	struct pipe_buffer *buffers;

	if (used > size)
		return -EBUSY;
	buffers = kmalloc_array(size, sizeof(*buffers), SLAB_ZERO);
	if (!buffers)
		return -ENOMEM;
	for (u32 i = 0; i < used; i++)
		buffers[i] = *buffer_at(pipe, pipe->tail + i);
	kfree(pipe->buffers);
	pipe->buffers = buffers;
	pipe->size = size;
	pipe->tail = 0;
	pipe->head = used;
	return 0;
}

static long pipe_resize(struct pipe *pipe, u64 bytes)
{
	u32 pages = (u32)DIV_ROUND_UP(MAX(bytes, (u64)PAGE_SIZE), (u64)PAGE_SIZE), size;
	int error;

	if (bytes > 1UL << 31)
		return -EINVAL;
	size = pages == 1 ? 1 : 2u << ilog2(pages - 1);
	if ((u64)size * PAGE_SIZE > pipe_max_size && size > pipe->size && !capable(CAP_SYS_RESOURCE))
		return -EPERM;
	mutex_lock(&pipe->lock);
	error = resize_locked(pipe, size);
	mutex_unlock(&pipe->lock);
	if (error)
		return error;
	wait_wake_all(&pipe->write_wait, READY_OUT);
	return (long)size * PAGE_SIZE;
}

long pipe_fcntl(struct file *file, unsigned int command, u64 argument)
{
	if (file->ops != &fifo_file_ops)
		return -EBADF;
	if (command == F_SETPIPE_SZ)
		return pipe_resize(pipe_of(file), argument);
	return (long)READ_ONCE(pipe_of(file)->size) * PAGE_SIZE;
}

/* --- Opening ------------------------------------------------------------------------------------------------------------------ */

int pipe_create(struct file *files[2], u32 flags)
{
	struct inode *inode;
	struct pipe *pipe;
	int error = -ENOMEM;

	if (flags & O_DIRECT)
		return -EINVAL;
	inode = inode_alloc_anonymous(S_IFIFO | 0600);
	if (!inode)
		return -ENOMEM;
	pipe = inode_pipe_get(inode);
	if (!pipe)
		goto put_inode;
	files[0] = file_alloc_inode(inode, &fifo_file_ops, O_RDONLY | flags, pipe);
	if (IS_ERR(files[0])) {
		inode_pipe_put(inode, pipe);
		goto put_inode;
	}
	pipe->readers = pipe->reader_opens = 1;
	pipe->writer_opens = 1;
	files[1] = file_alloc_inode(inode, &fifo_file_ops, O_WRONLY | flags, pipe);
	if (IS_ERR(files[1])) {
		file_put(files[0]);
		goto put_inode;
	}
	pipe->files++;
	pipe->writers = 1;
	error = 0;
put_inode:
	inode_put(inode);
	return error;
}

/* Waits until the other end has been opened once more than `opens`, or is open. */
static int wait_for_partner(struct pipe *pipe, const u32 *opens)
{
	u32 before = *opens;

	return wait_event_interruptible(&pipe->open_wait, READ_ONCE(*opens) != before)
		       ? -ERESTARTSYS
		       : 0;
}

/* The rules of POSIX. pipe->lock held; *wait_on is set to the counter to wait for, if any. */
static int open_locked(struct pipe *pipe, struct file *file, const u32 **wait_on)
{
	bool no_wait = file->flags & O_NONBLOCK, reads = file->mode & FILE_READ,
	     writes = file->mode & FILE_WRITE;

	if (writes && !reads && no_wait && !pipe->readers)
		return -ENXIO;
	if (reads)
		WRITE_ONCE(pipe->reader_opens, pipe->reader_opens + 1);
	if (writes)
		WRITE_ONCE(pipe->writer_opens, pipe->writer_opens + 1);
	ends_count(pipe, file, 1);
	if (reads && !writes && !pipe->writers) {
		if (no_wait)
			file->position = pipe->writer_opens;
		else
			*wait_on = &pipe->writer_opens;
	} else if (writes && !reads && !pipe->readers) {
		*wait_on = &pipe->reader_opens;
	}
	return 0;
}

int fifo_open(struct inode *inode, struct file *file)
{
	struct pipe *pipe = inode_pipe_get(inode);
	const u32 *wait_on = NULL;
	int error;

	if (!pipe)
		return -ENOMEM;
	file->private_data = pipe;
	mutex_lock(&pipe->lock);
	error = open_locked(pipe, file, &wait_on);
	mutex_unlock(&pipe->lock);
	if (error) {
		inode_pipe_put(inode, pipe);
		return error;
	}
	file->ops = &fifo_file_ops;
	wait_wake_all(&pipe->open_wait, 0);
	error = wait_on ? wait_for_partner(pipe, wait_on) : 0;
	if (error)
		pipe_release(file);
	return error;
}
