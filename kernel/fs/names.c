/*
 * Making and removing names: mkdir, mknod, symlink, link, unlink, rmdir, rename.
 *
 * Each looks up the parent directory, locks it for writing, looks up the last name, checks, and lets the file system act.
 * The dentry cache is brought up to date here, not in the file systems. rename locks two directories: first
 * super->rename_lock, under which no directory changes its parent, so that "is an ancestor of" stays true; then the
 * ancestor before the descendant, or by address.
 */
#include "internal.h"

#include <abi/capability.h>
#include <abi/errno.h>
#include <kernel/inotify.h>
#include <lib/err.h>

/* --- Making ---------------------------------------------------------------------------------------------------------- */

/* Between begin and end the parent is locked; `dentry` is negative. */
struct making {
	struct path parent;
	struct path_last last;
	struct dentry *dentry;
	struct inode *dir;
};

static int making_check(struct making *making, bool is_dir)
{
	int error;

	if (dentry_inode(making->dentry))
		return -EEXIST;
	/* "name/" can only become a directory. */
	if (making->last.trailing_slash && !is_dir)
		return -ENOENT;
	error = mount_want_write(making->parent.mount);
	return error ? error : dir_may_create(&making->parent);
}

static void making_end(struct making *making)
{
	rwsem_write_unlock(&making->dir->lock);
	if (!IS_ERR(making->dentry))
		dentry_put(making->dentry);
	path_put(&making->parent);
}

static int making_begin(struct making *making, int dirfd, const char *text, bool is_dir)
{
	struct path_last *last = &making->last;
	int error = path_lookup_parent(dirfd, text, 0, &making->parent, last);

	if (error)
		return error;
	if (last->type != LAST_NORMAL) {
		path_put(&making->parent);
		return -EEXIST;
	}
	making->dir = dentry_inode(making->parent.dentry);
	rwsem_write_lock(&making->dir->lock);
	making->dentry = dentry_lookup_locked(making->parent.dentry, &last->name);
	if (IS_ERR(making->dentry))
		error = (int)PTR_ERR(making->dentry);
	else
		error = making_check(making, is_dir);
	if (error)
		making_end(making);
	return error;
}

/* The name is made, or not: 0 or `error`. */
static int making_done(struct making *making, int error)
{
	if (!error)
		notify_name(making->dir, dentry_inode(making->dentry), &making->last.name,
			    IN_CREATE);
	making_end(making);
	return error;
}

int vfs_mkdir(int dirfd, const char *text, u32 mode)
{
	struct making making;
	int error = making_begin(&making, dirfd, text, true);

	if (error)
		return error;
	mode = S_IFDIR | (mode_apply_umask(mode) & (0777 | S_ISVTX));
	error = making.dir->ops->mkdir ? making.dir->ops->mkdir(making.dir, making.dentry, mode)
				       : -EPERM;
	return making_done(&making, error);
}

static int mknod_check(u32 *mode)
{
	switch (*mode & S_IFMT) {
	case 0:
		*mode |= S_IFREG;
		return 0;
	case S_IFREG:
	case S_IFIFO:
	case S_IFSOCK:
	case S_IFCHR:
	case S_IFBLK:
		return 0;
	case S_IFDIR:
		return -EPERM;
	}
	return -EINVAL;
}

static int mknod_locked(const struct making *making, u32 mode, u64 device)
{
	const struct inode_ops *ops = making->dir->ops;

	if ((S_ISCHR(mode) || S_ISBLK(mode)) && !capable(CAP_MKNOD))
		return -EPERM;
	if (S_ISREG(mode))
		return ops->create ? ops->create(making->dir, making->dentry, mode) : -EACCES;
	return ops->mknod ? ops->mknod(making->dir, making->dentry, mode, device) : -EPERM;
}

int vfs_mknod(int dirfd, const char *text, u32 mode, u64 device)
{
	struct making making;
	int error = mknod_check(&mode);

	if (!error)
		error = making_begin(&making, dirfd, text, false);
	if (error)
		return error;
	mode = (mode & S_IFMT) | mode_apply_umask(mode & 07777);
	return making_done(&making, mknod_locked(&making, mode, device));
}

int vfs_symlink(const char *target, int dirfd, const char *text)
{
	struct making making;
	int error = making_begin(&making, dirfd, text, false);

	if (error)
		return error;
	error = making.dir->ops->symlink
			? making.dir->ops->symlink(making.dir, making.dentry, target)
			: -EPERM;
	return making_done(&making, error);
}

static int link_locked(const struct making *making, const struct path *old)
{
	struct inode *inode = dentry_inode(old->dentry);
	int error;

	if (making->parent.mount != old->mount)
		return -EXDEV;
	if (inode_is_dir(inode) || !making->dir->ops->link)
		return -EPERM;
	rwsem_write_lock_nested(&inode->lock);
	if (inode->link_count == 0 && !(inode->flags & INODE_LINKABLE))
		error = -ENOENT;
	else
		error = making->dir->ops->link(inode, making->dir, making->dentry);
	if (!error)
		inode->flags &= ~INODE_LINKABLE;
	rwsem_write_unlock(&inode->lock);
	if (!error)
		notify_inode(inode, IN_ATTRIB);
	return error;
}

int vfs_link(int old_dirfd, const char *old_text, int new_dirfd, const char *new_text, u32 flags)
{
	u32 lookup_flags = (flags & AT_SYMLINK_FOLLOW ? LOOKUP_FOLLOW : 0) |
			   (flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0);
	struct making making;
	struct path old;
	int error;

	if (flags & ~(u32)(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if ((flags & AT_EMPTY_PATH) && !capable(CAP_DAC_READ_SEARCH))
		return -ENOENT;
	error = path_lookup(old_dirfd, old_text, lookup_flags, &old);
	if (error)
		return error;
	error = making_begin(&making, new_dirfd, new_text, false);
	if (!error) {
		error = making_done(&making, link_locked(&making, &old));
	}
	path_put(&old);
	return error;
}

/* --- Removing ---------------------------------------------------------------------------------------------------------- */

static int unlink_check(const struct path *parent, struct dentry *victim,
			const struct path_last *last)
{
	int error;

	if (!dentry_inode(victim))
		return -ENOENT;
	if (last->trailing_slash)
		return inode_is_dir(dentry_inode(victim)) ? -EISDIR : -ENOTDIR;
	error = mount_want_write(parent->mount);
	if (!error)
		error = inode_may_delete(parent, victim, false);
	if (!error && (READ_ONCE(victim->flags) & DENTRY_MOUNTED))
		error = -EBUSY;
	return error;
}

/* Locks the victim as its link count changes; its last reference, and its storage, may go with the caller's. */
static int unlink_locked(const struct path *parent, struct dentry *victim,
			 const struct path_last *last)
{
	struct inode *dir = dentry_inode(parent->dentry), *inode;
	int error = unlink_check(parent, victim, last);

	if (error)
		return error;
	if (!dir->ops->unlink)
		return -EPERM;
	inode = dentry_inode(victim);
	rwsem_write_lock_nested(&inode->lock);
	error = dir->ops->unlink(dir, victim);
	rwsem_write_unlock(&inode->lock);
	if (error)
		return error;
	dentry_drop(victim);
	inotify_unlinked(dir, victim, &last->name);
	return 0;
}

static int rmdir_check(const struct path *parent, struct dentry *victim)
{
	int error;

	if (!dentry_inode(victim))
		return -ENOENT;
	error = mount_want_write(parent->mount);
	if (!error)
		error = inode_may_delete(parent, victim, true);
	if (!error && (READ_ONCE(victim->flags) & DENTRY_MOUNTED))
		error = -EBUSY;
	return error;
}

static int rmdir_locked(const struct path *parent, struct dentry *victim,
			const struct path_last *last)
{
	struct inode *dir = dentry_inode(parent->dentry), *inode;
	int error = rmdir_check(parent, victim);

	if (error)
		return error;
	if (!dir->ops->rmdir)
		return -EPERM;
	inode = dentry_inode(victim);
	rwsem_write_lock_nested(&inode->lock);
	error = dir->ops->rmdir(dir, victim);
	if (!error)
		inode->flags |= INODE_DEAD;
	rwsem_write_unlock(&inode->lock);
	if (error)
		return error;
	dentry_drop(victim);
	dentry_prune_children(victim);
	inotify_unlinked(dir, victim, &last->name);
	return 0;
}

static int remove_name(const struct path *parent, const struct path_last *last,
		       int (*remove)(const struct path *, struct dentry *, const struct path_last *))
{
	struct inode *dir = dentry_inode(parent->dentry);
	struct dentry *victim;
	int error;

	rwsem_write_lock(&dir->lock);
	victim = dentry_lookup_locked(parent->dentry, &last->name);
	error = IS_ERR(victim) ? (int)PTR_ERR(victim) : remove(parent, victim, last);
	rwsem_write_unlock(&dir->lock);
	/* Without the lock: a large file's pages go here. */
	if (!IS_ERR(victim))
		dentry_put(victim);
	return error;
}

int vfs_unlink(int dirfd, const char *text)
{
	struct path_last last;
	struct path parent;
	int error = path_lookup_parent(dirfd, text, 0, &parent, &last);

	if (error)
		return error;
	error = last.type == LAST_NORMAL ? remove_name(&parent, &last, unlink_locked) : -EISDIR;
	path_put(&parent);
	return error;
}

int vfs_rmdir(int dirfd, const char *text)
{
	struct path_last last;
	struct path parent;
	int error = path_lookup_parent(dirfd, text, 0, &parent, &last);

	if (error)
		return error;
	switch (last.type) {
	case LAST_NORMAL:
		error = remove_name(&parent, &last, rmdir_locked);
		break;
	case LAST_DOT:
		error = -EINVAL;
		break;
	case LAST_DOTDOT:
		error = -ENOTEMPTY;
		break;
	case LAST_ROOT:
		error = -EBUSY;
	}
	path_put(&parent);
	return error;
}
