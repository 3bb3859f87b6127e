/* The pipe itself: its ring of buffers, its life, its size. */
#include "pipe_internal.h"

#include <abi/capability.h>
#include <abi/errno.h>
#include <abi/fcntl.h>

#define BUFFERS_DEFAULT (PIPE_SIZE_DEFAULT / PAGE_SIZE)

unsigned int pipe_max_size = 1 << 20;

/* --- The ring ------------------------------------------------------------------------------------------------------------- */

struct page *pipe_page_alloc(struct pipe *pipe)
{
	struct page *page = pipe->spare;

	pipe->spare = NULL;
	return page ? page : page_alloc(0, 0, PAGE_KERNEL);
}

/* Kept for the next write, unless another pipe has it as well. */
void pipe_page_free(struct pipe *pipe, struct page *page)
{
	if (pipe->spare || atomic_read(&page->ref) != 1)
		page_put(page);
	else
		pipe->spare = page;
}

void pipe_consume(struct pipe *pipe, u32 bytes)
{
	struct pipe_buffer *buffer = pipe_buffer_at(pipe, pipe->tail);

	buffer->offset += bytes;
	buffer->length -= bytes;
	if (buffer->length)
		return;
	pipe_page_free(pipe, buffer->page);
	buffer->page = NULL;
	WRITE_ONCE(pipe->tail, pipe->tail + 1);
}

void pipe_push(struct pipe *pipe, const struct pipe_buffer *buffer)
{
	*pipe_buffer_at(pipe, pipe->head) = *buffer;
	WRITE_ONCE(pipe->head, pipe->head + 1);
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
		page_put(pipe_buffer_at(pipe, pipe->tail)->page);
	if (pipe->spare)
		page_put(pipe->spare);
	kfree(pipe->buffers);
	kfree(pipe);
}

/* With one file more. If there is none, `*new` becomes it, unless that is NULL. */
static struct pipe *pipe_get_or_set(struct inode *inode, struct pipe **new)
{
	struct pipe *pipe;

	spin_lock(&inode->state_lock);
	if (!inode->pipe) {
		inode->pipe = *new;
		*new = NULL;
	}
	pipe = inode->pipe;
	if (pipe)
		pipe->files++;
	spin_unlock(&inode->state_lock);
	return pipe;
}

struct pipe *inode_pipe_get(struct inode *inode)
{
	struct pipe *new = READ_ONCE(inode->pipe) ? NULL : pipe_alloc();
	struct pipe *pipe = pipe_get_or_set(inode, &new);

	/* Or else the pipe that was there has lost its last file meanwhile. */
	if (unlikely(!pipe)) {
		new = pipe_alloc();
		pipe = pipe_get_or_set(inode, &new);
	}
	if (new)
		pipe_free(new);
	return pipe;
}

void inode_pipe_put(struct inode *inode, struct pipe *pipe)
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

void pipe_ends_count(struct pipe *pipe, const struct file *file, u32 step)
{
	if (file->mode & FILE_READ)
		WRITE_ONCE(pipe->readers, pipe->readers + step);
	if (file->mode & FILE_WRITE)
		WRITE_ONCE(pipe->writers, pipe->writers + step);
}

void pipe_release(struct file *file)
{
	struct pipe *pipe = pipe_of(file);
	bool alone;

	mutex_lock(&pipe->lock);
	pipe_ends_count(pipe, file, ~0u);
	alone = !pipe->readers != !pipe->writers;
	mutex_unlock(&pipe->lock);
	if (alone)
		wake_everybody(pipe);
	inode_pipe_put(file->inode, pipe);
}

/* --- Size ------------------------------------------------------------------------------------------------------------------- */

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
		buffers[i] = *pipe_buffer_at(pipe, pipe->tail + i);
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
