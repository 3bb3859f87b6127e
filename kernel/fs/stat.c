/* What stat, statx, statfs and readlink tell. */
#include "internal.h"

#include <abi/errno.h>
#include <abi/mount.h>
#include <kernel/dev.h>
#include <kernel/time.h>
#include <lib/err.h>
#include <lib/string.h>

/* Pages of files that live in memory are their blocks; others count in inode->blocks. */
static u64 block_count(const struct inode *inode)
{
	u64 pages = inode->cache.ops->write_page ? 0 : READ_ONCE(inode->cache.page_count);

	return READ_ONCE(inode->blocks) + pages * (PAGE_SIZE / 512);
}

static inline struct abi_timespec timespec_of(s64 ns)
{
	u64 before, seconds;

	if (likely(ns >= 0))
		return timespec_of_ns((u64)ns);
	/* Without a sign: the earliest time has no positive counterpart. */
	before = -(u64)ns;
	seconds = (before + NSEC_PER_SEC - 1) / NSEC_PER_SEC;
	return (struct abi_timespec){ .tv_sec = -(s64)seconds,
				      .tv_nsec = (s64)(seconds * NSEC_PER_SEC - before) };
}

static struct abi_statx_timestamp statx_time_of(s64 ns)
{
	struct abi_timespec time = timespec_of(ns);

	return (struct abi_statx_timestamp){ .tv_sec = time.tv_sec,
					     .tv_nsec = (unsigned int)time.tv_nsec };
}

/* Word by word: clearing all of it first would cost more than filling it. */
static void statx_fill(const struct inode *inode, struct abi_statx *statx)
{
	statx->stx_mask = STATX_BASIC_STATS | STATX_BTIME;
	statx->stx_blksize = inode->super->block_size;
	statx->stx_attributes = statx->stx_attributes_mask = 0;
	statx->stx_nlink = inode->link_count;
	statx->stx_uid = inode->uid;
	statx->stx_gid = inode->gid;
	statx->stx_mode = (unsigned short)inode->mode;
	statx->pad0 = 0;
	statx->stx_ino = inode->number;
	statx->stx_size = READ_ONCE(inode->size);
	statx->stx_blocks = block_count(inode);
	statx->stx_atime = statx_time_of(inode->atime_ns);
	statx->stx_btime = statx_time_of(inode->btime_ns);
	statx->stx_ctime = statx_time_of(inode->ctime_ns);
	statx->stx_mtime = statx_time_of(inode->mtime_ns);
	statx->stx_rdev_major = DEV_MAJOR(inode->device);
	statx->stx_rdev_minor = DEV_MINOR(inode->device);
	statx->stx_dev_major = DEV_MAJOR(inode->super->device);
	statx->stx_dev_minor = DEV_MINOR(inode->super->device);
	statx->stx_mnt_id = 0;
	statx->stx_dio_mem_align = statx->stx_dio_offset_align = 0;
	for (size_t i = 0; i < ARRAY_LEN(statx->spare); i++)
		statx->spare[i] = 0;
}

int inode_statx(struct inode *inode, u32 mask, struct abi_statx *statx)
{
	statx_fill(inode, statx);
	return inode->ops->getattr ? inode->ops->getattr(inode, statx, mask) : 0;
}

/* What the mount knows. */
void statx_add_mount(const struct path *path, struct abi_statx *result)
{
	result->stx_mask |= STATX_MNT_ID;
	result->stx_mnt_id = path->mount->id;
	result->stx_attributes_mask |= STATX_ATTR_MOUNT_ROOT;
	if (path->dentry == path->mount->root)
		result->stx_attributes |= STATX_ATTR_MOUNT_ROOT;
}

int vfs_statx(const struct path *path, u32 mask, struct abi_statx *result)
{
	int error = inode_statx(dentry_inode(path->dentry), mask, result);

	if (!error)
		statx_add_mount(path, result);
	return error;
}

static struct abi_timespec timespec_of_statx(const struct abi_statx_timestamp *time)
{
	return (struct abi_timespec){ .tv_sec = time->tv_sec, .tv_nsec = time->tv_nsec };
}

void stat_from_statx(struct abi_stat *stat, const struct abi_statx *statx)
{
	*stat = (struct abi_stat){
		.st_dev = DEV_MAKE((u64)statx->stx_dev_major, statx->stx_dev_minor),
		.st_ino = statx->stx_ino,
		.st_nlink = statx->stx_nlink,
		.st_mode = statx->stx_mode,
		.st_uid = statx->stx_uid,
		.st_gid = statx->stx_gid,
		.st_rdev = DEV_MAKE((u64)statx->stx_rdev_major, statx->stx_rdev_minor),
		.st_size = (long)statx->stx_size,
		.st_blksize = statx->stx_blksize,
		.st_blocks = (long)statx->stx_blocks,
		.st_atim = timespec_of_statx(&statx->stx_atime),
		.st_mtim = timespec_of_statx(&statx->stx_mtime),
		.st_ctim = timespec_of_statx(&statx->stx_ctime),
	};
}

int inode_stat(struct inode *inode, struct abi_stat *stat)
{
	struct abi_statx statx;
	int error;

	if (inode->ops->getattr) {
		error = inode_statx(inode, STATX_BASIC_STATS, &statx);
		if (!error)
			stat_from_statx(stat, &statx);
		return error;
	}
	*stat = (struct abi_stat){
		.st_dev = inode->super->device,
		.st_ino = inode->number,
		.st_nlink = inode->link_count,
		.st_mode = inode->mode,
		.st_uid = inode->uid,
		.st_gid = inode->gid,
		.st_rdev = inode->device,
		.st_size = (long)READ_ONCE(inode->size),
		.st_blksize = inode->super->block_size,
		.st_blocks = (long)block_count(inode),
		.st_atim = timespec_of(inode->atime_ns),
		.st_mtim = timespec_of(inode->mtime_ns),
		.st_ctim = timespec_of(inode->ctime_ns),
	};
	return 0;
}

int super_statfs(struct super *super, u32 mount_flags, struct abi_statfs *statfs)
{
	const u32 same = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME;

	*statfs = (struct abi_statfs){
		.f_type = (long)super->magic,
		.f_bsize = super->block_size,
		.f_frsize = super->block_size,
		.f_namelen = NAME_MAX,
		.f_fsid = { (int)super->device, (int)(super->device >> 32) },
		.f_flags = ST_VALID | (mount_flags & same) | (super->flags & SUPER_READ_ONLY),
	};
	if (mount_flags & MS_RELATIME)
		statfs->f_flags |= ST_RELATIME;
	return super->ops->statfs ? super->ops->statfs(super, statfs) : 0;
}

int vfs_statfs(const struct path *path, struct abi_statfs *statfs)
{
	return super_statfs(path->mount->super, path->mount->flags, statfs);
}

ssize_t link_read(struct dentry *dentry, char *buffer, size_t size)
{
	struct inode *inode = dentry_inode(dentry);
	const char *text;
	size_t length;

	if (!inode_is_link(inode))
		return -EINVAL;
	if (inode->ops->readlink)
		return inode->ops->readlink(inode, buffer, size);
	if (!inode->ops->get_link)
		return -EINVAL;
	text = inode->ops->get_link(inode);
	if (IS_ERR(text))
		return PTR_ERR(text);
	length = MIN(strlen(text), size);
	memcpy(buffer, text, length);
	return (ssize_t)length;
}
