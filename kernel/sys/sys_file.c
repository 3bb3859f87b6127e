/* Descriptors and open files: open, close, dup, truncation, allocation, synchronisation, flock. */
#include <kernel/syscall.h>

#include <abi/errno.h>
#include <abi/fcntl.h>
#include <abi/limits.h>
#include <abi/mman.h>
#include <kernel/file.h>
#include <kernel/inotify.h>
#include <kernel/file_locks.h>
#include <kernel/shmem.h>
#include <kernel/signal.h>
#include <kernel/slab.h>
#include <kernel/vfs.h>
#include <lib/err.h>
#include <lib/string.h>

/* --- Open ------------------------------------------------------------------------------------------------------------- */

static long open_arg(int dirfd, const char *text, u32 flags, u32 mode, u32 lookup_flags)
{
	struct file *file;
	int fd = fd_reserve(flags);

	if (fd < 0)
		return fd;
	file = vfs_open_lookup(dirfd, text, flags | O_LARGEFILE, mode, lookup_flags);
	if (!IS_ERR(file)) {
		fd_install(fd, file);
		return fd;
	}
	fd_release(fd);
	return PTR_ERR(file);
}

static long open_user(int dirfd, struct user_ptr path, u32 flags, u32 mode, u32 lookup_flags)
{
	struct path_arg arg;
	long result = path_arg_get(&arg, path, 0);

	if (result)
		return result;
	result = open_arg(dirfd, arg.text, flags, mode, lookup_flags);
	path_arg_put(&arg);
	return result;
}

long sys_openat(int dirfd, struct user_ptr path, u32 flags, u32 mode)
{
	return open_user(dirfd, path, flags, mode, 0);
}

long sys_open(struct user_ptr path, u32 flags, u32 mode)
{
	return open_user(AT_FDCWD, path, flags, mode, 0);
}

long sys_creat(struct user_ptr path, u32 mode)
{
	return open_user(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode, 0);
}

#define OPEN_FLAGS_KNOWN                                                                           \
	(O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_SYNC |      \
	 FASYNC | O_DIRECT | O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC |      \
	 O_PATH | O_TMPFILE)

static int how_check(const struct abi_open_how *how)
{
	if (how->flags & ~(u64)OPEN_FLAGS_KNOWN)
		return -EINVAL;
	if ((how->mode & ~07777UL) ||
	    (how->mode && !(how->flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)))))
		return -EINVAL;
	if ((how->flags & O_PATH) &&
	    (how->flags & ~(u64)(O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)))
		return -EINVAL;
	if (how->resolve & ~(u64)(RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS |
				  RESOLVE_BENEATH | RESOLVE_IN_ROOT | RESOLVE_CACHED))
		return -EINVAL;
	if ((how->resolve & RESOLVE_BENEATH) && (how->resolve & RESOLVE_IN_ROOT))
		return -EINVAL;
	/* Only what needs no waiting: we cannot promise that. */
	return how->resolve & RESOLVE_CACHED ? -EAGAIN : 0;
}

static u32 lookup_flags_of(u64 resolve)
{
	static const struct {
		u32 resolve, lookup;
	} pairs[] = {
		{ RESOLVE_NO_XDEV, LOOKUP_NO_XDEV },
		{ RESOLVE_NO_MAGICLINKS, LOOKUP_NO_MAGICLINKS },
		{ RESOLVE_NO_SYMLINKS, LOOKUP_NO_SYMLINKS },
		{ RESOLVE_BENEATH, LOOKUP_BENEATH },
		{ RESOLVE_IN_ROOT, LOOKUP_IN_ROOT },
	};
	u32 flags = 0;

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		flags |= resolve & pairs[i].resolve ? pairs[i].lookup : 0;
	return flags;
}

/* A struct of a later kernel may be longer, if what we do not know is 0. */
int user_read_sized(void *to, size_t known, struct user_ptr from, size_t size)
{
	u8 byte;

	memset(to, 0, known);
	if (user_read(to, from, MIN(size, known)))
		return -EFAULT;
	for (size_t at = known; at < size; at++) {
		if (user_read_u8(&byte, user_ptr_add(from, at)))
			return -EFAULT;
		if (byte)
			return -E2BIG;
	}
	return 0;
}

long sys_openat2(int dirfd, struct user_ptr path, struct user_ptr user_how, size_t size)
{
	struct abi_open_how how;
	int error;

	if (size < sizeof(how))
		return -EINVAL;
	if (size > 4096)
		return -E2BIG;
	error = user_read_sized(&how, sizeof(how), user_how, size);
	if (!error)
		error = how_check(&how);
	if (error)
		return error;
	return open_user(dirfd, path, (u32)how.flags, (u32)how.mode, lookup_flags_of(how.resolve));
}

#define MEMFD_NAME_MAX 249 /* NAME_MAX less the prefix */

long sys_memfd_create(struct user_ptr user_name, u32 flags)
{
	char name[NAME_MAX + 1] = "memfd:";
	struct file *file;
	ssize_t length;

	if (flags & ~(u32)(MFD_CLOEXEC | MFD_ALLOW_SEALING))
		return -EINVAL;
	length = user_string(name + 6, user_name, MEMFD_NAME_MAX + 1);
	if (length < 0)
		return length == -ENAMETOOLONG ? -EINVAL : length;
	file = shmem_file_create(name, 0, false);
	if (!IS_ERR(file) && (flags & MFD_ALLOW_SEALING))
		file->inode->seals = 0;
	return fd_install_new(file, flags & MFD_CLOEXEC ? O_CLOEXEC : 0);
}

/* --- Descriptors -------------------------------------------------------------------------------------------------------- */

long sys_close(int fd)
{
	int error = fd_close(fd);

	if (likely(error >= 0))
		return error;
	/* The descriptor is gone whatever flush said: it must not be closed again. */
	return error == -ERESTARTSYS || error == -ERESTARTNOINTR ? -EINTR : error;
}

long sys_close_range(unsigned int first, unsigned int last, u32 flags)
{
	return fd_close_range(first, last, flags);
}

long sys_dup(int fd)
{
	struct fd_ref ref = fd_get_path(fd);
	struct file *file = fd_file(ref);
	int result = -EBADF;

	if (file) {
		result = fd_install_new(file_get(file), 0);
		fd_put(ref);
	}
	return result;
}

static long dup_to(int old_fd, int new_fd, u32 flags)
{
	struct fd_ref ref = fd_get_path(old_fd);
	int result = -EBADF;

	if (fd_file(ref))
		result = fd_dup_to(fd_file(ref), new_fd, flags);
	fd_put(ref);
	return result;
}

long sys_dup2(int old_fd, int new_fd)
{
	struct fd_ref ref;

	if (old_fd != new_fd)
		return dup_to(old_fd, new_fd, 0);
	ref = fd_get_path(old_fd);
	fd_put(ref);
	return fd_file(ref) ? old_fd : -EBADF;
}

long sys_dup3(int old_fd, int new_fd, u32 flags)
{
	if ((flags & ~(u32)O_CLOEXEC) || old_fd == new_fd)
		return -EINVAL;
	return dup_to(old_fd, new_fd, flags);
}

/* --- Size ---------------------------------------------------------------------------------------------------------------- */

static int truncate_check(const struct path *path)
{
	struct inode *inode = path->dentry->inode;
	int error;

	if (inode_is_dir(inode))
		return -EISDIR;
	if (!inode_is_regular(inode))
		return -EINVAL;
	error = mount_want_write(path->mount);
	return error ? error : inode_permission(inode, MAY_WRITE);
}

long sys_truncate(struct user_ptr user_path, s64 length)
{
	struct path path;
	int error;

	if (length < 0)
		return -EINVAL;
	error = path_lookup_user(AT_FDCWD, user_path, LOOKUP_FOLLOW, &path);
	if (error)
		return error;
	error = truncate_check(&path);
	if (!error)
		error = inode_get_write(path.dentry->inode);
	if (!error) {
		error = vfs_truncate(path.dentry->inode, (u64)length);
		inode_put_write(path.dentry->inode);
	}
	if (!error)
		notify_dentry(path.dentry, path.dentry->inode, IN_MODIFY);
	path_put(&path);
	return error;
}

long sys_ftruncate(int fd, s64 length)
{
	struct fd_ref ref;
	struct file *file;
	int error = -EINVAL;

	if (length < 0)
		return -EINVAL;
	ref = fd_get(fd);
	file = fd_file(ref);
	if (!file)
		return -EBADF;
	if (inode_is_regular(file->inode) && (file->mode & FILE_WRITE))
		error = vfs_truncate(file->inode, (u64)length);
	if (!error)
		notify_file(file, IN_MODIFY);
	fd_put(ref);
	return error;
}

/* Which modes go together. */
static int allocate_mode_check(unsigned int mode)
{
	const unsigned int hole = FALLOC_FL_PUNCH_HOLE, keep = FALLOC_FL_KEEP_SIZE,
			   zero = FALLOC_FL_ZERO_RANGE, collapse = FALLOC_FL_COLLAPSE_RANGE,
			   insert = FALLOC_FL_INSERT_RANGE, unshare = FALLOC_FL_UNSHARE_RANGE;

	if (mode & ~(keep | hole | zero | collapse | insert | unshare))
		return -EOPNOTSUPP;
	if ((mode & (hole | zero)) == (hole | zero) || ((mode & hole) && !(mode & keep)))
		return -EOPNOTSUPP;
	if (((mode & collapse) && mode != collapse) || ((mode & insert) && mode != insert))
		return -EINVAL;
	return (mode & unshare) && (mode & ~(unshare | keep)) ? -EINVAL : 0;
}

static long allocate(struct file *file, unsigned int mode, s64 offset, s64 length)
{
	int error;

	if (offset < 0 || length <= 0)
		return -EINVAL;
	error = allocate_mode_check(mode);
	if (error)
		return error;
	if (!(file->mode & FILE_WRITE))
		return -EBADF;
	if (S_ISFIFO(file->inode->mode))
		return -ESPIPE;
	if (inode_is_dir(file->inode))
		return -EISDIR;
	if (!inode_is_regular(file->inode))
		return -ENODEV;
	if ((u64)offset + (u64)length > file->inode->super->max_size)
		return -EFBIG;
	return file->ops->fallocate
		       ? file->ops->fallocate(file, (int)mode, (u64)offset, (u64)length)
		       : -EOPNOTSUPP;
}

long sys_fallocate(int fd, unsigned int mode, s64 offset, s64 length)
{
	struct fd_ref ref = fd_get(fd);
	long result = fd_file(ref) ? allocate(fd_file(ref), mode, offset, length) : -EBADF;

	if (!result)
		notify_file(fd_file(ref), IN_MODIFY);
	fd_put(ref);
	return result;
}

long sys_fadvise64(int fd, s64 offset, size_t length, unsigned int advice)
{
	struct fd_ref ref = fd_get(fd);
	struct file *file = fd_file(ref);
	long result = 0;

	(void)offset;
	if (!file)
		return -EBADF;
	if (S_ISFIFO(file->inode->mode))
		result = -ESPIPE;
	else if (advice > POSIX_FADV_NOREUSE || (s64)length < 0)
		result = -EINVAL;
	fd_put(ref);
	return result;
}

long sys_readahead(int fd, s64 offset, size_t count)
{
	struct fd_ref ref = fd_get(fd);
	struct file *file = fd_file(ref);
	long result = 0;

	(void)offset, (void)count;
	if (!file || !(file->mode & FILE_READ))
		result = -EBADF;
	else if (!inode_is_regular(file->inode))
		result = -EINVAL;
	fd_put(ref);
	return result;
}

/* --- Synchronisation and locks ---------------------------------------------------------------------------------------------- */

static long sync_file(int fd, bool data_only)
{
	struct fd_ref ref = fd_get(fd);
	struct file *file = fd_file(ref);
	long result;

	if (!file)
		return -EBADF;
	result = file->ops->fsync ? file->ops->fsync(file, data_only) : -EINVAL;
	fd_put(ref);
	return result;
}

long sys_fsync(int fd)
{
	return sync_file(fd, false);
}

long sys_fdatasync(int fd)
{
	return sync_file(fd, true);
}

long sys_sync_file_range(int fd, s64 offset, s64 count, u32 flags)
{
	const u32 known = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
			  SYNC_FILE_RANGE_WAIT_AFTER;
	struct fd_ref ref = fd_get(fd);
	struct file *file = fd_file(ref);
	long result;

	if (!file)
		return -EBADF;
	if ((flags & ~known) || offset < 0 || count < 0 || count > INT64_MAX - offset)
		result = -EINVAL;
	else if (!inode_is_regular(file->inode) && !inode_is_dir(file->inode))
		result = -ESPIPE;
	else
		result = flags && file->ops->fsync ? file->ops->fsync(file, true) : 0;
	fd_put(ref);
	return result;
}

long sys_flock(int fd, unsigned int operation)
{
	struct fd_ref ref = fd_get(fd);
	long result;

	if (unlikely(!fd_file(ref)))
		return -EBADF;
	if (likely(!(ref.raw & 1)))
		return file_flock(fd_file(ref), (int)operation);
	result = file_flock(fd_file(ref), (int)operation);
	fd_put(ref);
	return result;
}
