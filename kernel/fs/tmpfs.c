/*
 * tmpfs: files that live in memory. Directories are nothing but their dentries, which stay in the cache (DENTRY_KEEP);
 * regular files are their page cache; the page cache tells us of every page that comes and goes, which is how size= is
 * enforced. Also the root file system, and the home of shared anonymous memory.
 */
#include "tmpfs.h"

#include <abi/errno.h>
#include <kernel/vm.h>
#include <kernel/xattr.h>
#include <lib/err.h>
#include <lib/string.h>

#define ENTRY_SIZE 20 /* what an entry adds to its directory's size: as Linux's tmpfs */

static const struct inode_ops dir_ops, file_inode_ops, link_ops, special_ops;

/* --- Accounting ---------------------------------------------------------------------------------------------------------- */

static int counter_add(atomic_long_t *counter, u64 count, u64 limit)
{
	if ((u64)atomic_add_return(counter, (long)count) <= limit)
		return 0;
	atomic_sub(counter, (long)count);
	return -ENOSPC;
}

static int page_charge(struct inode *inode, u64 count)
{
	struct tmpfs *tmpfs = tmpfs_of(inode);

	return counter_add(&tmpfs->pages, count, READ_ONCE(tmpfs->max_pages));
}

static void page_uncharge(struct inode *inode, u64 count)
{
	atomic_sub(&tmpfs_of(inode)->pages, (long)count);
}

const struct page_cache_ops tmpfs_cache_ops = {
	.charge = page_charge,
	.uncharge = page_uncharge,
	.huge = tmpfs_is_huge,
};

/* --- Inodes ---------------------------------------------------------------------------------------------------------------- */

static void set_ops(struct inode *inode)
{
	switch (inode->mode & S_IFMT) {
	case S_IFREG:
		inode->ops = &file_inode_ops;
		inode->file_ops = &page_cache_file_ops;
		inode->seals = F_SEAL_SEAL; /* only memfd_create makes files that take seals */
		break;
	case S_IFDIR:
		inode->ops = &dir_ops;
		inode->file_ops = &directory_file_ops_tmpfs;
		inode->link_count = 2;
		inode->size = 2 * ENTRY_SIZE;
		break;
	case S_IFLNK:
		inode->ops = &link_ops;
		break;
	default:
		inode->ops = &special_ops;
	}
}

struct inode *tmpfs_inode_new(struct super *super, const struct inode *dir, u32 mode)
{
	struct tmpfs *tmpfs = super->private_data;
	struct inode *inode;

	if (counter_add(&tmpfs->inodes, 1, READ_ONCE(tmpfs->max_inodes)))
		return ERR_PTR(-ENOSPC);
	inode = inode_alloc(super, mode);
	if (!inode) {
		atomic_dec(&tmpfs->inodes);
		return ERR_PTR(-ENOMEM);
	}
	inode->cache.ops = &tmpfs_cache_ops;
	if (dir)
		inode_init_owner(inode, dir);
	set_ops(inode);
	return inode;
}

void tmpfs_inode_destroy(struct inode *inode)
{
	if (inode_is_link(inode))
		kfree(inode->private_data);
	else if (inode->flags & INODE_PRIVATE)
		vm_uncommit((u64)inode->private_data); /* shmem_file_create */
	xattrs_free(inode);
	atomic_dec(&tmpfs_of(inode)->inodes);
}

/* --- Directories ------------------------------------------------------------------------------------------------------------ */

static void entries_changed(struct inode *dir, s64 size)
{
	dir->size = (u64)((s64)dir->size + size);
	inode_modified(dir);
}

static void add_entry(struct inode *dir, struct dentry *dentry, struct inode *inode)
{
	dentry_keep(dentry);
	dentry_add(dentry, inode);
	entries_changed(dir, ENTRY_SIZE);
}

/* What is not in the cache does not exist. */
static int tmpfs_lookup(struct inode *dir, struct dentry *dentry)
{
	(void)dir, (void)dentry;
	return 0;
}

static int tmpfs_mknod(struct inode *dir, struct dentry *dentry, u32 mode, u64 device)
{
	struct inode *inode = tmpfs_inode_new(dir->super, dir, mode);

	if (IS_ERR(inode))
		return (int)PTR_ERR(inode);
	inode->device = device;
	add_entry(dir, dentry, inode);
	return 0;
}

static int tmpfs_create(struct inode *dir, struct dentry *dentry, u32 mode)
{
	return tmpfs_mknod(dir, dentry, mode, 0);
}

static int tmpfs_mkdir(struct inode *dir, struct dentry *dentry, u32 mode)
{
	int error = tmpfs_mknod(dir, dentry, mode, 0);

	if (!error)
		dir->link_count++;
	return error;
}

static int tmpfs_symlink(struct inode *dir, struct dentry *dentry, const char *target)
{
	struct inode *inode = tmpfs_inode_new(dir->super, dir, S_IFLNK | 0777);

	if (IS_ERR(inode))
		return (int)PTR_ERR(inode);
	inode->private_data = kstrdup(target);
	if (!inode->private_data) {
		inode_put(inode);
		return -ENOMEM;
	}
	inode->size = strlen(target);
	add_entry(dir, dentry, inode);
	return 0;
}

static int tmpfs_tmpfile(struct inode *dir, struct inode **made, u32 mode)
{
	struct inode *inode = tmpfs_inode_new(dir->super, dir, mode);

	if (IS_ERR(inode))
		return (int)PTR_ERR(inode);
	inode->link_count = 0;
	*made = inode;
	return 0;
}

static int tmpfs_link(struct inode *inode, struct inode *dir, struct dentry *dentry)
{
	inode->link_count++;
	inode->ctime_ns = inode_now();
	add_entry(dir, dentry, inode_get(inode));
	return 0;
}

static int tmpfs_unlink(struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = dentry->inode;

	inode->link_count--;
	inode->ctime_ns = inode_now();
	entries_changed(dir, -ENTRY_SIZE);
	return 0;
}

static bool has_entries(struct dentry *dentry)
{
	struct dentry *child;
	bool found = false;

	spin_lock(&dentry->lock);
	list_for_each_entry (child, &dentry->children, sibling) {
		if (child->inode) {
			found = true;
			break;
		}
	}
	spin_unlock(&dentry->lock);
	return found;
}

static int tmpfs_rmdir(struct inode *dir, struct dentry *dentry)
{
	if (has_entries(dentry))
		return -ENOTEMPTY;
	dentry->inode->link_count = 0;
	dir->link_count--;
	entries_changed(dir, -ENTRY_SIZE);
	return 0;
}

static void exchange_links(struct inode *old_dir, const struct inode *old, struct inode *new_dir,
			   const struct inode *new)
{
	int moved = inode_is_dir(old) - inode_is_dir(new);

	new_dir->link_count += (u32)moved;
	old_dir->link_count -= (u32)moved;
}

static int tmpfs_rename(struct inode *old_dir, struct dentry *old, struct inode *new_dir,
			struct dentry *new, u32 flags)
{
	bool is_dir = inode_is_dir(old->inode), exchange = flags & RENAME_EXCHANGE;
	int error = 0;

	if (exchange) {
		exchange_links(old_dir, old->inode, new_dir, new->inode);
		new->inode->ctime_ns = inode_now();
	} else {
		if (new->inode)
			error = is_dir ? tmpfs_rmdir(new_dir, new) : tmpfs_unlink(new_dir, new);
		if (error)
			return error;
		if (is_dir) {
			old_dir->link_count--;
			new_dir->link_count++;
		}
	}
	entries_changed(old_dir, exchange ? 0 : -ENTRY_SIZE);
	entries_changed(new_dir, exchange ? 0 : ENTRY_SIZE);
	old->inode->ctime_ns = new_dir->ctime_ns;
	return 0;
}

static ssize_t dir_read(struct file *file, struct io_iter *iter, u64 *position)
{
	(void)file, (void)iter, (void)position;
	return -EISDIR;
}

static int nothing_to_sync(struct file *file, bool data_only)
{
	(void)file, (void)data_only;
	return 0;
}

const struct file_ops directory_file_ops_tmpfs = {
	.read = dir_read,
	.readdir = dentry_readdir,
	.seek = dentry_dir_seek,
	.fsync = nothing_to_sync,
};

/* --- Files -------------------------------------------------------------------------------------------------------------------- */

static const char *tmpfs_get_link(struct inode *inode)
{
	return inode->private_data;
}

static int tmpfs_truncate(struct inode *inode, u64 size)
{
	bool shrinks = size < inode->size;
	u64 first = (size + PAGE_SIZE - 1) >> PAGE_SHIFT;
	int error = seals_allow_size(inode, size);

	if (error)
		return error;
	WRITE_ONCE(inode->size, size);
	if (!shrinks)
		return 0;
	vm_unmap_inode(inode, first, ~0UL, true);
	page_cache_truncate(&inode->cache, size);
	/* A fault that saw the old size may have mapped a page between the two. */
	vm_unmap_inode(inode, first, ~0UL, true);
	return 0;
}

static const struct inode_ops dir_ops = {
	.lookup = tmpfs_lookup,
	.create = tmpfs_create,
	.mkdir = tmpfs_mkdir,
	.mknod = tmpfs_mknod,
	.symlink = tmpfs_symlink,
	.link = tmpfs_link,
	.unlink = tmpfs_unlink,
	.rmdir = tmpfs_rmdir,
	.rename = tmpfs_rename,
	.tmpfile = tmpfs_tmpfile,
};
static const struct inode_ops file_inode_ops = { .truncate = tmpfs_truncate };
static const struct inode_ops link_ops = { .get_link = tmpfs_get_link };
static const struct inode_ops special_ops;
