/* The work of mount, umount2 and pivot_root: new mounts, bind mounts, moves, remounts, and taking them away again. */
#include "internal.h"

#include <abi/errno.h>
#include <abi/mount.h>
#include <kernel/pid.h>
#include <lib/err.h>

/* --- Attaching -------------------------------------------------------------------------------------------------------- */

/* mount_lock held for writing; `at` is on top of whatever is mounted there. */
static int attach_check(const struct mount *mount, const struct path *at)
{
	struct inode *inode = dentry_inode(at->dentry);

	if (at->mount->detached)
		return -EINVAL;
	if ((inode->flags & INODE_DEAD) ||
	    (dentry_is_unhashed(at->dentry) && at->dentry->parent != at->dentry))
		return -ENOENT;
	if (inode_is_dir(inode) != inode_is_dir(dentry_inode(mount->root)))
		return -ENOTDIR;
	if (at->mount->super == mount->super && at->dentry == at->mount->root &&
	    mount->root == at->mount->root)
		return -EBUSY;
	return 0;
}

/* Takes over the caller's reference of `mount` on success. */
static int attach_at(struct mount *mount, const struct path *target)
{
	struct path at = *target;
	int error;

	path_get(&at);
	rwsem_write_lock(&mount_lock);
	path_cross_mounts(&at);
	error = attach_check(mount, &at);
	if (!error)
		mount_attach(mount, &at);
	rwsem_write_unlock(&mount_lock);
	path_put(&at);
	return error;
}

static int new_mount(const char *source, const struct path *target, const char *name, u32 flags,
		     const char *options)
{
	const struct fs_type *type;
	struct mount *mount;
	int error;

	if (!name)
		return -EINVAL;
	type = fs_find(name);
	if (!type)
		return -ENODEV;
	mount = mount_new(type, source, flags, options ? options : "");
	if (IS_ERR(mount))
		return (int)PTR_ERR(mount);
	error = attach_at(mount, target);
	if (error)
		mount_put(mount);
	return error;
}

/* --- Bind ---------------------------------------------------------------------------------------------------------------- */

/* Takes away all of `top`'s subtree, `top` included, leaves first. What was detached is put without the lock. */
static void detach_tree(struct mount *top, struct list *gone)
{
	struct mount *mount;

	list_init(gone);
	do {
		struct path at;

		for (mount = top; !list_empty(&mount->children);)
			mount = list_first_entry(&mount->children, struct mount, sibling);
		if (mount->parent == mount) {
			list_add_tail(&mount->all_link, gone);
			break;
		}
		mount_detach(mount, &at);
		dentry_put(at.dentry);
		/* Its parent lives at least as long as this lock is held: the tree's reference, or the caller's. */
		mount_put(at.mount);
		list_add_tail(&mount->all_link, gone);
	} while (mount != top);
}

static void put_list(struct list *gone)
{
	while (!list_empty(gone)) {
		struct mount *mount = list_first_entry(gone, struct mount, all_link);

		list_del_init(&mount->all_link);
		mount_put(mount);
	}
}

static struct mount *copy_of(const struct mount *mount, struct dentry *root)
{
	return mount_make(mount->super, root, mount->source, mount->flags);
}

/* Copies the mounts of `from`'s subtree, `from` included, to the same places below `parent`. 0 or -ENOMEM. */
static int copy_subtree(struct mount *from, struct mount *parent)
{
	struct mount *at = from->parent, *at_copy = parent, *mount, *copy;

	for (mount = from; mount; mount = mount_next(mount, from)) {
		struct path place = { .dentry = mount->mountpoint };

		for (; mount->parent != at; at = at->parent)
			at_copy = at_copy->parent;
		copy = copy_of(mount, mount->root);
		if (!copy)
			return -ENOMEM;
		place.mount = at_copy;
		mount_attach(copy, &place);
		at = mount;
		at_copy = copy;
	}
	return 0;
}

/* Under RCU: a rename may take the dentry away from a parent that nobody else keeps. */
static bool is_mounted_below(const struct mount *child, const struct dentry *dentry)
{
	bool below;

	rcu_read_lock();
	below = dentry_is_ancestor(dentry, child->mountpoint);
	rcu_read_unlock();
	return below;
}

static int copy_children(struct mount *copy, const struct path *source)
{
	struct mount *child;
	int error = 0;

	list_for_each_entry (child, &source->mount->children, sibling) {
		if (!error && is_mounted_below(child, source->dentry))
			error = copy_subtree(child, copy);
	}
	return error;
}

static int bind_locked(const struct path *source, struct path *at, bool recursive, struct list *gone)
{
	struct mount *copy = copy_of(source->mount, source->dentry);
	int error = copy ? 0 : -ENOMEM;

	if (!error)
		error = attach_check(copy, at);
	if (!error && recursive)
		error = copy_children(copy, source);
	if (!error)
		mount_attach(copy, at);
	else if (copy)
		detach_tree(copy, gone);
	return error;
}

static int lookup_source(const char *source, struct path *path)
{
	return source && *source ? path_lookup(AT_FDCWD, source, LOOKUP_FOLLOW, path) : -EINVAL;
}

static int bind_mount(const char *source_text, const struct path *target, bool recursive)
{
	struct path source, at = *target;
	struct list gone = LIST_INIT(gone);
	int error = lookup_source(source_text, &source);

	if (error)
		return error;
	path_get(&at);
	rwsem_write_lock(&mount_lock);
	path_cross_mounts(&at);
	error = bind_locked(&source, &at, recursive, &gone);
	rwsem_write_unlock(&mount_lock);
	put_list(&gone);
	path_put(&at);
	path_put(&source);
	return error;
}

/* --- Move, remount --------------------------------------------------------------------------------------------------------- */

static int move_locked(const struct path *source, const struct path *at, struct path *old)
{
	int error;

	if (source->dentry != source->mount->root || source->mount->parent == source->mount ||
	    at->mount->detached)
		return -EINVAL;
	if (mount_is_below(at->mount, source->mount))
		return -ELOOP;
	error = attach_check(source->mount, at);
	if (error)
		return error;
	mount_detach(source->mount, old);
	mount_attach(source->mount, at);
	return 0;
}

static int move_mount(const char *source_text, const struct path *target)
{
	struct path source, at = *target, old = { 0 };
	int error = lookup_source(source_text, &source);

	if (error)
		return error;
	path_get(&at);
	rwsem_write_lock(&mount_lock);
	path_cross_mounts(&at);
	error = move_locked(&source, &at, &old);
	rwsem_write_unlock(&mount_lock);
	if (old.mount)
		path_put(&old);
	path_put(&at);
	path_put(&source);
	return error;
}

static int remount(const struct path *target, u32 flags, const char *options)
{
	struct super *super = target->mount->super;
	int error = 0;

	if (target->dentry != target->mount->root)
		return -EINVAL;
	rwsem_write_lock(&mount_lock);
	if (!(flags & MS_BIND)) {
		if (super->ops->remount)
			error = super->ops->remount(super, flags, options ? options : "");
		if (!error)
			super->flags = (super->flags & ~SUPER_READ_ONLY) | (flags & MS_RDONLY);
	}
	/* Without a word about access times the mount keeps what it had. */
	if (!(flags & (MS_NOATIME | MS_NODIRATIME | MS_RELATIME | MS_STRICTATIME)))
		flags |= target->mount->flags &
			 (MS_NOATIME | MS_NODIRATIME | MS_RELATIME | MS_STRICTATIME);
	if (!error)
		target->mount->flags = flags & MOUNT_FLAGS;
	mount_changes++;
	rwsem_write_unlock(&mount_lock);
	return error;
}

int vfs_mount(const char *source, const struct path *target, const char *type, u32 flags,
	      const char *options)
{
	const u32 propagation = MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE;

	if ((flags & MS_MGC_MSK) == MS_MGC_VAL)
		flags &= ~(u32)MS_MGC_MSK;
	if ((flags & (MS_REMOUNT | MS_BIND)) == 0 && (flags & propagation))
		/* With one mount namespace there is nobody to propagate to. */
		return target->dentry == target->mount->root ? 0 : -EINVAL;
	if (!(flags & (MS_NOATIME | MS_STRICTATIME)) && !(flags & MS_REMOUNT))
		flags |= MS_RELATIME;
	if (flags & MS_REMOUNT)
		return remount(target, flags, options);
	if (flags & MS_BIND)
		return bind_mount(source, target, flags & MS_REC);
	if (flags & MS_MOVE)
		return move_mount(source, target);
	return new_mount(source, target, type, flags, options);
}

/* --- umount2 ------------------------------------------------------------------------------------------------------------------ */

/* References that the tree and the caller's path account for. */
#define REFERENCES_UNUSED 2

static int umount_locked(struct mount *mount, u32 flags, struct list *gone)
{
	if (mount->detached)
		return -EINVAL;
	if (mount->parent == mount) {
		/* As everywhere the root cannot go; asking for it makes it read-only. */
		mount->super->flags |= SUPER_READ_ONLY;
		return 0;
	}
	if (!(flags & MNT_DETACH)) {
		if (!list_empty(&mount->children) || ref_read(&mount->ref) > REFERENCES_UNUSED)
			return -EBUSY;
	}
	detach_tree(mount, gone);
	return 0;
}

int vfs_umount(const struct path *target, u32 flags)
{
	struct list gone = LIST_INIT(gone);
	int error;

	if (target->dentry != target->mount->root)
		return -EINVAL;
	if (!(flags & MNT_DETACH)) {
		error = super_sync(target->mount->super);
		if (error)
			return error;
	}
	rwsem_write_lock(&mount_lock);
	error = umount_locked(target->mount, flags, &gone);
	rwsem_write_unlock(&mount_lock);
	put_list(&gone);
	return error;
}

/* --- pivot_root -------------------------------------------------------------------------------------------------------------- */

static bool path_equal(const struct path *a, const struct path *b)
{
	return a->mount == b->mount && a->dentry == b->dentry;
}

static void replace_in_context(struct fs_context *fs, const struct path *from, const struct path *to)
{
	bool root, cwd;

	spin_lock(&fs->lock);
	root = path_equal(&fs->root, from);
	cwd = path_equal(&fs->cwd, from);
	spin_unlock(&fs->lock);
	if (root)
		fs_set_root(fs, to);
	if (cwd)
		fs_set_cwd(fs, to);
}

static void replace_in_task(struct task *task, const struct path *from, const struct path *to)
{
	struct fs_context *fs;

	spin_lock(&task->lock);
	fs = task->fs;
	if (fs)
		ref_get(&fs->ref);
	spin_unlock(&task->lock);
	if (!fs)
		return;
	replace_in_context(fs, from, to);
	fs_context_put(fs);
}

/* Every task that has the old root as root or working directory gets the new one. */
static void replace_everywhere(const struct path *from, const struct path *to)
{
	struct pid *pid;
	s32 number = 1;

	for (; (pid = pid_next_get(number)); number++) {
		struct task *task = task_find_get(pid_number(pid));

		number = pid_number(pid);
		pid_put(pid);
		if (task) {
			replace_in_task(task, from, to);
			task_put(task);
		}
	}
}

static int pivot_locked(const struct path *root, const struct path *new_root,
			const struct path *put_old, struct path *old_places)
{
	if (root->dentry != root->mount->root || new_root->dentry != new_root->mount->root)
		return -EINVAL;
	if (root->mount->parent == root->mount || new_root->mount->parent == new_root->mount)
		return -EINVAL;
	if (new_root->mount == root->mount || put_old->mount == root->mount)
		return -EBUSY;
	if (!mount_is_below(put_old->mount, new_root->mount) ||
	    !mount_is_below(new_root->mount, root->mount))
		return -EINVAL;
	mount_detach(new_root->mount, &old_places[0]);
	mount_detach(root->mount, &old_places[1]);
	mount_attach(root->mount, put_old);
	mount_attach(new_root->mount, &old_places[1]);
	return 0;
}

int vfs_pivot_root(const struct path *new_root, const struct path *put_old)
{
	struct path old_places[2], root;
	int error;

	spin_lock(&current->fs->lock);
	root = current->fs->root;
	path_get(&root);
	spin_unlock(&current->fs->lock);
	rwsem_write_lock(&mount_lock);
	error = pivot_locked(&root, new_root, put_old, old_places);
	rwsem_write_unlock(&mount_lock);
	if (!error) {
		path_put(&old_places[0]);
		path_put(&old_places[1]);
		replace_everywhere(&root, new_root);
	}
	path_put(&root);
	return error;
}
