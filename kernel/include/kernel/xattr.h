/*
 * Extended attributes: names with values that an inode carries. File systems in memory keep what begins with "trusted.",
 * for whoever has CAP_SYS_ADMIN; other names are not supported by any.
 */
#pragma once

#include <abi/xattr.h>
#include <kernel/vfs.h>

struct xattr {
	struct xattr *next; /* [inode->lock] of the inode; NULL: the last */
	size_t size; /* of the value, which lies behind the name */
	char name[];
};

/* With room for the value, and the caller's until xattr_set has taken it; NULL: no memory. */
struct xattr *xattr_alloc(const char *name, size_t size);
void xattr_free(struct xattr *xattr); /* NULL is allowed */
char *xattr_value(struct xattr *xattr);

/*
 * What follows takes inode->lock, checks what the running task may, and leaves the inode as it was where it fails: -EPERM,
 * -EACCES, -EOPNOTSUPP, -EINVAL (no name behind the prefix), -ENODATA. `flags` are XATTR_*: -EEXIST, and -ENODATA.
 */
/* 0: the inode has *xattr, in the place of one of the same name. */
int xattr_set(struct inode *inode, struct xattr *xattr, u32 flags);
int xattr_remove(struct inode *inode, const char *name);
/* The value's length, which is copied unless `size` is 0; -ERANGE if it is longer. */
ssize_t xattr_get(struct inode *inode, const char *name, char *value, size_t size);
/* The same with all names, NUL after each. */
ssize_t xattr_list(struct inode *inode, char *list, size_t size);
/* When the inode goes: nobody else has it any more. */
void xattrs_free(struct inode *inode);
