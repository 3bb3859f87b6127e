/* tmpfs's own: shared by tmpfs.c and tmpfs_super.c. */
#pragma once

#include "internal.h"

#define TMPFS_UNLIMITED (~0UL)

struct tmpfs {
	u64 max_pages, max_inodes; /* [A]; changed by remount */
	atomic_long_t pages, inodes;
	u32 mode, uid, gid; /* of the root */
	bool show_limits; /* in /proc/mounts even where they are the usual ones: the root file system */
};

static inline struct tmpfs *tmpfs_of(const struct inode *inode)
{
	return inode->super->private_data;
}

/* `dir` NULL: a root, or a file without a directory. ERR_PTR. */
struct inode *tmpfs_inode_new(struct super *super, const struct inode *dir, u32 mode);
void tmpfs_inode_destroy(struct inode *inode);
