/* Asking about files: the stat family, access, readlink, statfs. */
#include <kernel/syscall.h>

#include <abi/capability.h>
#include <abi/errno.h>
#include <abi/fcntl.h>
#include <abi/limits.h>
#include <abi/mount.h>
#include <kernel/file.h>
#include <kernel/slab.h>
#include <kernel/task.h>
#include <kernel/vfs.h>
#include <lib/err.h>
#include <lib/string.h>

#define STAT_FLAGS (AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH)

static u32 lookup_flags_of(u32 flags)
{
	return (flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW) |
	       (flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0);
}

/* --- stat ---------------------------------------------------------------------------------------------------------------- */

long sys_fstat(int fd, struct user_ptr user)
{
	struct fd_ref ref = fd_get_path(fd);
	struct abi_stat stat;
	int error;

	if (!fd_file(ref))
		return -EBADF;
	error = inode_stat(fd_file(ref)->inode, &stat);
	fd_put(ref);
	return error ? error : user_write(user, &stat, sizeof(stat));
}

static long stat_path(int dirfd, const char *text, u32 flags, struct user_ptr user)
{
	struct abi_stat stat;
	struct path path;
	int error = path_lookup(dirfd, text, lookup_flags_of(flags), &path);

	if (error)
		return error;
	error = inode_stat(path.dentry->inode, &stat);
	path_put(&path);
	return error ? error : user_write(user, &stat, sizeof(stat));
}

static long stat_arg(int dirfd, const char *text, u32 flags, struct user_ptr user)
{
	struct abi_stat stat;
	int error = path_stat_fast(dirfd, text, lookup_flags_of(flags), &stat);

	if (unlikely(error > 0))
		return stat_path(dirfd, text, flags, user);
	return error ? error : user_write(user, &stat, sizeof(stat));
}

/* fstat as libraries call it: no name at all. */
static bool path_is_empty(struct user_ptr path)
{
	u8 first;

	return user_read_u8(&first, path) == 0 && first == 0;
}

static long stat_user(int dirfd, struct user_ptr path, u32 flags, struct user_ptr user)
{
	struct path_arg arg;
	long result;

	if (flags & ~(u32)STAT_FLAGS)
		return -EINVAL;
	if ((flags & AT_EMPTY_PATH) && dirfd != AT_FDCWD && path_is_empty(path))
		return sys_fstat(dirfd, user);
	result = path_arg_get(&arg, path, lookup_flags_of(flags));
	if (result)
		return result;
	result = stat_arg(dirfd, arg.text, flags, user);
	path_arg_put(&arg);
	return result;
}

long sys_stat(struct user_ptr path, struct user_ptr user)
{
	return stat_user(AT_FDCWD, path, 0, user);
}

long sys_lstat(struct user_ptr path, struct user_ptr user)
{
	return stat_user(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, user);
}

long sys_newfstatat(int dirfd, struct user_ptr path, struct user_ptr user, u32 flags)
{
	return stat_user(dirfd, path, flags, user);
}

/* --- statx --------------------------------------------------------------------------------------------------------------- */

static int statx_file(int fd, u32 mask, struct abi_statx *statx)
{
	struct fd_ref ref = fd_get_path(fd);
	struct file *file = fd_file(ref);
	struct path path;
	int error;

	if (!file)
		return -EBADF;
	path = (struct path){ file->mount, file->dentry };
	error = file->mount ? vfs_statx(&path, mask, statx) : inode_statx(file->inode, mask, statx);
	fd_put(ref);
	return error;
}

static int statx_path(int dirfd, const char *text, u32 lookup_flags, u32 mask,
		      struct abi_statx *statx)
{
	struct path path;
	int error = path_statx_fast(dirfd, text, lookup_flags, statx);

	if (likely(error <= 0))
		return error;
	error = path_lookup(dirfd, text, lookup_flags, &path);
	if (error)
		return error;
	error = vfs_statx(&path, mask, statx);
	path_put(&path);
	return error;
}

static int statx_user(int dirfd, struct user_ptr path, u32 flags, u32 mask, struct abi_statx *statx)
{
	u32 lookup_flags = lookup_flags_of(flags);
	struct path_arg arg;
	int error;

	if ((flags & AT_EMPTY_PATH) && dirfd != AT_FDCWD && path_is_empty(path))
		return statx_file(dirfd, mask, statx);
	error = path_arg_get(&arg, path, lookup_flags);
	if (error)
		return error;
	error = statx_path(dirfd, arg.text, lookup_flags, mask, statx);
	path_arg_put(&arg);
	return error;
}

long sys_statx(int dirfd, struct user_ptr path, u32 flags, unsigned int mask, struct user_ptr user)
{
	struct abi_statx statx;
	long error;

	if ((flags & ~(u32)(STAT_FLAGS | AT_STATX_SYNC_TYPE)) || (mask & STATX__RESERVED) ||
	    (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE)
		return -EINVAL;
	error = statx_user(dirfd, path, flags, mask, &statx);
	return error ? error : user_write(user, &statx, sizeof(statx));
}

/* --- access -------------------------------------------------------------------------------------------------------------- */

/* current's credentials with the real ids in the place of the file system ids; NULL: no memory. */
static struct cred *cred_of_real_ids(void)
{
	struct cred *cred = cred_clone();

	if (!cred)
		return NULL;
	cred->fsuid = cred->uid;
	cred->fsgid = cred->gid;
	cred->cap_effective = cred->uid == 0 ? cred->cap_permitted : 0;
	return cred;
}

static bool real_ids_differ(const struct cred *cred)
{
	return cred->fsuid != cred->uid || cred->fsgid != cred->gid ||
	       cred->cap_effective != (cred->uid == 0 ? cred->cap_permitted : 0);
}

static int access_check(const struct path *path, u32 mode)
{
	struct inode *inode = path->dentry->inode;
	int error;

	if ((mode & MAY_EXEC) && inode_is_regular(inode) && (path->mount->flags & MS_NOEXEC))
		return -EACCES;
	error = mode ? inode_permission(inode, mode) : 0;
	/* On a read-only mount nothing can be written, but what is not stored in it. */
	if (!error && (mode & MAY_WRITE) &&
	    (inode_is_regular(inode) || inode_is_dir(inode) || inode_is_link(inode)))
		error = mount_want_write(path->mount);
	return error;
}

static long access_lookup(int dirfd, struct user_ptr user_path, u32 mode, u32 flags)
{
	struct path path;
	int error = path_lookup_user(dirfd, user_path, lookup_flags_of(flags), &path);

	if (error)
		return error;
	error = access_check(&path, mode);
	path_put(&path);
	return error;
}

static long access_user(int dirfd, struct user_ptr path, u32 mode, u32 flags)
{
	struct cred *own = current->cred, *real;
	long result;

	if ((mode & ~(u32)(R_OK | W_OK | X_OK)) ||
	    (flags & ~(u32)(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)))
		return -EINVAL;
	if ((flags & AT_EACCESS) || !real_ids_differ(own))
		return access_lookup(dirfd, path, mode, flags);
	real = cred_of_real_ids();
	if (!real)
		return -ENOMEM;
	/* Seen by nobody but this task's own checks: put back before it returns. */
	rcu_assign(current->cred, real);
	result = access_lookup(dirfd, path, mode, flags);
	rcu_assign(current->cred, own);
	cred_put(real);
	return result;
}

long sys_access(struct user_ptr path, u32 mode)
{
	return access_user(AT_FDCWD, path, mode, 0);
}

long sys_faccessat(int dirfd, struct user_ptr path, u32 mode)
{
	return access_user(dirfd, path, mode, 0);
}

long sys_faccessat2(int dirfd, struct user_ptr path, u32 mode, u32 flags)
{
	return access_user(dirfd, path, mode, flags);
}

/* --- readlink -------------------------------------------------------------------------------------------------------------- */

/* The link's text is made anew for each reader. */
static ssize_t readlink_made(struct dentry *dentry, struct user_ptr buffer, size_t size)
{
	char *text = kmalloc(PATH_MAX, 0);
	ssize_t length;

	if (!text)
		return -ENOMEM;
	length = link_read(dentry, text, PATH_MAX);
	if (length > 0) {
		length = MIN(length, (ssize_t)size);
		if (user_write(buffer, text, (size_t)length))
			length = -EFAULT;
	}
	kfree(text);
	return length;
}

static ssize_t readlink_kept(struct inode *inode, struct user_ptr buffer, size_t size)
{
	const char *text = inode->ops->get_link(inode);
	size_t length;

	if (IS_ERR(text))
		return PTR_ERR(text);
	/* A kept text's length is the link's size; made-up links have none. */
	length = inode->size ? MIN(inode->size, size) : strnlen(text, size);
	return user_write(buffer, text, length) ? -EFAULT : (ssize_t)length;
}

static long readlink_path(const struct path *path, bool empty, struct user_ptr buffer, size_t size)
{
	struct inode *inode = path->dentry->inode;
	ssize_t length;

	if (!inode_is_link(inode))
		return empty ? -ENOENT : -EINVAL;
	if (inode->ops->get_link && !inode->ops->readlink)
		length = readlink_kept(inode, buffer, size);
	else
		length = readlink_made(path->dentry, buffer, size);
	if (length > 0)
		inode_touch(path->mount, inode);
	return length;
}

long sys_readlinkat(int dirfd, struct user_ptr user_path, struct user_ptr buffer, int size)
{
	struct path_arg arg;
	struct path path;
	long result;

	if (size <= 0)
		return -EINVAL;
	result = path_arg_get(&arg, user_path, LOOKUP_EMPTY);
	if (result)
		return result;
	result = path_lookup(dirfd, arg.text, LOOKUP_EMPTY, &path);
	if (!result) {
		result = readlink_path(&path, !*arg.text, buffer, (size_t)size);
		path_put(&path);
	}
	path_arg_put(&arg);
	return result;
}

long sys_readlink(struct user_ptr path, struct user_ptr buffer, int size)
{
	return sys_readlinkat(AT_FDCWD, path, buffer, size);
}

/* --- statfs ------------------------------------------------------------------------------------------------------------------ */

long sys_statfs(struct user_ptr user_path, struct user_ptr buffer)
{
	struct abi_statfs statfs;
	struct path path;
	int error = path_lookup_user(AT_FDCWD, user_path, LOOKUP_FOLLOW, &path);

	if (error)
		return error;
	error = vfs_statfs(&path, &statfs);
	path_put(&path);
	return error ? error : user_write(buffer, &statfs, sizeof(statfs));
}

long sys_fstatfs(int fd, struct user_ptr buffer)
{
	struct fd_ref ref = fd_get_path(fd);
	struct file *file = fd_file(ref);
	struct abi_statfs statfs;
	int error;

	if (!file)
		return -EBADF;
	error = super_statfs(file->inode->super, file->mount ? file->mount->flags : 0, &statfs);
	fd_put(ref);
	return error ? error : user_write(buffer, &statfs, sizeof(statfs));
}
