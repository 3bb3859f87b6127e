/* inotify_init, inotify_add_watch, inotify_rm_watch. */
#include <abi/errno.h>
#include <abi/fcntl.h>
#include <kernel/inotify.h>
#include <kernel/syscall.h>

#define MASK_KNOWN                                                                                 \
	(IN_ALL_EVENTS | IN_UNMOUNT | IN_Q_OVERFLOW | IN_IGNORED | IN_ONLYDIR | IN_DONT_FOLLOW |   \
	 IN_EXCL_UNLINK | IN_MASK_CREATE | IN_MASK_ADD | IN_ISDIR | IN_ONESHOT)

long sys_inotify_init1(u32 flags)
{
	if (flags & ~(u32)(IN_CLOEXEC | IN_NONBLOCK))
		return -EINVAL;
	return fd_install_new(inotify_create(flags), flags & IN_CLOEXEC ? O_CLOEXEC : 0);
}

long sys_inotify_init(void)
{
	return sys_inotify_init1(0);
}

static int add_watch(struct file *file, struct user_ptr user_path, u32 mask)
{
	u32 lookup = (mask & IN_DONT_FOLLOW ? 0 : LOOKUP_FOLLOW) |
		     (mask & IN_ONLYDIR ? LOOKUP_DIRECTORY : 0);
	struct path path;
	int error;

	if (((mask & IN_MASK_ADD) && (mask & IN_MASK_CREATE)) || !file_is_inotify(file))
		return -EINVAL;
	error = path_lookup_user(AT_FDCWD, user_path, lookup, &path);
	if (error)
		return error;
	error = inode_permission(path.dentry->inode, MAY_READ);
	if (!error)
		error = inotify_watch_add(file, path.dentry->inode, mask);
	path_put(&path);
	return error;
}

long sys_inotify_add_watch(int fd, struct user_ptr path, u32 mask)
{
	struct fd_ref ref;
	long result;

	if (!mask || (mask & ~MASK_KNOWN))
		return -EINVAL;
	ref = fd_get(fd);
	if (!ref.raw)
		return -EBADF;
	result = add_watch(fd_file(ref), path, mask);
	fd_put(ref);
	return result;
}

long sys_inotify_rm_watch(int fd, int wd)
{
	struct fd_ref ref = fd_get(fd);
	long result;

	if (!ref.raw)
		return -EBADF;
	result = file_is_inotify(fd_file(ref)) ? inotify_watch_remove(fd_file(ref), wd) : -EINVAL;
	fd_put(ref);
	return result;
}
