/* One name in a directory: from the cache, or from the file system. */
#include "internal.h"

#include <abi/errno.h>
#include <lib/err.h>
#include <profile/check.h>

/* A dentry that the file system no longer stands by is dropped; its reference is consumed then. */
static bool still_valid(struct dentry *dentry)
{
	if (likely(!(dentry->flags & DENTRY_REVALIDATE)) || dentry->super->ops->revalidate(dentry))
		return true;
	dentry_drop(dentry);
	dentry_put(dentry);
	return false;
}

static struct dentry *find_valid(struct dentry *parent, const struct name *name)
{
	struct dentry *dentry;

	do {
		dentry = dentry_find(parent, name);
	} while (dentry && !still_valid(dentry));
	return dentry;
}

struct dentry *dentry_lookup_locked(struct dentry *parent, const struct name *name)
{
	struct inode *dir = dentry_inode(parent);
	struct dentry *dentry;
	int error;

	check(rwsem_is_held(&dir->lock));
	if (name->length > NAME_MAX)
		return ERR_PTR(-ENAMETOOLONG);
	dentry = find_valid(parent, name);
	if (dentry)
		return dentry;
	if (dir->flags & INODE_DEAD)
		return ERR_PTR(-ENOENT);
	dentry = dentry_alloc(parent, name);
	if (!dentry)
		return ERR_PTR(-ENOMEM);
	error = dir->ops->lookup ? dir->ops->lookup(dir, dentry) : -ENOTDIR;
	if (error) {
		dentry_put(dentry);
		return ERR_PTR(error);
	}
	/*
	 * Also "there is no such name" is worth remembering. With an inode the dentry has been hashed, and may have been
	 * found and dropped since: then it stays so.
	 */
	if (!dentry->inode && !(dentry->flags & DENTRY_NO_NEGATIVE))
		dentry_hash(dentry);
	return dentry;
}

struct dentry *dentry_lookup(struct dentry *parent, const struct name *name)
{
	struct dentry *dentry = find_valid(parent, name);
	struct inode *dir;

	if (likely(dentry))
		return dentry;
	/* For writing, so that two lookups of a name that is not cached do not make two dentries. */
	dir = dentry_inode(parent);
	rwsem_write_lock(&dir->lock);
	dentry = dentry_lookup_locked(parent, name);
	rwsem_write_unlock(&dir->lock);
	return dentry;
}
