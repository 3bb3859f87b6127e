/*
 * Extended attributes. No file system here stores any, so these answer as Linux does for one that cannot (ramfs): the file
 * is looked up, a list is empty, everything else is EOPNOTSUPP.
 */
#include <abi/errno.h>
#include <abi/fcntl.h>
#include <kernel/file.h>
#include <kernel/syscall.h>
#include <kernel/vfs.h>

#define XATTR_NAME_MAX 255

/* 0 if `name` is a possible name: as long as Linux allows, and not empty. */
static int name_check(struct user_ptr name)
{
	ssize_t length = user_string_length(name, XATTR_NAME_MAX + 1);

	if (length < 0)
		return (int)length;
	return length == 0 || length > XATTR_NAME_MAX ? -ERANGE : 0;
}

/* What `path` names exists and can be reached: `result`; else why not. */
static long on_path(struct user_ptr text, u32 lookup_flags, long result)
{
	struct path path;
	int error = path_lookup_user(AT_FDCWD, text, lookup_flags, &path);

	if (error)
		return error;
	path_put(&path);
	return result;
}

static long on_fd(int fd, long result)
{
	struct fd_ref ref = fd_get(fd);

	if (!ref.raw)
		return -EBADF;
	fd_put(ref);
	return result;
}

/* Linux checks the name before it looks at the file when it sets or removes, and after it when it gets. */
static long change_on_path(struct user_ptr path, struct user_ptr name, u32 lookup_flags)
{
	int error = name_check(name);

	return error ? error : on_path(path, lookup_flags, -EOPNOTSUPP);
}

static long get_result(struct user_ptr name)
{
	int error = name_check(name);

	return error ? error : -EOPNOTSUPP;
}

long sys_setxattr(struct user_ptr path, struct user_ptr name, struct user_ptr value, size_t size,
		  u32 flags)
{
	(void)value, (void)size, (void)flags;
	return change_on_path(path, name, LOOKUP_FOLLOW);
}

long sys_lsetxattr(struct user_ptr path, struct user_ptr name, struct user_ptr value, size_t size,
		   u32 flags)
{
	(void)value, (void)size, (void)flags;
	return change_on_path(path, name, 0);
}

long sys_fsetxattr(int fd, struct user_ptr name, struct user_ptr value, size_t size, u32 flags)
{
	int error = name_check(name);

	(void)value, (void)size, (void)flags;
	return error ? error : on_fd(fd, -EOPNOTSUPP);
}

long sys_getxattr(struct user_ptr path, struct user_ptr name, struct user_ptr value, size_t size)
{
	(void)value, (void)size;
	return on_path(path, LOOKUP_FOLLOW, get_result(name));
}

long sys_lgetxattr(struct user_ptr path, struct user_ptr name, struct user_ptr value, size_t size)
{
	(void)value, (void)size;
	return on_path(path, 0, get_result(name));
}

long sys_fgetxattr(int fd, struct user_ptr name, struct user_ptr value, size_t size)
{
	(void)value, (void)size;
	return on_fd(fd, get_result(name));
}

long sys_listxattr(struct user_ptr path, struct user_ptr list, size_t size)
{
	(void)list, (void)size;
	return on_path(path, LOOKUP_FOLLOW, 0);
}

long sys_llistxattr(struct user_ptr path, struct user_ptr list, size_t size)
{
	(void)list, (void)size;
	return on_path(path, 0, 0);
}

long sys_flistxattr(int fd, struct user_ptr list, size_t size)
{
	(void)list, (void)size;
	return on_fd(fd, 0);
}

long sys_removexattr(struct user_ptr path, struct user_ptr name)
{
	return change_on_path(path, name, LOOKUP_FOLLOW);
}

long sys_lremovexattr(struct user_ptr path, struct user_ptr name)
{
	return change_on_path(path, name, 0);
}

long sys_fremovexattr(int fd, struct user_ptr name)
{
	int error = name_check(name);

	return error ? error : on_fd(fd, -EOPNOTSUPP);
}
