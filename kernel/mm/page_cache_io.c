/* read and write of a file through its page cache. The caller holds inode->lock for writing when it writes. */
#include "internal.h"

#include <kernel/file.h>
#include <kernel/io_iter.h>
#include <kernel/vfs.h>
#include <lib/string.h>

/* The part of a transfer of `left` bytes that lies in one page. */
static size_t page_part(u64 position, size_t left)
{
	return MIN(left, PAGE_SIZE - (size_t)(position & (PAGE_SIZE - 1)));
}

/* What is not cached of a file that lives in memory is a hole: zeros, and no page is made for them. */
static struct page *page_for_read(struct page_cache *cache, u64 index)
{
	if (cache->ops && cache->ops->read_page)
		return page_cache_get(cache, index);
	return page_cache_find(cache, index);
}

ssize_t page_cache_read(struct file *file, struct io_iter *iter, u64 position)
{
	struct page_cache *cache = &file->inode->cache;
	ssize_t done = 0;

	while (iter->left) {
		u64 size = READ_ONCE(file->inode->size);
		size_t part, moved;
		struct page *page;

		if (position >= size)
			break;
		part = page_part(position, (size_t)MIN((u64)iter->left, size - position));
		page = page_for_read(cache, position >> PAGE_SHIFT);
		if (IS_ERR(page))
			return done ? done : PTR_ERR(page);
		if (page) {
			moved = io_iter_write(iter,
					      (char *)page_virt(page) + (position & (PAGE_SIZE - 1)),
					      part);
			page_put(page);
		} else {
			moved = io_iter_zero(iter, part);
		}
		done += (ssize_t)moved;
		position += moved;
		if (moved < part)
			return done ? done : -EFAULT;
	}
	return done;
}

/* After bytes up to `end` have been written. */
static void inode_grow(struct inode *inode, u64 end)
{
	if (end > inode->size)
		WRITE_ONCE(inode->size, end);
}

ssize_t page_cache_write(struct file *file, struct io_iter *iter, u64 position)
{
	struct inode *inode = file->inode;
	ssize_t done = 0;

	while (iter->left) {
		size_t part = page_part(position, iter->left), moved;
		struct page *page = page_cache_get(&inode->cache, position >> PAGE_SHIFT);

		if (IS_ERR(page))
			return done ? done : PTR_ERR(page);
		moved = io_iter_read(iter, (char *)page_virt(page) + (position & (PAGE_SIZE - 1)),
				     part);
		if (moved) {
			page_cache_dirty(page);
			inode_grow(inode, position + moved);
		}
		page_put(page);
		done += (ssize_t)moved;
		position += moved;
		if (moved < part)
			return done ? done : -EFAULT;
	}
	return done;
}

ssize_t page_cache_read_kernel(struct inode *inode, void *buffer, size_t size, u64 position)
{
	u64 end = READ_ONCE(inode->size);
	size_t done = 0;

	if (position >= end)
		return 0;
	size = (size_t)MIN((u64)size, end - position);
	while (done < size) {
		size_t part = page_part(position, size - done);
		struct page *page = page_for_read(&inode->cache, position >> PAGE_SHIFT);

		if (IS_ERR(page))
			return done ? (ssize_t)done : PTR_ERR(page);
		if (page) {
			memcpy((char *)buffer + done,
			       (char *)page_virt(page) + (position & (PAGE_SIZE - 1)), part);
			page_put(page);
		} else {
			memset((char *)buffer + done, 0, part);
		}
		done += part;
		position += part;
	}
	return (ssize_t)done;
}

ssize_t page_cache_write_kernel(struct inode *inode, const void *buffer, size_t size, u64 position)
{
	size_t done = 0;

	while (done < size) {
		size_t part = page_part(position, size - done);
		struct page *page = page_cache_get(&inode->cache, position >> PAGE_SHIFT);

		if (IS_ERR(page))
			return done ? (ssize_t)done : PTR_ERR(page);
		memcpy((char *)page_virt(page) + (position & (PAGE_SIZE - 1)),
		       (const char *)buffer + done, part);
		page_cache_dirty(page);
		page_put(page);
		done += part;
		position += part;
		inode_grow(inode, position);
	}
	return (ssize_t)done;
}
