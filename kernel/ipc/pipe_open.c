/* Making pipes, and opening FIFOs by the rules of POSIX. */
#include "pipe_internal.h"

#include <abi/errno.h>
#include <abi/fcntl.h>
#include <lib/err.h>

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
	pipe->nameless = true;
	pipe->readers = pipe->reader_opens = pipe->writer_opens = 1;
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

	if (writes && !reads && no_wait && !pipe->readers && !pipe->nameless)
		return -ENXIO;
	if (reads)
		WRITE_ONCE(pipe->reader_opens, pipe->reader_opens + 1);
	if (writes)
		WRITE_ONCE(pipe->writer_opens, pipe->writer_opens + 1);
	pipe_ends_count(pipe, file, 1);
	if (pipe->nameless)
		return 0;
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
