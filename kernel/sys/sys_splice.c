/* splice, tee and vmsplice. */
#include <abi/errno.h>
#include <abi/fcntl.h>
#include <kernel/io_iter.h>
#include <kernel/pipe.h>
#include <kernel/syscall.h>

#define SPLICE_FLAGS (SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE | SPLICE_F_GIFT)
#define TRANSFER_MAX 0x7ffff000UL

struct splicing {
	struct file *in, *out;
	struct user_ptr in_offset, out_offset; /* 0: the file's own position */
	size_t size;
	u32 flags;
};

static bool no_wait(const struct splicing *s, const struct file *pipe)
{
	return (s->flags & SPLICE_F_NONBLOCK) || (READ_ONCE(pipe->flags) & O_NONBLOCK);
}

static ssize_t transfer(const struct splicing *s, u64 *position)
{
	if (file_is_pipe(s->in))
		return pipe_to_file(s->in, s->out, position, s->size, no_wait(s, s->in));
	return pipe_from_file(s->out, s->in, position, s->size, no_wait(s, s->out));
}

/* At the file's own position, or at the caller's. */
static ssize_t splice_file(const struct splicing *s, struct file *file, struct user_ptr offset)
{
	bool own = !offset.addr && !(file->mode & FILE_NO_POSITION_LOCK);
	u64 position = 0;
	ssize_t result;

	if (offset.addr) {
		if (user_read_u64(&position, offset))
			return -EFAULT;
		if (!(file->mode & FILE_SEEKABLE) || (s64)position < 0)
			return -EINVAL;
	}
	if (own) {
		mutex_lock(&file->position_lock);
		position = file->position;
	}
	result = transfer(s, &position);
	if (own) {
		file->position = position;
		mutex_unlock(&file->position_lock);
	}
	if (result >= 0 && offset.addr && user_write_u64(offset, position))
		return -EFAULT;
	return result;
}

static ssize_t splice(const struct splicing *s)
{
	bool from_pipe = file_is_pipe(s->in), to_pipe = file_is_pipe(s->out);

	if ((from_pipe && s->in_offset.addr) || (to_pipe && s->out_offset.addr))
		return -ESPIPE;
	if (from_pipe && to_pipe) {
		if (s->in->private_data == s->out->private_data)
			return -EINVAL;
		return pipe_to_pipe(s->in, s->out, s->size, no_wait(s, s->in) || no_wait(s, s->out),
				    false);
	}
	if (from_pipe)
		return s->out->flags & O_APPEND ? -EINVAL : splice_file(s, s->out, s->out_offset);
	return to_pipe ? splice_file(s, s->in, s->in_offset) : -EINVAL;
}

static int check(const struct file *in, const struct file *out)
{
	if (!in || !out)
		return -EBADF;
	return (in->mode & FILE_READ) && (out->mode & FILE_WRITE) ? 0 : -EBADF;
}

long sys_splice(int in_fd, struct user_ptr in_offset, int out_fd, struct user_ptr out_offset,
		size_t size, u32 flags)
{
	struct fd_ref in, out;
	long result;

	if (!size)
		return 0;
	if (flags & ~(u32)SPLICE_FLAGS)
		return -EINVAL;
	in = fd_get(in_fd);
	out = fd_get(out_fd);
	result = check(fd_file(in), fd_file(out));
	if (!result)
		result = splice(&(struct splicing){ fd_file(in), fd_file(out), in_offset,
						    out_offset, MIN(size, TRANSFER_MAX), flags });
	fd_put(out);
	fd_put(in);
	return result;
}

static ssize_t tee(struct file *in, struct file *out, size_t size, u32 flags)
{
	const struct splicing s = { .flags = flags };

	if (!file_is_pipe(in) || !file_is_pipe(out) || in->private_data == out->private_data)
		return -EINVAL;
	return pipe_to_pipe(in, out, size, no_wait(&s, in) || no_wait(&s, out), true);
}

long sys_tee(int in_fd, int out_fd, size_t size, u32 flags)
{
	struct fd_ref in, out;
	long result;

	if (flags & ~(u32)SPLICE_FLAGS)
		return -EINVAL;
	if (!size)
		return 0;
	in = fd_get(in_fd);
	out = fd_get(out_fd);
	result = check(fd_file(in), fd_file(out));
	if (!result)
		result = tee(fd_file(in), fd_file(out), MIN(size, TRANSFER_MAX), flags);
	fd_put(out);
	fd_put(in);
	return result;
}

/* Into or out of the pipe, by the end that the descriptor is. The pages stay the program's: they are copied. */
static ssize_t vmsplice(struct file *pipe, struct user_ptr iov, u64 count, u32 flags)
{
	const struct splicing s = { .flags = flags };
	struct io_segment inline_segments[8];
	struct io_iter iter;
	u64 position = 0;
	ssize_t result;

	if (!file_is_pipe(pipe))
		return -EBADF;
	result = io_iter_import(&iter, iov, count, inline_segments);
	if (result)
		return result;
	iter.no_wait = no_wait(&s, pipe);
	if (iter.left)
		result = pipe->mode & FILE_WRITE ? pipe->ops->write(pipe, &iter, &position)
						 : pipe->ops->read(pipe, &iter, &position);
	io_iter_destroy(&iter, inline_segments);
	return result;
}

long sys_vmsplice(int fd, struct user_ptr iov, u64 count, u32 flags)
{
	struct fd_ref ref;
	long result;

	if (flags & ~(u32)SPLICE_FLAGS)
		return -EINVAL;
	ref = fd_get(fd);
	result = ref.raw ? vmsplice(fd_file(ref), iov, count, flags) : -EBADF;
	fd_put(ref);
	return result;
}
