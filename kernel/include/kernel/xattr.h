/*
 * Extended attributes: names with values that an inode carries. File systems in memory keep what begins with "trusted.",
 * for whoever has CAP_SYS_ADMIN; other names are not supported by any.
 */
#pragma once

#include <abi/xattr.h>
#include <kernel/vfs.h>
#include <lib/list.h>

struct xattr {
	struct list link; /* [inode->lock] */
	size_t size; /* of the value, which lies behind the name */
	char name[];
};

/* With room for the value; NULL. */
struct xattr *xattr_alloc(const char *name, size_t size);
void xattr_free(struct xattr *xattr);
char *xattr_value(struct xattr *xattr);

/* 0: the inode has *xattr. -EPERM, -EACCES, -EROFS, -EOPNOTSUPP, -EINVAL, -EEXIST, -ENODATA, -ENOMEM: the caller has it still. */
int xattr_set(struct inode *inode, struct xattr *xattr, u32 flags);
int xattr_remove(struct inode *inode, const char *name);
/* The value's length, which is copied unless `size` is 0; -ERANGE if it is longer. */
ssize_t xattr_get(struct inode *inode, const char *name, char *value, size_t size);
/* The same with all names, NUL after each. */
ssize_t xattr_list(struct inode *inode, char *list, size_t size);
void xattrs_free(struct inode *inode);
