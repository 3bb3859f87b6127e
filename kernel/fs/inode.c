/* Inodes and superblocks: life, ownership, time stamps, and the exclusion of writing and executing. */
#include "internal.h"

#include <abi/capability.h>
#include <abi/errno.h>
#include <abi/mount.h>
#include <kernel/inotify.h>
#include <kernel/time.h>
#include <lib/err.h>
#include <profile/check.h>

static struct slab_cache *inode_cache __ro_after_init;
static struct slab_cache *super_cache __ro_after_init;
static atomic_long_t next_device = ATOMIC_INIT(0);
static atomic_long_t inodes_alive = ATOMIC_INIT(0);

/* Pages start as zeros and live in memory only; a file system with a store sets its own. */
static const struct page_cache_ops memory_cache_ops;

s64 realtime_now_ns(void)
{
	return (s64)realtime_ns();
}

struct super *super_alloc(const struct fs_type *type, const struct super_ops *ops, u64 magic)
{
	struct super *super = slab_alloc(super_cache, SLAB_ZERO);

	if (!super)
		return NULL;
	ref_init(&super->ref, 1);
	super->type = type;
	super->ops = ops;
	super->magic = magic;
	super->block_size = PAGE_SIZE;
	super->max_size = FILE_SIZE_MAX;
	/* Major 0: anonymous. 20 bits of minor number in the two places that the ABI keeps them. */
	super->device = (u64)atomic_add_return(&next_device, 1);
	super->device = (super->device & 0xff) | (super->device & 0xfff00) << 12;
	mutex_init(&super->rename_lock, RANK_RENAME);
	spin_init(&super->watch_lock, RANK_INOTIFY);
	list_init(&super->watched);
	return super;
}

const struct inode_ops internal_inode_ops;

struct super *super_alloc_internal(const struct fs_type *type, u64 magic, u32 mode)
{
	static const struct super_ops ops;
	struct super *super = super_alloc(type, &ops, magic);
	struct inode *root;

	if (!super)
		return ERR_PTR(-ENOMEM);
	root = inode_alloc_internal(super, mode);
	if (root)
		super->root = dentry_alloc_root(root);
	if (!super->root) {
		super_put(super);
		return ERR_PTR(-ENOMEM);
	}
	return super;
}

static void super_free(struct rcu_head *head)
{
	slab_free(super_cache, container_of(head, struct super, rcu));
}

void super_put(struct super *super)
{
	if (!ref_put(&super->ref))
		return;
	inotify_super_gone(super);
	if (super->root) {
		dentry_kill_tree(super->root);
		dentry_put(super->root);
	}
	if (super->ops->release)
		super->ops->release(super);
	rcu_call(&super->rcu, super_free);
}

int super_sync(struct super *super)
{
	return super->ops->sync ? super->ops->sync(super) : 0;
}

struct inode *inode_alloc(struct super *super, u32 mode)
{
	struct inode *inode = slab_alloc(inode_cache, SLAB_ZERO);
	const struct cred *cred = current->cred;

	if (!inode)
		return NULL;
	ref_init(&inode->ref, 1);
	inode->mode = mode;
	inode->uid = cred->fsuid;
	inode->gid = cred->fsgid;
	inode->link_count = 1;
	inode->number = (u64)atomic_add_return(&super->next_inode, 1);
	inode->super = super;
	inode->atime_ns = inode->mtime_ns = inode->ctime_ns = inode->btime_ns = inode_now();
	rwsem_init(&inode->lock, RANK_INODE);
	spin_init(&inode->state_lock, RANK_INODE_STATE);
	page_cache_init(&inode->cache, inode, &memory_cache_ops);
	atomic_inc(&inodes_alive);
	return inode;
}

static void inode_free(struct rcu_head *head)
{
	slab_free(inode_cache, container_of(head, struct inode, rcu));
}

void inode_put(struct inode *inode)
{
	if (likely(!ref_put(&inode->ref)))
		return;
	locks_free(inode);
	page_cache_destroy(&inode->cache);
	if (inode->super->ops->destroy_inode)
		inode->super->ops->destroy_inode(inode);
	atomic_dec(&inodes_alive);
	rcu_call(&inode->rcu, inode_free);
}

void inode_init_owner(struct inode *inode, const struct inode *dir)
{
	if (!(dir->mode & S_ISGID))
		return;
	inode->gid = dir->gid;
	if (inode_is_dir(inode))
		inode->mode |= S_ISGID;
	else if ((inode->mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) &&
		 !in_group(dir->gid) && !capable(CAP_FSETID))
		inode->mode &= ~(u32)S_ISGID;
}

bool inode_is_owner_or_capable(const struct inode *inode)
{
	return current->cred->fsuid == inode->uid || capable(CAP_FOWNER);
}

/* relatime: only if it would tell something new, or is a day old. */
static bool atime_is_due(const struct mount *mount, const struct inode *inode, s64 now)
{
	if (!(mount->flags & MS_RELATIME))
		return true;
	return inode->atime_ns <= inode->mtime_ns || inode->atime_ns <= inode->ctime_ns ||
	       now - inode->atime_ns >= 24 * 3600 * (s64)NSEC_PER_SEC;
}

void inode_touch(struct mount *mount, struct inode *inode)
{
	u32 no = MS_RDONLY | MS_NOATIME | (inode_is_dir(inode) ? MS_NODIRATIME : 0);
	s64 now;

	if (!mount || ((mount->flags | inode->super->flags) & no) || (inode->flags & INODE_PRIVATE))
		return;
	now = inode_now();
	if (atime_is_due(mount, inode, now))
		WRITE_ONCE(inode->atime_ns, now);
}

void inode_modified(struct inode *inode)
{
	s64 now = inode_now();

	WRITE_ONCE(inode->mtime_ns, now);
	WRITE_ONCE(inode->ctime_ns, now);
}

void inode_kill_suid(struct inode *inode)
{
	u32 kill = inode->mode & S_ISUID;

	if (inode->mode & S_IXGRP)
		kill |= inode->mode & S_ISGID;
	if (likely(!kill) || !inode_is_regular(inode) || capable(CAP_FSETID))
		return;
	WRITE_ONCE(inode->mode, inode->mode & ~kill);
}

/* write_count: n > 0 files open for writing, n < 0 running programs. */
static int count_towards(struct inode *inode, s32 step)
{
	s32 old = READ_ONCE(inode->write_count);

	do {
		if (step > 0 ? old < 0 : old > 0)
			return -ETXTBSY;
	} while (!try_cmpxchg(&inode->write_count, &old, old + step));
	return 0;
}

int inode_deny_write(struct inode *inode)
{
	return count_towards(inode, -1);
}

void inode_allow_write(struct inode *inode)
{
	__atomic_fetch_add(&inode->write_count, 1, __ATOMIC_SEQ_CST);
}

int inode_get_write(struct inode *inode)
{
	return count_towards(inode, 1);
}

void inode_put_write(struct inode *inode)
{
	__atomic_fetch_sub(&inode->write_count, 1, __ATOMIC_SEQ_CST);
}

u64 inode_count(void)
{
	return (u64)atomic_read(&inodes_alive);
}

void inode_init(void)
{
	inode_cache = slab_cache_create("inode", sizeof(struct inode), CACHE_LINE);
	super_cache = slab_cache_create("super", sizeof(struct super), CACHE_LINE);
}
