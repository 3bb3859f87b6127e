/* Extended attributes: who may have which, and those that inodes carry in memory. */
#include "internal.h"

#include <abi/capability.h>
#include <abi/errno.h>
#include <kernel/xattr.h>
#include <lib/string.h>

struct xattr *xattr_alloc(const char *name, size_t size)
{
	size_t length = strlen(name) + 1;
	struct xattr *xattr = kmalloc(sizeof(*xattr) + length + size, 0);

	if (!xattr)
		return NULL;
	xattr->next = NULL;
	xattr->size = size;
	memcpy(xattr->name, name, length);
	return xattr;
}

void xattr_free(struct xattr *xattr)
{
	kfree(xattr);
}

char *xattr_value(struct xattr *xattr)
{
	return xattr->name + strlen(xattr->name) + 1;
}

/* What comes after the prefix; NULL: it has another one. */
static const char *suffix(const char *name, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(name, prefix, length) ? NULL : name + length;
}

/* user.* is for files and folders: what may be written to a device says nothing about who may describe it. */
static int user_permission(struct inode *inode, u32 mask)
{
	bool write = mask & MAY_WRITE;

	if (!inode_is_regular(inode) && !inode_is_dir(inode))
		return write ? -EPERM : -ENODATA;
	if (inode_is_dir(inode) && (inode->mode & S_ISVTX) && write &&
	    !inode_is_owner_or_capable(inode))
		return -EPERM;
	return inode_permission(inode, mask);
}

static int permission(struct inode *inode, const char *name, u32 mask)
{
	if (suffix(name, "security.") || suffix(name, "system."))
		return 0;
	if (suffix(name, "trusted.")) {
		if (capable(CAP_SYS_ADMIN))
			return 0;
		return mask & MAY_WRITE ? -EPERM : -ENODATA;
	}
	if (suffix(name, "user."))
		return user_permission(inode, mask);
	return inode_permission(inode, mask);
}

/* May the attribute be read or written, and does the file system keep such? */
static int check(struct inode *inode, const char *name, u32 mask)
{
	const char *rest = suffix(name, "trusted.");
	int error = permission(inode, name, mask);

	if (error)
		return error;
	if (!rest || !inode->super->ops->keeps_xattrs)
		return -EOPNOTSUPP;
	return *rest ? 0 : -EINVAL;
}

/* What points to it, or the NULL behind the last one. */
static struct xattr **find(struct inode *inode, const char *name)
{
	struct xattr **link = &inode->xattrs;

	while (*link && strcmp((*link)->name, name))
		link = &(*link)->next;
	return link;
}

static int set_locked(struct inode *inode, struct xattr *xattr, u32 flags, struct xattr **old)
{
	int error = check(inode, xattr->name, MAY_WRITE);
	struct xattr **link = find(inode, xattr->name);

	if (error)
		return error;
	if (*link && (flags & XATTR_CREATE))
		return -EEXIST;
	if (!*link && (flags & XATTR_REPLACE))
		return -ENODATA;
	*old = *link;
	if (!*old)
		link = &inode->xattrs;
	xattr->next = *old ? (*old)->next : *link;
	*link = xattr;
	inode->ctime_ns = inode_now();
	return 0;
}

int xattr_set(struct inode *inode, struct xattr *xattr, u32 flags)
{
	struct xattr *old = NULL;
	int error;

	rwsem_write_lock(&inode->lock);
	error = set_locked(inode, xattr, flags, &old);
	rwsem_write_unlock(&inode->lock);
	if (!error)
		xattr_free(old);
	return error;
}

int xattr_remove(struct inode *inode, const char *name)
{
	struct xattr **link, *xattr = NULL;
	int error;

	rwsem_write_lock(&inode->lock);
	error = check(inode, name, MAY_WRITE);
	link = find(inode, name);
	if (!error && !*link)
		error = -ENODATA;
	if (!error) {
		xattr = *link;
		*link = xattr->next;
		inode->ctime_ns = inode_now();
	}
	rwsem_write_unlock(&inode->lock);
	xattr_free(xattr);
	return error;
}

static ssize_t get_locked(struct inode *inode, const char *name, char *value, size_t size)
{
	struct xattr *xattr;
	int error = check(inode, name, MAY_READ);

	if (error)
		return error;
	xattr = *find(inode, name);
	if (!xattr)
		return -ENODATA;
	if (size && size < xattr->size)
		return -ERANGE;
	if (size)
		memcpy(value, xattr_value(xattr), xattr->size);
	return (ssize_t)xattr->size;
}

ssize_t xattr_get(struct inode *inode, const char *name, char *value, size_t size)
{
	ssize_t result;

	rwsem_read_lock(&inode->lock);
	result = get_locked(inode, name, value, size);
	rwsem_read_unlock(&inode->lock);
	return result;
}

static ssize_t list_locked(const struct inode *inode, char *list, size_t size)
{
	struct xattr *xattr;
	size_t used = 0;

	if (!capable(CAP_SYS_ADMIN))
		return 0;
	for (xattr = inode->xattrs; xattr; xattr = xattr->next) {
		size_t length = strlen(xattr->name) + 1;

		if (size && used + length > size)
			return -ERANGE;
		if (size)
			memcpy(list + used, xattr->name, length);
		used += length;
	}
	return (ssize_t)used;
}

ssize_t xattr_list(struct inode *inode, char *list, size_t size)
{
	ssize_t result;

	rwsem_read_lock(&inode->lock);
	result = list_locked(inode, list, size);
	rwsem_read_unlock(&inode->lock);
	return result;
}

void xattrs_free(struct inode *inode)
{
	struct xattr *xattr, *next;

	for (xattr = inode->xattrs; xattr; xattr = next) {
		next = xattr->next;
		xattr_free(xattr);
	}
}
