/* rename: two parents, two names, and the order of locks that keeps the tree a tree (see names.c). */
#include "internal.h"

#include <abi/errno.h>
#include <kernel/inotify.h>
#include <lib/err.h>

struct renaming {
	struct path old_parent, new_parent;
	struct path_last old_last, new_last;
	struct dentry *old, *new; /* references */
	struct dentry *trap; /* the child of one parent that leads to the other one: must not be moved; NULL */
	u32 flags; /* RENAME_* */
};

/* --- Locks --------------------------------------------------------------------------------------------------------------- */

/* The child of `ancestor` on the way to `dentry`; NULL if it is none. rename_lock held. */
static struct dentry *child_towards(const struct dentry *ancestor, struct dentry *dentry)
{
	for (; dentry->parent != dentry; dentry = dentry->parent) {
		if (dentry->parent == ancestor)
			return dentry;
	}
	return NULL;
}

static void lock_two(struct inode *first, struct inode *second)
{
	rwsem_write_lock(&first->lock);
	rwsem_write_lock_nested(&second->lock);
}

static void lock_parents(struct renaming *r)
{
	struct dentry *old = r->old_parent.dentry, *new = r->new_parent.dentry;
	struct inode *old_dir = dentry_inode(old), *new_dir = dentry_inode(new);

	r->trap = NULL;
	if (old == new) {
		rwsem_write_lock(&old_dir->lock);
		return;
	}
	mutex_lock(&old->super->rename_lock);
	r->trap = child_towards(new, old);
	if (r->trap) {
		lock_two(new_dir, old_dir);
		return;
	}
	r->trap = child_towards(old, new);
	if (r->trap || old_dir < new_dir)
		lock_two(old_dir, new_dir);
	else
		lock_two(new_dir, old_dir);
}

static void unlock_parents(struct renaming *r)
{
	struct dentry *old = r->old_parent.dentry, *new = r->new_parent.dentry;

	rwsem_write_unlock(&dentry_inode(old)->lock);
	if (old == new)
		return;
	rwsem_write_unlock(&dentry_inode(new)->lock);
	mutex_unlock(&old->super->rename_lock);
}

/* The files themselves: their link counts and parents change. Directories first, then by address. */
static void lock_children(struct inode *a, struct inode *b)
{
	if (b &&
	    (inode_is_dir(b) > inode_is_dir(a) || (inode_is_dir(a) == inode_is_dir(b) && b < a))) {
		struct inode *first = b;

		b = a;
		a = first;
	}
	rwsem_write_lock_nested(&a->lock);
	if (b)
		rwsem_write_lock_nested(&b->lock);
}

static void unlock_children(struct inode *a, struct inode *b)
{
	rwsem_write_unlock(&a->lock);
	if (b)
		rwsem_write_unlock(&b->lock);
}

/* --- Checks ---------------------------------------------------------------------------------------------------------------- */

static int check_names(const struct renaming *r)
{
	struct inode *old = dentry_inode(r->old), *new = dentry_inode(r->new);
	bool exchange = r->flags & RENAME_EXCHANGE;

	if (!old)
		return -ENOENT;
	if (new && (r->flags & RENAME_NOREPLACE))
		return -EEXIST;
	if (!new &&exchange)
		return -ENOENT;
	if (exchange && !inode_is_dir(new) && r->new_last.trailing_slash)
		return -ENOTDIR;
	if (!inode_is_dir(old) &&
	    (r->old_last.trailing_slash || (!exchange && r->new_last.trailing_slash)))
		return -ENOTDIR;
	if (r->old == r->trap)
		return -EINVAL;
	if (r->new == r->trap && r->trap)
		return exchange ? -EINVAL : -ENOTEMPTY;
	return 0;
}

/* A directory that gets another parent has its ".." changed. */
static int check_new_parent(struct inode *moved)
{
	return inode_is_dir(moved) ? inode_permission(moved, MAY_WRITE) : 0;
}

static int check_permissions(const struct renaming *r)
{
	struct inode *old = dentry_inode(r->old), *new = dentry_inode(r->new);
	bool other_dir = r->old_parent.dentry != r->new_parent.dentry,
	     exchange = r->flags & RENAME_EXCHANGE;
	int error = inode_may_delete(&r->old_parent, r->old, inode_is_dir(old));

	if (error)
		return error;
	if (!new)
		error = dir_may_create(&r->new_parent);
	else
		error = inode_may_delete(&r->new_parent, r->new, inode_is_dir(exchange ? new : old));
	if (!error && other_dir)
		error = check_new_parent(old);
	if (!error && other_dir && exchange)
		error = check_new_parent(new);
	if (error)
		return error;
	return (r->old->flags | r->new->flags) & DENTRY_MOUNTED ? -EBUSY : 0;
}

/* --- The work --------------------------------------------------------------------------------------------------------------- */

static void tell_move(struct inode *from, const struct name *old, struct inode *to,
		      const struct name *new, struct inode *moved)
{
	u32 cookie = inotify_cookie();

	inotify_name_event(from, moved, old, IN_MOVED_FROM, cookie);
	inotify_name_event(to, moved, new, IN_MOVED_TO, cookie);
}

/* Both directories are locked still. `replaced`: lost this name; NULL: nothing did, or it got the other one. */
static void tell_renamed(const struct renaming *r, struct inode *moved, struct inode *exchanged,
			 struct inode *replaced)
{
	struct inode *old_dir = dentry_inode(r->old_parent.dentry),
		     *new_dir = dentry_inode(r->new_parent.dentry);

	if (!inode_is_watchable(moved))
		return;
	tell_move(old_dir, &r->old_last.name, new_dir, &r->new_last.name, moved);
	if (replaced)
		inotify_inode_event(replaced, IN_ATTRIB);
	inotify_inode_event(moved, IN_MOVE_SELF);
	if (!exchanged)
		return;
	tell_move(new_dir, &r->new_last.name, old_dir, &r->old_last.name, exchanged);
	inotify_inode_event(exchanged, IN_MOVE_SELF);
}

static int rename_inodes(struct renaming *r)
{
	struct inode *old_dir = dentry_inode(r->old_parent.dentry),
		     *new_dir = dentry_inode(r->new_parent.dentry);
	struct inode *old = dentry_inode(r->old), *new = dentry_inode(r->new);
	bool exchange = r->flags & RENAME_EXCHANGE;
	int error;

	if (!old_dir->ops->rename)
		return -EPERM;
	lock_children(old, new);
	error = old_dir->ops->rename(old_dir, r->old, new_dir, r->new, r->flags);
	if (!error && new && !exchange && inode_is_dir(new))
		new->flags |= INODE_DEAD;
	unlock_children(old, new);
	if (error)
		return error;
	dentry_move(r->old, r->new, exchange);
	if (new && !exchange && inode_is_dir(new))
		dentry_prune_children(r->new);
	tell_renamed(r, old, exchange ? new : NULL, exchange ? NULL : new);
	return 0;
}

static int rename_locked(struct renaming *r)
{
	int error = check_names(r);

	if (!error)
		error = mount_want_write(r->old_parent.mount);
	/* Two names of one file: nothing to do, and nothing is done. */
	if (!error && dentry_inode(r->old) == dentry_inode(r->new))
		return 0;
	if (!error)
		error = check_permissions(r);
	return error ? error : rename_inodes(r);
}

static int lookup_and_rename(struct renaming *r)
{
	int error;

	r->new = NULL;
	r->old = dentry_lookup_locked(r->old_parent.dentry, &r->old_last.name);
	if (IS_ERR(r->old))
		return (int)PTR_ERR(r->old);
	r->new = dentry_lookup_locked(r->new_parent.dentry, &r->new_last.name);
	error = IS_ERR(r->new) ? (int)PTR_ERR(r->new) : rename_locked(r);
	return error;
}

static int rename_in_parents(struct renaming *r)
{
	int error;

	if (r->old_parent.mount != r->new_parent.mount)
		return -EXDEV;
	if (r->old_last.type != LAST_NORMAL)
		return -EBUSY;
	if (r->new_last.type != LAST_NORMAL)
		return r->flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
	lock_parents(r);
	error = lookup_and_rename(r);
	unlock_parents(r);
	if (!IS_ERR(r->old))
		dentry_put(r->old);
	if (!IS_ERR_OR_NULL(r->new))
		dentry_put(r->new);
	return error;
}

int vfs_rename(int old_dirfd, const char *old_text, int new_dirfd, const char *new_text, u32 flags)
{
	struct renaming r = { .flags = flags };
	int error;

	if (flags & ~(u32)(RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	if ((flags & RENAME_EXCHANGE) && (flags & RENAME_NOREPLACE))
		return -EINVAL;
	error = path_lookup_parent(old_dirfd, old_text, 0, &r.old_parent, &r.old_last);
	if (error)
		return error;
	error = path_lookup_parent(new_dirfd, new_text, 0, &r.new_parent, &r.new_last);
	if (!error) {
		error = rename_in_parents(&r);
		path_put(&r.new_parent);
	}
	path_put(&r.old_parent);
	return error;
}
