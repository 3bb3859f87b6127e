/* Copying from file to file inside the kernel: sendfile, copy_file_range. */
#include <kernel/syscall.h>

#include <abi/errno.h>
#include <abi/fcntl.h>
#include <kernel/file.h>
#include <kernel/signal.h>
#include <kernel/slab.h>
#include <kernel/vfs.h>

#define TRANSFER_MAX 0x7ffff000UL /* one call moves no more: INT_MAX rounded down to a page */
#define COPY_CHUNK (16 * KIB)

struct copying {
	struct file *in, *out;
	u64 *in_position, *out_position;
	char *buffer;
};

/* One chunk: bytes that arrived, 0 at the end of `in`, or -errno. What was read but not written is read again. */
static ssize_t copy_chunk(struct copying *copying, size_t size)
{
	u64 position = *copying->in_position;
	ssize_t got, put;

	got = file_read_kernel(copying->in, copying->buffer, MIN(size, COPY_CHUNK), &position);
	if (got <= 0)
		return got;
	put = file_write_kernel(copying->out, copying->buffer, (size_t)got, copying->out_position);
	if (put > 0)
		*copying->in_position += (u64)put;
	return put;
}

static ssize_t copy_between(struct copying *copying, size_t count)
{
	size_t done = 0;
	ssize_t step = 0;

	copying->buffer = kmalloc(COPY_CHUNK, 0);
	if (!copying->buffer)
		return -ENOMEM;
	while (done < count) {
		step = copy_chunk(copying, count - done);
		if (step <= 0)
			break;
		done += (size_t)step;
		if (signal_is_pending(current))
			break;
	}
	kfree(copying->buffer);
	return done ? (ssize_t)done : step;
}

/* The position is the caller's variable, or the file's own under its lock. */
static ssize_t copy_locked(struct copying *copying, bool own_in, bool own_out, size_t count)
{
	struct file *first = own_in ? copying->in : NULL, *second = own_out ? copying->out : NULL;
	ssize_t result;

	if (first == second || !first || (second && second < first)) {
		struct file *other = first == second ? NULL : first;

		first = second;
		second = other;
	}
	if (first)
		mutex_lock(&first->position_lock);
	if (second)
		mutex_lock_nested(&second->position_lock);
	result = copy_between(copying, count);
	if (second)
		mutex_unlock(&second->position_lock);
	if (first)
		mutex_unlock(&first->position_lock);
	return result;
}

/* As one read and one write. */
static ssize_t counted(ssize_t done)
{
	io_count_read(done);
	io_count_write(done);
	return done;
}

static bool has_position(const struct file *file)
{
	return !(file->mode & FILE_NO_POSITION_LOCK);
}

static int sendfile_check(const struct file *in, const struct file *out, bool with_offset)
{
	if (!in || !out || !(in->mode & FILE_READ) || !(out->mode & FILE_WRITE))
		return -EBADF;
	if (with_offset && !(in->mode & FILE_SEEKABLE))
		return -ESPIPE;
	if (!(in->mode & FILE_SEEKABLE) || inode_is_dir(in->inode) || (out->flags & O_APPEND))
		return -EINVAL;
	return 0;
}

static ssize_t sendfile(struct file *out, struct file *in, u64 *offset, size_t count)
{
	u64 none = 0;
	struct copying copying = {
		.in = in,
		.out = out,
		.in_position = offset ? offset : &in->position,
		.out_position = has_position(out) ? &out->position : &none,
	};

	return counted(copy_locked(&copying, !offset, has_position(out), MIN(count, TRANSFER_MAX)));
}

long sys_sendfile(int out_fd, int in_fd, struct user_ptr offset, size_t count)
{
	struct fd_ref in, out;
	u64 position = 0;
	long result = 0;

	if (offset.addr && user_read_u64(&position, offset))
		return -EFAULT;
	in = fd_get(in_fd);
	out = fd_get(out_fd);
	result = sendfile_check(fd_file(in), fd_file(out), offset.addr);
	if (!result && (s64)position < 0)
		result = -EINVAL;
	if (!result)
		result = sendfile(fd_file(out), fd_file(in), offset.addr ? &position : NULL, count);
	fd_put(out);
	fd_put(in);
	if (result >= 0 && offset.addr && user_write_u64(offset, position))
		return -EFAULT;
	return result;
}

static int copy_range_check(const struct file *in, const struct file *out)
{
	if (inode_is_dir(in->inode) || inode_is_dir(out->inode))
		return -EISDIR;
	if (!inode_is_regular(in->inode) || !inode_is_regular(out->inode))
		return -EINVAL;
	if (!(in->mode & FILE_READ) || !(out->mode & FILE_WRITE) || (out->flags & O_APPEND))
		return -EBADF;
	return in->inode->super == out->inode->super ? 0 : -EXDEV;
}

static bool ranges_overlap(const struct copying *copying, size_t count)
{
	u64 from = *copying->in_position, to = *copying->out_position;

	return copying->in->inode == copying->out->inode && from < to + count && to < from + count;
}

/* What lies behind the end of `in` is taken off *count first: it overlaps nothing. */
static int ranges_check(const struct copying *copying, size_t *count)
{
	u64 from = *copying->in_position, to = *copying->out_position;
	u64 size = READ_ONCE(copying->in->inode->size);

	if (from + *count < from || to + *count < to)
		return -EOVERFLOW;
	if ((s64)from < 0 || (s64)to < 0)
		return -EINVAL;
	*count = from < size ? MIN(*count, size - from) : 0;
	return ranges_overlap(copying, *count) ? -EINVAL : 0;
}

struct range_offsets {
	struct user_ptr in_user, out_user; /* 0: the file's own position */
	u64 in, out;
};

static ssize_t copy_range(struct file *in, struct file *out, struct range_offsets *offsets,
			  size_t count)
{
	struct copying copying = {
		.in = in,
		.out = out,
		.in_position = offsets->in_user.addr ? &offsets->in : &in->position,
		.out_position = offsets->out_user.addr ? &offsets->out : &out->position,
	};

	int error = ranges_check(&copying, &count);

	if (error || !count)
		return error;
	return counted(copy_locked(&copying, !offsets->in_user.addr, !offsets->out_user.addr,
				   MIN(count, TRANSFER_MAX)));
}

static int offsets_read(struct range_offsets *offsets)
{
	if (offsets->in_user.addr && user_read_u64(&offsets->in, offsets->in_user))
		return -EFAULT;
	if (offsets->out_user.addr && user_read_u64(&offsets->out, offsets->out_user))
		return -EFAULT;
	return 0;
}

static int offsets_write(const struct range_offsets *offsets)
{
	if (offsets->in_user.addr && user_write_u64(offsets->in_user, offsets->in))
		return -EFAULT;
	if (offsets->out_user.addr && user_write_u64(offsets->out_user, offsets->out))
		return -EFAULT;
	return 0;
}

long sys_copy_file_range(int in_fd, struct user_ptr in_offset, int out_fd,
			 struct user_ptr out_offset, size_t count, u32 flags)
{
	struct range_offsets offsets = { .in_user = in_offset, .out_user = out_offset };
	struct fd_ref in = fd_get(in_fd), out = fd_get(out_fd);
	long result = fd_file(in) && fd_file(out) ? offsets_read(&offsets) : -EBADF;

	if (!result)
		result = flags ? -EINVAL : copy_range_check(fd_file(in), fd_file(out));
	if (!result)
		result = copy_range(fd_file(in), fd_file(out), &offsets, count);
	fd_put(out);
	fd_put(in);
	if (result > 0 && offsets_write(&offsets))
		return -EFAULT;
	return result;
}
