/* Who may do what: permission bits, ownership, capabilities, read-only file systems and mounts. */
#include "internal.h"

#include <abi/capability.h>
#include <abi/errno.h>
#include <abi/mount.h>
#include <lib/err.h>

static bool cred_capable(const struct cred *cred, int capability)
{
	return cred->cap_effective & (1ULL << capability);
}

static bool capable_despite_mode(const struct inode *inode, u32 mask, const struct cred *cred)
{
	bool read_only_search = !(mask & MAY_WRITE);

	if (inode_is_dir(inode)) {
		if (read_only_search && cred_capable(cred, CAP_DAC_READ_SEARCH))
			return true;
		return cred_capable(cred, CAP_DAC_OVERRIDE);
	}
	if (mask == MAY_READ && cred_capable(cred, CAP_DAC_READ_SEARCH))
		return true;
	/* Nobody may execute what has no execute bit at all. */
	if ((mask & MAY_EXEC) && !(inode->mode & 0111))
		return false;
	return cred_capable(cred, CAP_DAC_OVERRIDE);
}

int inode_generic_permission(const struct inode *inode, u32 mask, const struct cred *cred)
{
	u32 mode = READ_ONCE(inode->mode), granted;

	/* All three classes agree: no need to know which one it is. */
	granted = mode & mode >> 3 & mode >> 6 & 7;
	if (likely((mask & ~granted) == 0))
		return 0;
	if (cred->fsuid == inode->uid)
		granted = mode >> 6 & 7;
	else if (cred_in_group(cred, inode->gid))
		granted = mode >> 3 & 7;
	else
		granted = mode & 7;
	if ((mask & ~granted) == 0)
		return 0;
	return capable_despite_mode(inode, mask, cred) ? 0 : -EACCES;
}

int inode_permission(struct inode *inode, u32 mask)
{
	if ((mask & MAY_WRITE) && (inode->super->flags & SUPER_READ_ONLY) &&
	    (inode_is_regular(inode) || inode_is_dir(inode) || inode_is_link(inode)))
		return -EROFS;
	if (inode->ops->permission)
		return inode->ops->permission(inode, mask);
	return inode_generic_permission(inode, mask, current->cred);
}

int mount_want_write(const struct mount *mount)
{
	return (mount->flags | mount->super->flags) & MS_RDONLY ? -EROFS : 0;
}

int dir_may_create(const struct path *parent)
{
	struct inode *dir = dentry_inode(parent->dentry);

	if (dir->flags & INODE_DEAD)
		return -ENOENT;
	return inode_permission(dir, MAY_WRITE | MAY_EXEC);
}

/* The sticky bit: only the owner of the file or the directory removes or renames. */
static bool sticky_forbids(const struct inode *dir, const struct inode *inode)
{
	u32 fsuid = current->cred->fsuid;

	if (!(dir->mode & S_ISVTX) || inode->uid == fsuid || dir->uid == fsuid)
		return false;
	return !capable(CAP_FOWNER);
}

int inode_may_delete(const struct path *parent, struct dentry *victim, bool is_dir)
{
	struct inode *dir = dentry_inode(parent->dentry), *inode = dentry_inode(victim);
	int error = inode_permission(dir, MAY_WRITE | MAY_EXEC);

	if (error)
		return error;
	if (sticky_forbids(dir, inode))
		return -EPERM;
	if (is_dir && !inode_is_dir(inode))
		return -ENOTDIR;
	if (!is_dir && inode_is_dir(inode))
		return -EISDIR;
	if (is_dir && victim->parent == victim)
		return -EBUSY;
	if (dir->flags & INODE_DEAD)
		return -ENOENT;
	return 0;
}

u32 mode_apply_umask(u32 mode)
{
	return mode & ~(READ_ONCE(current->fs->umask) & 0777);
}

u32 open_access(u32 flags)
{
	static const u8 access[4] = { MAY_READ, MAY_WRITE, MAY_READ | MAY_WRITE,
				      MAY_READ | MAY_WRITE };

	return access[flags & O_ACCMODE] | (flags & O_TRUNC ? MAY_WRITE : 0);
}

static int check_kind(const struct path *path, const struct inode *inode, u32 *flags, u32 access)
{
	switch (inode->mode & S_IFMT) {
	case S_IFLNK:
		return -ELOOP;
	case S_IFDIR:
		return access & MAY_WRITE ? -EISDIR : 0;
	case S_IFBLK:
	case S_IFCHR:
		if (path->mount->flags & MS_NODEV)
			return -EACCES;
		*flags &= ~(u32)O_TRUNC;
		return 0;
	case S_IFIFO:
	case S_IFSOCK:
		*flags &= ~(u32)O_TRUNC;
	}
	return 0;
}

int open_check(const struct path *path, u32 *flags, u32 access)
{
	struct inode *inode = dentry_inode(path->dentry);
	int error = check_kind(path, inode, flags, access);

	if (error)
		return error;
	/* Devices and pipes may be written on a read-only file system: it is not the one that changes. */
	if ((access & MAY_WRITE) && inode_is_regular(inode) && mount_want_write(path->mount))
		error = -EROFS;
	if (!error && access)
		error = inode_permission_quick(inode, access);
	if (error)
		return error;
	if ((*flags & O_NOATIME) && !inode_is_owner_or_capable(inode))
		return -EPERM;
	return 0;
}
