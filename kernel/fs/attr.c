/* Changing attributes: chmod, chown, utimensat and truncate below the system calls. */
#include "internal.h"

#include <abi/capability.h>
#include <abi/errno.h>
#include <abi/resource.h>
#include <kernel/signal.h>

static bool may_give_group(const struct inode *inode, u32 gid)
{
	if (current->cred->fsuid == inode->uid && (gid == inode->gid || in_group(gid)))
		return true;
	return capable(CAP_CHOWN);
}

static bool may_give_owner(const struct inode *inode, u32 uid)
{
	return (current->cred->fsuid == inode->uid && uid == inode->uid) || capable(CAP_CHOWN);
}

/* utimes with NULL: who may write may also say "now". */
static int check_times(struct inode *inode, u32 valid)
{
	const u32 both_now = CHANGE_ATIME_NOW | CHANGE_MTIME_NOW;

	if (!(valid & (CHANGE_ATIME | CHANGE_MTIME | both_now)) || inode_is_owner_or_capable(inode))
		return 0;
	if ((valid & both_now) == both_now && !(valid & (CHANGE_ATIME | CHANGE_MTIME)))
		return inode_permission(inode, MAY_WRITE);
	return -EPERM;
}

int inode_change_check(struct inode *inode, struct inode_change *change)
{
	u32 valid = change->valid, gid;

	if ((valid & CHANGE_UID) && !may_give_owner(inode, change->uid))
		return -EPERM;
	if ((valid & CHANGE_GID) && !may_give_group(inode, change->gid))
		return -EPERM;
	if (valid & CHANGE_MODE) {
		if (!inode_is_owner_or_capable(inode))
			return -EPERM;
		gid = valid & CHANGE_GID ? change->gid : inode->gid;
		if (!in_group(gid) && !capable(CAP_FSETID))
			change->mode &= ~(u32)S_ISGID;
	}
	return check_times(inode, valid);
}

static void kill_suid_now(struct inode *inode)
{
	u32 kill = S_ISUID | (inode->mode & S_IXGRP ? S_ISGID : 0);

	if (!inode_is_dir(inode))
		inode->mode &= ~kill;
}

static void apply_times(struct inode *inode, const struct inode_change *change, s64 now)
{
	if (change->valid & CHANGE_ATIME)
		inode->atime_ns = change->atime_ns;
	if (change->valid & CHANGE_MTIME)
		inode->mtime_ns = change->mtime_ns;
	if (change->valid & CHANGE_ATIME_NOW)
		inode->atime_ns = now;
	if (change->valid & CHANGE_MTIME_NOW)
		inode->mtime_ns = now;
}

void inode_change_apply(struct inode *inode, const struct inode_change *change)
{
	s64 now = inode_now();

	if (change->valid & CHANGE_UID)
		inode->uid = change->uid;
	if (change->valid & CHANGE_GID)
		inode->gid = change->gid;
	if (change->valid & CHANGE_KILL_SUID)
		kill_suid_now(inode);
	if (change->valid & CHANGE_MODE)
		inode->mode = (inode->mode & S_IFMT) | (change->mode & 07777);
	apply_times(inode, change, now);
	inode->ctime_ns = now;
}

int inode_change(struct mount *mount, struct inode *inode, struct inode_change *change)
{
	int error = mount ? mount_want_write(mount) : 0;

	if (error)
		return error;
	rwsem_write_lock(&inode->lock);
	error = inode_change_check(inode, change);
	if (!error && inode->ops->setattr)
		error = inode->ops->setattr(inode, change);
	else if (!error)
		inode_change_apply(inode, change);
	rwsem_write_unlock(&inode->lock);
	return error;
}

int vfs_change(const struct path *path, struct inode_change *change)
{
	return inode_change(path->mount, dentry_inode(path->dentry), change);
}

/* Only growth is limited. */
static int check_size(const struct inode *inode, u64 size)
{
	if (size <= inode->size)
		return 0;
	if (size > task_limit(current, RLIMIT_FSIZE)) {
		signal_kernel(current, SIGXFSZ, false);
		return -EFBIG;
	}
	return size > inode->super->max_size ? -EFBIG : 0;
}

int vfs_truncate(struct inode *inode, u64 size)
{
	int error;

	rwsem_write_lock(&inode->lock);
	error = check_size(inode, size);
	if (!error)
		error = inode->ops->truncate ? inode->ops->truncate(inode, size) : -EINVAL;
	if (!error) {
		inode_kill_suid(inode);
		inode_modified(inode);
	}
	rwsem_write_unlock(&inode->lock);
	return error;
}
