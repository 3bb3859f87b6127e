/* Regular files whose contents are in the page cache: read, write, seek, mmap. */
#include "internal.h"

#include <abi/errno.h>
#include <abi/resource.h>
#include <kernel/io_iter.h>
#include <kernel/signal.h>
#include <kernel/vm.h>
#include <lib/err.h>

static ssize_t cached_read(struct file *file, struct io_iter *iter, u64 *position)
{
	ssize_t done;

	if (!iter->left)
		return 0;
	done = page_cache_read(file, iter, *position);
	if (done > 0)
		*position += (u64)done;
	if (!(file->flags & O_NOATIME))
		inode_touch(file->mount, file->inode);
	return done;
}

/* inode->lock held for writing. Bytes that may be written at *position, which O_APPEND moves; or -errno. */
static s64 write_begin(struct file *file, size_t size, u64 *position)
{
	struct inode *inode = file->inode;
	s64 allowed;

	if (file->flags & O_APPEND)
		*position = inode->size;
	allowed = file_write_limit(inode, *position, size);
	if (allowed > 0)
		allowed = seals_allow_write(inode, *position, (size_t)allowed);
	if (allowed > 0) {
		inode_kill_suid(inode);
		inode_modified(inode);
	}
	return allowed;
}

static ssize_t write_locked(struct file *file, struct io_iter *iter, u64 *position)
{
	struct inode *inode = file->inode;
	s64 allowed = write_begin(file, iter->left, position);
	size_t excess;
	ssize_t done;

	if (allowed < 0)
		return allowed;
	excess = iter->left - (size_t)allowed;
	iter->left = (size_t)allowed;
	done = page_cache_write(file, iter, *position);
	iter->left += excess;
	if (done > 0) {
		*position += (u64)done;
		if (*position > inode->size)
			WRITE_ONCE(inode->size, *position);
	}
	return done;
}

static ssize_t cached_write(struct file *file, struct io_iter *iter, u64 *position)
{
	struct inode *inode = file->inode;
	ssize_t done;

	if (!iter->left)
		return 0;
	rwsem_write_lock(&inode->lock);
	done = write_locked(file, iter, position);
	rwsem_write_unlock(&inode->lock);
	if (done > 0 && (file->flags & O_DSYNC) && file->ops->fsync) {
		int error = file->ops->fsync(file, !(file->flags & (O_SYNC & ~O_DSYNC)));

		return error ? error : done;
	}
	return done;
}

/* The first byte at or after `offset` that is in a page of the cache; -ENXIO. */
static s64 next_data(struct inode *inode, u64 offset)
{
	u64 index = offset >> PAGE_SHIFT;
	bool found;

	rcu_read_lock();
	found = radix_next(&inode->cache.pages, &index);
	rcu_read_unlock();
	if (!found || index << PAGE_SHIFT >= inode->size)
		return -ENXIO;
	return (s64)MAX(offset, index << PAGE_SHIFT);
}

static s64 next_hole(struct inode *inode, u64 offset)
{
	u64 index = offset >> PAGE_SHIFT;

	rcu_read_lock();
	while (index << PAGE_SHIFT < inode->size && radix_lookup(&inode->cache.pages, index))
		index++;
	rcu_read_unlock();
	return (s64)MIN(MAX(offset, index << PAGE_SHIFT), inode->size);
}

static s64 cached_seek(struct file *file, s64 offset, int whence)
{
	struct inode *inode = file->inode;

	if ((whence != SEEK_DATA && whence != SEEK_HOLE) || inode->cache.ops->write_page)
		return file_seek_size(file, offset, whence, READ_ONCE(inode->size));
	/* In memory what is not cached is a hole. */
	if (offset < 0 || (u64)offset >= READ_ONCE(inode->size))
		return -ENXIO;
	offset = whence == SEEK_DATA ? next_data(inode, (u64)offset) : next_hole(inode, (u64)offset);
	return offset < 0 ? offset : file_seek_size(file, offset, SEEK_SET, 0);
}

static int cached_fsync(struct file *file, bool data_only)
{
	(void)data_only;
	return super_sync(file->inode->super);
}

/* Makes the pages of [offset, offset + length) exist. inode->lock held for writing. */
static int allocate_pages(struct inode *inode, u64 offset, u64 length)
{
	u64 index = offset >> PAGE_SHIFT, last = (offset + length - 1) >> PAGE_SHIFT;

	for (; index <= last; index++) {
		struct page *page = page_cache_get(&inode->cache, index);

		if (IS_ERR(page))
			return (int)PTR_ERR(page);
		page_put(page);
		if (signal_is_fatal_pending(current))
			return -EINTR;
	}
	return 0;
}

/* What can never fit fails before it fills all of the file system. */
static int check_space(const struct inode *inode, u64 length)
{
	struct abi_statfs statfs = { 0 };
	int error = super_statfs(inode->super, 0, &statfs);

	if (!error && statfs.f_blocks && (length >> PAGE_SHIFT) > (u64)statfs.f_blocks)
		error = -ENOSPC;
	return error;
}

static int allocate_locked(struct inode *inode, u64 offset, u64 length, bool grow)
{
	bool grows = grow && offset + length > inode->size;
	int error = 0;

	if (grows && file_write_limit(inode, offset, length) < (s64)length)
		return -EFBIG;
	/* Also room behind the end that stays there is growth. */
	if (offset + length > inode->size)
		error = seals_allow_size(inode, offset + length);
	if (!error)
		error = check_space(inode, length);
	if (!error)
		error = allocate_pages(inode, offset, length);
	if (error)
		return error;
	if (grows)
		WRITE_ONCE(inode->size, offset + length);
	inode_kill_suid(inode);
	inode_modified(inode);
	return 0;
}

/* Pages that lie wholly in the hole go, private copies of them stay; the rest of it is cleared. */
static int punch_locked(struct inode *inode, u64 offset, u64 length)
{
	u64 first = DIV_ROUND_UP(offset, (u64)PAGE_SIZE), last = (offset + length) >> PAGE_SHIFT;
	int error = seals_allow_hole(inode);

	if (error)
		return error;
	if (first < last)
		vm_unmap_inode(inode, first, last, false);
	page_cache_punch(&inode->cache, offset, offset + length);
	inode_modified(inode);
	return 0;
}

static long cached_fallocate(struct file *file, int mode, u64 offset, u64 length)
{
	struct inode *inode = file->inode;
	int error;

	if ((mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE)) || inode->cache.ops->write_page)
		return -EOPNOTSUPP;
	rwsem_write_lock(&inode->lock);
	if (mode & FALLOC_FL_PUNCH_HOLE)
		error = punch_locked(inode, offset, length);
	else
		error = allocate_locked(inode, offset, length, !(mode & FALLOC_FL_KEEP_SIZE));
	rwsem_write_unlock(&inode->lock);
	return error;
}

const struct file_ops page_cache_file_ops = {
	.read = cached_read,
	.write = cached_write,
	.seek = cached_seek,
	.mmap = vm_file_mmap,
	.fsync = cached_fsync,
	.fallocate = cached_fallocate,
};
