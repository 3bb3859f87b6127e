/*
 * The one copy of a file's contents in memory: whole pages by index, in a radix tree per inode that read, write and mmap
 * share. Lookups are lock-free (RCU and page_try_get); insertion and removal hold the cache's lock. The tail of the last
 * page beyond end of file is kept zero.
 */
#pragma once

#include <kernel/locks.h>
#include <kernel/page.h>
#include <lib/radix.h>

struct inode;
struct vma;
struct file;
struct io_iter;

struct page_cache_ops {
	/* Fills a fresh, locked page with the file's contents. 0 or -errno. NULL: pages start as zeros (tmpfs). */
	int (*read_page)(struct inode *inode, struct page *page);
	/* Writes a dirty page back. NULL: memory is the only home, pages are never dropped (tmpfs). */
	int (*write_page)(struct inode *inode, struct page *page);
	/*
	 * Quota: before pages are added, 0 or the error (-ENOSPC) that page_cache_get then returns, and after pages were
	 * removed (or could not be added after all). No lock of the cache is held. Optional.
	 */
	int (*charge)(struct inode *inode, u64 pages);
	void (*uncharge)(struct inode *inode, u64 pages);
	/*
	 * Whether the 2 MiB that hold `index` may be taken at once, for a fault in `vma` or, if that is NULL, a write. Only of caches in
	 * memory, which have the other two then. Optional.
	 */
	bool (*huge)(struct inode *inode, const struct vma *vma, u64 index);
};

struct page_cache {
	struct spinlock lock; /* RANK_MAPPING */
	struct radix_root pages; /* [R lock] index -> struct page *; mark 0: dirty */
	u64 page_count; /* [lock] */
	struct inode *inode; /* [I] */
	const struct page_cache_ops *ops; /* [I] */
	struct spinlock rmap_lock; /* RANK_RMAP */
	struct list vmas; /* [rmap_lock] vma->rmap_link */
};

void page_cache_init(struct page_cache *cache, struct inode *inode,
		     const struct page_cache_ops *ops);
/* With a reference, or NULL if absent. */
struct page *page_cache_find(struct page_cache *cache, u64 index);
/*
 * With a reference, up to date, made and filled if absent; for a fault in `vma`, or NULL. ERR_PTR(-ENOMEM, -EIO). Does not look at
 * the file size.
 */
struct page *page_cache_get_for(struct page_cache *cache, u64 index, const struct vma *vma);
static inline struct page *page_cache_get(struct page_cache *cache, u64 index)
{
	return page_cache_get_for(cache, index, NULL);
}
void page_cache_dirty(struct page *page);
/* Removes pages from `from_index` on, which the caller has unmapped; zeroes the tail of the page that holds new size. */
void page_cache_truncate(struct page_cache *cache, u64 new_size);
/* Bytes [start, end) become zeros; pages that lie wholly there are removed, after the caller has unmapped them. */
void page_cache_punch(struct page_cache *cache, u64 start, u64 end);
void page_cache_destroy(struct page_cache *cache); /* last user of the inode is gone */

/* File read and write through the cache, for inode->size; position is advanced by the caller. Bytes, or -errno. */
ssize_t page_cache_read(struct file *file, struct io_iter *iter, u64 position);
ssize_t page_cache_write(struct file *file, struct io_iter *iter, u64 position);
/* Kernel memory in and out: exec, initramfs. */
ssize_t page_cache_read_kernel(struct inode *inode, void *buffer, size_t size, u64 position);
ssize_t page_cache_write_kernel(struct inode *inode, const void *buffer, size_t size, u64 position);
u64 page_cache_pages(void); /* all inodes */
