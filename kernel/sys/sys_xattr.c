/* The calls that set, get, list and remove extended attributes: of a path, of a link itself, of an open file. */
#include <abi/errno.h>
#include <abi/fcntl.h>
#include <kernel/file.h>
#include <kernel/inotify.h>
#include <kernel/slab.h>
#include <kernel/syscall.h>
#include <kernel/xattr.h>

/* What a call is about, beside the file. */
struct xattr_call {
	struct user_ptr name, value; /* value: also where the list goes */
	size_t size;
	u32 flags;
};

/* `mount` NULL: of a file that has no path. */
typedef long (*xattr_fn)(struct mount *mount, struct dentry *dentry, struct inode *inode,
			 const struct xattr_call *call);

static long on_path(struct user_ptr text, u32 lookup_flags, xattr_fn run,
		    const struct xattr_call *call)
{
	struct path path;
	long result = path_lookup_user(AT_FDCWD, text, lookup_flags, &path);

	if (result)
		return result;
	result = run(path.mount, path.dentry, path.dentry->inode, call);
	path_put(&path);
	return result;
}

static long on_fd(int fd, xattr_fn run, const struct xattr_call *call)
{
	struct fd_ref ref = fd_get(fd);
	struct file *file = fd_file(ref);
	long result = -EBADF;

	if (file)
		result = run(file->mount, file->dentry, file->inode, call);
	fd_put(ref);
	return result;
}

static int name_read(char name[XATTR_NAME_MAX + 1], struct user_ptr from)
{
	ssize_t length = user_string(name, from, XATTR_NAME_MAX + 1);

	if (length == -ENAMETOOLONG || !length)
		return -ERANGE;
	return length < 0 ? (int)length : 0;
}

static struct xattr *xattr_read(const struct xattr_call *call, int *error)
{
	char name[XATTR_NAME_MAX + 1];
	struct xattr *xattr;

	*error = call->flags & ~(u32)(XATTR_CREATE | XATTR_REPLACE) ? -EINVAL : 0;
	if (!*error)
		*error = name_read(name, call->name);
	if (!*error && call->size > XATTR_SIZE_MAX)
		*error = -E2BIG;
	if (*error)
		return NULL;
	xattr = xattr_alloc(name, call->size);
	if (!xattr)
		*error = -ENOMEM;
	else if (user_read(xattr_value(xattr), call->value, call->size))
		*error = -EFAULT;
	return xattr;
}

static long do_set(struct mount *mount, struct dentry *dentry, struct inode *inode,
		   const struct xattr_call *call)
{
	int error = mount ? mount_want_write(mount) : 0;
	struct xattr *xattr;

	if (error)
		return error;
	xattr = xattr_read(call, &error);
	if (!error)
		error = xattr_set(inode, xattr, call->flags);
	if (error)
		xattr_free(xattr);
	else
		notify_dentry(dentry, inode, IN_ATTRIB);
	return error;
}

static long do_remove(struct mount *mount, struct dentry *dentry, struct inode *inode,
		      const struct xattr_call *call)
{
	int error = mount ? mount_want_write(mount) : 0;
	char name[XATTR_NAME_MAX + 1];

	if (!error)
		error = name_read(name, call->name);
	if (!error)
		error = xattr_remove(inode, name);
	if (!error)
		notify_dentry(dentry, inode, IN_ATTRIB);
	return error;
}

/* The value of `name`, or with NULL all names. Size 0 asks for the length alone. */
static long give(struct inode *inode, const char *name, const struct xattr_call *call)
{
	_Static_assert(XATTR_SIZE_MAX == XATTR_LIST_MAX, "one bound for both");
	size_t size = MIN(call->size, (size_t)XATTR_SIZE_MAX);
	char *buffer = kmalloc(size, 0);
	ssize_t result;

	if (size && !buffer)
		return -ENOMEM;
	result = name ? xattr_get(inode, name, buffer, size) : xattr_list(inode, buffer, size);
	if (result == -ERANGE && size == XATTR_SIZE_MAX)
		result = -E2BIG; /* no size that may be asked for is enough */
	if (result > 0 && size && user_write(call->value, buffer, (size_t)result))
		result = -EFAULT;
	kfree(buffer);
	return result;
}

static long do_get(struct mount *mount, struct dentry *dentry, struct inode *inode,
		   const struct xattr_call *call)
{
	char name[XATTR_NAME_MAX + 1];
	int error = name_read(name, call->name);

	(void)mount, (void)dentry;
	return error ? error : give(inode, name, call);
}

static long do_list(struct mount *mount, struct dentry *dentry, struct inode *inode,
		    const struct xattr_call *call)
{
	(void)mount, (void)dentry;
	return give(inode, NULL, call);
}

long sys_setxattr(struct user_ptr path, struct user_ptr name, struct user_ptr value, size_t size,
		  u32 flags)
{
	return on_path(path, LOOKUP_FOLLOW, do_set,
		       &(struct xattr_call){ name, value, size, flags });
}

long sys_lsetxattr(struct user_ptr path, struct user_ptr name, struct user_ptr value, size_t size,
		   u32 flags)
{
	return on_path(path, 0, do_set, &(struct xattr_call){ name, value, size, flags });
}

long sys_fsetxattr(int fd, struct user_ptr name, struct user_ptr value, size_t size, u32 flags)
{
	return on_fd(fd, do_set, &(struct xattr_call){ name, value, size, flags });
}

long sys_getxattr(struct user_ptr path, struct user_ptr name, struct user_ptr value, size_t size)
{
	return on_path(path, LOOKUP_FOLLOW, do_get, &(struct xattr_call){ name, value, size, 0 });
}

long sys_lgetxattr(struct user_ptr path, struct user_ptr name, struct user_ptr value, size_t size)
{
	return on_path(path, 0, do_get, &(struct xattr_call){ name, value, size, 0 });
}

long sys_fgetxattr(int fd, struct user_ptr name, struct user_ptr value, size_t size)
{
	return on_fd(fd, do_get, &(struct xattr_call){ name, value, size, 0 });
}

long sys_listxattr(struct user_ptr path, struct user_ptr to, size_t size)
{
	return on_path(path, LOOKUP_FOLLOW, do_list,
		       &(struct xattr_call){ .value = to, .size = size });
}

long sys_llistxattr(struct user_ptr path, struct user_ptr to, size_t size)
{
	return on_path(path, 0, do_list, &(struct xattr_call){ .value = to, .size = size });
}

long sys_flistxattr(int fd, struct user_ptr to, size_t size)
{
	return on_fd(fd, do_list, &(struct xattr_call){ .value = to, .size = size });
}

long sys_removexattr(struct user_ptr path, struct user_ptr name)
{
	return on_path(path, LOOKUP_FOLLOW, do_remove, &(struct xattr_call){ .name = name });
}

long sys_lremovexattr(struct user_ptr path, struct user_ptr name)
{
	return on_path(path, 0, do_remove, &(struct xattr_call){ .name = name });
}

long sys_fremovexattr(int fd, struct user_ptr name)
{
	return on_fd(fd, do_remove, &(struct xattr_call){ .name = name });
}
