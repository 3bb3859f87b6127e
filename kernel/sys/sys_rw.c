/* Reading and writing by descriptor: read, write, their positioned and vectored forms, lseek. */
#include <kernel/syscall.h>

#include <abi/errno.h>
#include <abi/fcntl.h>
#include <abi/uio.h>
#include <kernel/file.h>
#include <kernel/inotify.h>
#include <kernel/io_iter.h>
#include <platform/layout.h>

#define TRANSFER_MAX 0x7ffff000UL /* one call moves no more: INT_MAX rounded down to a page */

enum direction { READING, WRITING };

static __always_inline void count(enum direction direction, ssize_t done)
{
	direction == WRITING ? io_count_write(done) : io_count_read(done);
}

/*
 * One call of the file's operation; the file has the mode. Inlined with a constant direction. As on Linux a vectored call is
 * counted whatever comes of it, which is its caller's part, and another one if the file can be asked at all.
 */
static __always_inline ssize_t transfer(struct file *file, struct io_iter *iter, u64 *position,
					enum direction direction, bool vectored)
{
	__typeof__(file->ops->read) operation = direction == WRITING ? file->ops->write
								     : file->ops->read;
	ssize_t done;

	if (unlikely(!operation))
		return -EINVAL;
	iter->no_wait = READ_ONCE(file->flags) & O_NONBLOCK;
	done = operation(file, iter, position);
	if (!vectored)
		count(direction, done);
	if (done > 0)
		notify_file(file, direction == WRITING ? IN_MODIFY : IN_ACCESS);
	return done;
}

static __always_inline bool has_mode(const struct file *file, enum direction direction)
{
	return likely(file->mode & (direction == WRITING ? FILE_WRITE : FILE_READ));
}

/* Two users of one open file take turns; a file that only this task can reach needs no lock. */
static __always_inline bool position_lock(struct file *file)
{
	if (likely(ref_read(&file->ref) == 1))
		return false;
	mutex_lock(&file->position_lock);
	return true;
}

static __always_inline ssize_t transfer_at_position(struct file *file, struct io_iter *iter,
						    enum direction direction, bool vectored)
{
	u64 position = 0;
	ssize_t result;
	bool locked;

	if (file->mode & FILE_NO_POSITION_LOCK)
		return transfer(file, iter, &position, direction, vectored);
	locked = position_lock(file);
	position = file->position;
	result = transfer(file, iter, &position, direction, vectored);
	file->position = position;
	if (unlikely(locked))
		mutex_unlock(&file->position_lock);
	return result;
}

static __always_inline long transfer_buffer(int fd, struct user_ptr buffer, size_t size,
					    enum direction direction)
{
	struct fd_ref ref = fd_get(fd);
	struct file *file = fd_file(ref);
	struct io_iter iter;
	long result;

	if (unlikely(!file))
		return -EBADF;
	if (!has_mode(file, direction)) {
		result = -EBADF;
	} else if (unlikely(!user_range_ok(buffer, size))) {
		result = -EFAULT;
	} else {
		io_iter_user(&iter, buffer, MIN(size, TRANSFER_MAX));
		result = transfer_at_position(file, &iter, direction, false);
	}
	fd_put(ref);
	return result;
}

long sys_read(int fd, struct user_ptr buffer, size_t size)
{
	return transfer_buffer(fd, buffer, size, READING);
}

long sys_write(int fd, struct user_ptr buffer, size_t size)
{
	return transfer_buffer(fd, buffer, size, WRITING);
}

/* --- At a position ------------------------------------------------------------------------------------------------------ */

static __always_inline long transfer_positioned(int fd, struct io_iter *iter, s64 offset,
						enum direction direction, bool vectored)
{
	struct fd_ref ref;
	struct file *file;
	u64 position = (u64)offset;
	long result;

	if (unlikely(offset < 0))
		return -EINVAL;
	ref = fd_get(fd);
	file = fd_file(ref);
	if (unlikely(!file))
		return -EBADF;
	if (unlikely(!(file->mode & FILE_SEEKABLE)))
		result = -ESPIPE;
	else if (!has_mode(file, direction))
		result = -EBADF;
	else
		result = transfer(file, iter, &position, direction, vectored);
	fd_put(ref);
	return result;
}

static bool fd_is_open(int fd)
{
	struct fd_ref ref = fd_get(fd);

	fd_put(ref);
	return fd_file(ref);
}

static __always_inline long transfer_buffer_positioned(int fd, struct user_ptr buffer, size_t size,
						       s64 offset, enum direction direction)
{
	struct io_iter iter;

	if (unlikely(!user_range_ok(buffer, size)))
		return fd_is_open(fd) ? -EFAULT : -EBADF;
	io_iter_user(&iter, buffer, MIN(size, TRANSFER_MAX));
	return transfer_positioned(fd, &iter, offset, direction, false);
}

long sys_pread64(int fd, struct user_ptr buffer, size_t size, s64 offset)
{
	return transfer_buffer_positioned(fd, buffer, size, offset, READING);
}

long sys_pwrite64(int fd, struct user_ptr buffer, size_t size, s64 offset)
{
	return transfer_buffer_positioned(fd, buffer, size, offset, WRITING);
}

/* --- Vectored ------------------------------------------------------------------------------------------------------------ */

/* Offset -1: at the file's position. */
static __always_inline long transfer_segments(int fd, struct user_ptr iov, unsigned long segments,
					      s64 offset, enum direction direction)
{
	struct io_segment inline_segments[8];
	struct fd_ref ref = fd_get(fd);
	struct file *file = fd_file(ref);
	struct io_iter iter;
	long result;

	if (unlikely(!file))
		return -EBADF;
	result = has_mode(file, direction) ? io_iter_import(&iter, iov, segments, inline_segments)
					   : -EBADF;
	if (likely(!result)) {
		if (offset == -1)
			result = transfer_at_position(file, &iter, direction, true);
		else
			result = transfer_positioned(fd, &iter, offset, direction, true);
		io_iter_destroy(&iter, inline_segments);
	}
	fd_put(ref);
	return result;
}

static __always_inline long transfer_vector(int fd, struct user_ptr iov, unsigned long segments,
					    s64 offset, enum direction direction)
{
	long result = transfer_segments(fd, iov, segments, offset, direction);

	count(direction, result);
	return result;
}

long sys_readv(int fd, struct user_ptr iov, u64 segments)
{
	return transfer_vector(fd, iov, segments, -1, READING);
}

long sys_writev(int fd, struct user_ptr iov, u64 segments)
{
	return transfer_vector(fd, iov, segments, -1, WRITING);
}

long sys_preadv(int fd, struct user_ptr iov, u64 segments, u64 low, u64 high)
{
	(void)high; /* a whole position fits into `low` */
	return (s64)low < 0 ? -EINVAL : transfer_vector(fd, iov, segments, (s64)low, READING);
}

long sys_pwritev(int fd, struct user_ptr iov, u64 segments, u64 low, u64 high)
{
	(void)high;
	return (s64)low < 0 ? -EINVAL : transfer_vector(fd, iov, segments, (s64)low, WRITING);
}

/* RWF_HIPRI asks for nothing that could be seen; the others would need support in each file. */
static __always_inline long transfer_vector_flags(int fd, struct user_ptr iov,
						  unsigned long segments, s64 offset, u32 flags,
						  enum direction direction)
{
	if (flags & ~(u32)RWF_HIPRI)
		return -EOPNOTSUPP;
	if (offset < -1)
		return -EINVAL;
	return transfer_vector(fd, iov, segments, offset, direction);
}

long sys_preadv2(int fd, struct user_ptr iov, u64 segments, u64 low, u64 high, u32 flags)
{
	(void)high;
	return transfer_vector_flags(fd, iov, segments, (s64)low, flags, READING);
}

long sys_pwritev2(int fd, struct user_ptr iov, u64 segments, u64 low, u64 high, u32 flags)
{
	(void)high;
	return transfer_vector_flags(fd, iov, segments, (s64)low, flags, WRITING);
}

/* --- Position ------------------------------------------------------------------------------------------------------------- */

static long seek_locked(struct file *file, s64 offset, int whence)
{
	bool locked = position_lock(file);
	long result = file->ops->seek(file, offset, whence);

	if (locked)
		mutex_unlock(&file->position_lock);
	return result;
}

long sys_lseek(int fd, s64 offset, int whence)
{
	struct fd_ref ref = fd_get(fd);
	struct file *file = fd_file(ref);
	long result;

	if (unlikely(!file))
		return -EBADF;
	if (unlikely((unsigned int)whence > SEEK_HOLE))
		result = -EINVAL;
	else if (unlikely(!file->ops->seek))
		result = -ESPIPE;
	else if (likely(!(ref.raw & 1) && ref_read(&file->ref) == 1))
		return file->ops->seek(file, offset,
				       whence); /* nobody else has it: no lock, no reference */
	else
		result = seek_locked(file, offset, whence);
	fd_put(ref);
	return result;
}
