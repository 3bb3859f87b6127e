/* The calls that set, get, list and remove extended attributes: of a path, of a link itself, of an open file. */
#include <abi/errno.h>
#include <abi/fcntl.h>
#include <kernel/file.h>
#include <kernel/inotify.h>
#include <kernel/slab.h>
#include <kernel/syscall.h>
#include <kernel/xattr.h>

/* What a call is about, beside the file. */
struct request {
	struct user_ptr name, value; /* value: also where the list goes */
	size_t size;
	u32 flags;
};

/* `mount` NULL: of a file that has no path. */
typedef long (*operation)(struct mount *mount, struct dentry *dentry, struct inode *inode,
			  const struct request *request);

static long on_path(struct user_ptr text, u32 lookup_flags, operation run,
		    const struct request *request)
{
	struct path path;
	long result = path_lookup_user(AT_FDCWD, text, lookup_flags, &path);

	if (result)
		return result;
	result = run(path.mount, path.dentry, path.dentry->inode, request);
	path_put(&path);
	return result;
}

static long on_fd(int fd, operation run, const struct request *request)
{
	struct fd_ref ref = fd_get(fd);
	struct file *file = fd_file(ref);
	long result = -EBADF;

	if (file)
		result = run(file->mount, file->dentry, file->inode, request);
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

static struct xattr *xattr_read(const struct request *request, int *error)
{
	char name[XATTR_NAME_MAX + 1];
	struct xattr *xattr;

	*error = request->flags & ~(u32)(XATTR_CREATE | XATTR_REPLACE) ? -EINVAL : 0;
	if (!*error)
		*error = name_read(name, request->name);
	if (!*error && request->size > XATTR_SIZE_MAX)
		*error = -E2BIG;
	if (*error)
		return NULL;
	xattr = xattr_alloc(name, request->size);
	if (!xattr)
		*error = -ENOMEM;
	else if (user_read(xattr_value(xattr), request->value, request->size))
		*error = -EFAULT;
	return xattr;
}

static long set(struct mount *mount, struct dentry *dentry, struct inode *inode,
		const struct request *request)
{
	int error = mount ? mount_want_write(mount) : 0;
	struct xattr *xattr;

	if (error)
		return error;
	xattr = xattr_read(request, &error);
	if (!error)
		error = xattr_set(inode, xattr, request->flags);
	if (error)
		xattr_free(xattr);
	else
		notify_dentry(dentry, inode, IN_ATTRIB);
	return error;
}

static long remove(struct mount *mount, struct dentry *dentry, struct inode *inode,
		   const struct request *request)
{
	int error = mount ? mount_want_write(mount) : 0;
	char name[XATTR_NAME_MAX + 1];

	if (!error)
		error = name_read(name, request->name);
	if (!error)
		error = xattr_remove(inode, name);
	if (!error)
		notify_dentry(dentry, inode, IN_ATTRIB);
	return error;
}

/* Gives the user what `buffer` got, and frees it. Size 0 asks for the length alone. */
static long give(const struct request *request, char *buffer, ssize_t result)
{
	if (result > 0 && request->size && user_write(request->value, buffer, (size_t)result))
		result = -EFAULT;
	kfree(buffer);
	return result;
}

static long get(struct mount *mount, struct dentry *dentry, struct inode *inode,
		const struct request *request)
{
	size_t size = MIN(request->size, (size_t)XATTR_SIZE_MAX);
	char name[XATTR_NAME_MAX + 1], *buffer;
	int error = name_read(name, request->name);

	(void)mount, (void)dentry;
	if (error)
		return error;
	buffer = kmalloc(size, 0);
	if (size && !buffer)
		return -ENOMEM;
	return give(request, buffer, xattr_get(inode, name, buffer, size));
}

static long list(struct mount *mount, struct dentry *dentry, struct inode *inode,
		 const struct request *request)
{
	size_t size = MIN(request->size, (size_t)XATTR_LIST_MAX);
	char *buffer = kmalloc(size, 0);

	(void)mount, (void)dentry;
	if (size && !buffer)
		return -ENOMEM;
	return give(request, buffer, xattr_list(inode, buffer, size));
}

long sys_setxattr(struct user_ptr path, struct user_ptr name, struct user_ptr value, size_t size,
		  u32 flags)
{
	return on_path(path, LOOKUP_FOLLOW, set, &(struct request){ name, value, size, flags });
}

long sys_lsetxattr(struct user_ptr path, struct user_ptr name, struct user_ptr value, size_t size,
		   u32 flags)
{
	return on_path(path, 0, set, &(struct request){ name, value, size, flags });
}

long sys_fsetxattr(int fd, struct user_ptr name, struct user_ptr value, size_t size, u32 flags)
{
	return on_fd(fd, set, &(struct request){ name, value, size, flags });
}

long sys_getxattr(struct user_ptr path, struct user_ptr name, struct user_ptr value, size_t size)
{
	return on_path(path, LOOKUP_FOLLOW, get, &(struct request){ name, value, size, 0 });
}

long sys_lgetxattr(struct user_ptr path, struct user_ptr name, struct user_ptr value, size_t size)
{
	return on_path(path, 0, get, &(struct request){ name, value, size, 0 });
}

long sys_fgetxattr(int fd, struct user_ptr name, struct user_ptr value, size_t size)
{
	return on_fd(fd, get, &(struct request){ name, value, size, 0 });
}

long sys_listxattr(struct user_ptr path, struct user_ptr to, size_t size)
{
	return on_path(path, LOOKUP_FOLLOW, list, &(struct request){ .value = to, .size = size });
}

long sys_llistxattr(struct user_ptr path, struct user_ptr to, size_t size)
{
	return on_path(path, 0, list, &(struct request){ .value = to, .size = size });
}

long sys_flistxattr(int fd, struct user_ptr to, size_t size)
{
	return on_fd(fd, list, &(struct request){ .value = to, .size = size });
}

long sys_removexattr(struct user_ptr path, struct user_ptr name)
{
	return on_path(path, LOOKUP_FOLLOW, remove, &(struct request){ .name = name });
}

long sys_lremovexattr(struct user_ptr path, struct user_ptr name)
{
	return on_path(path, 0, remove, &(struct request){ .name = name });
}

long sys_fremovexattr(int fd, struct user_ptr name)
{
	return on_fd(fd, remove, &(struct request){ .name = name });
}
