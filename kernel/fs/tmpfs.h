/* tmpfs's own: shared by tmpfs.c, tmpfs_huge.c and tmpfs_super.c. */
#pragma once

#include "internal.h"

#define TMPFS_UNLIMITED (~0UL)

struct tmpfs {
	u64 max_pages, max_inodes; /* [A]; changed by remount */
	atomic_long_t pages, inodes;
	u32 mode, uid, gid; /* of the root */
	int huge; /* [A] one of the first four of enum shmem_huge; changed by remount */
	bool show_limits; /* in /proc/mounts even where they are the usual ones: the root file system */
};

static inline struct tmpfs *tmpfs_of(const struct inode *inode)
{
	return inode->super->private_data;
}

extern const struct page_cache_ops tmpfs_cache_ops;
extern struct mount *shmem_mount; /* [I] of the files without a name */

/* page_cache_ops.huge */
bool tmpfs_is_huge(struct inode *inode, const struct vma *vma, u64 index);
/* The option huge=. 0 or -EINVAL. */
int tmpfs_parse_huge(const char *value, int *huge);

/* `dir` NULL: a root, or a file without a directory. ERR_PTR. */
struct inode *tmpfs_inode_new(struct super *super, const struct inode *dir, u32 mode);
void tmpfs_inode_destroy(struct inode *inode);
