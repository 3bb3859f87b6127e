/* Mappings of page-cache files: their vma operations, and mapping cached pages around a fault. */
#include "internal.h"

#include <kernel/event.h>
#include <kernel/file.h>
#include <kernel/vfs.h>

/* Pages mapped by one read fault, if they are cached: an aligned block of that many. */
#define FAULT_AROUND 16

static u64 inode_pages(const struct inode *inode)
{
	return DIV_ROUND_UP(READ_ONCE(inode->size), (u64)PAGE_SIZE);
}

static struct page *file_fault(struct vma *vma, u64 index)
{
	struct inode *inode = vma->file->inode;

	if (index >= inode_pages(inode))
		return ERR_PTR(-ERANGE);
	return page_cache_get_for(&inode->cache, index, vma);
}

static int file_mkwrite(struct vma *vma __unused, struct page *page)
{
	page_cache_dirty(page);
	return 0;
}

const struct vma_ops vm_page_cache_ops = {
	.fault = file_fault,
	.page_mkwrite = file_mkwrite,
};

int vm_file_mmap(struct file *file __unused, struct vma *vma)
{
	vma->ops = &vm_page_cache_ops;
	return 0;
}

/* The table's lock held: false if the page is on its way out of the cache. */
static bool around_install(struct vma *vma, struct page *page, u64 index, pte_t *entry, u64 bits)
{
	if (!page_try_get(page))
		return false;
	if (page->owner != PAGE_CACHE || page->index != index)
		goto put_page;
	atomic_add_return(&page->mapcount, 1);
	if (READ_ONCE(page->cache) != &vma->file->inode->cache)
		goto uncount;
	pte_write(entry, pte_make(page_paddr(page), bits));
	return true;
uncount:
	atomic_dec(&page->mapcount);
put_page:
	page_put(page);
	return false;
}

/* Pages [index, end) to the entries from `entry` on. */
static long around_install_range(struct vma *vma, u64 index, u64 end, pte_t *entry, u64 bits)
{
	long installed = 0;
	u64 count;

	for (; index < end; index += count, entry += count) {
		void *const *row = radix_row(&vma->file->inode->cache.pages, index, &count);

		count = MIN(count, end - index);
		for (u64 i = 0; row && i < count; i++) {
			struct page *page = load_acquire(&row[i]);

			if (page && pte_none(pte_read(entry + i)))
				installed += around_install(vma, page, index + i, entry + i, bits);
		}
	}
	return installed;
}

bool vm_fault_around(struct vma *vma, u64 address, pte_t *entry)
{
	const u64 block = FAULT_AROUND * PAGE_SIZE;
	u64 start = MAX(ALIGN_DOWN(address, block), vma->start),
	    end = MIN(ALIGN_DOWN(address, block) + block, vma->end);
	u64 index = vma_index(vma, start), index_end = vma_index(vma, end),
	    bits = vma_read_bits(vma);
	struct spinlock *lock = page_table_lock(entry);
	bool mapped;
	long n;

	if (vma->ops != &vm_page_cache_ops)
		return false;
	/* Files of the page cache in memory are not told of writes; all others are, by a fault. */
	if ((vma->flags & VM_SHARED) && cache_is_memory(&vma->file->inode->cache))
		bits = vma->pte_bits;
	index_end = MIN(index_end, inode_pages(vma->file->inode));
	spin_lock(lock); /* keeps preemption off: RCU */
	n = around_install_range(vma, index, index_end, entry - ((address - start) >> PAGE_SHIFT),
				 bits);
	mapped = !pte_none(pte_read(entry));
	spin_unlock(lock);
	if (n && cache_is_memory(&vma->file->inode->cache))
		atomic_add(&vma->mm->rss_shmem, n);
	else if (n)
		atomic_add(&vma->mm->rss_file, n);
	if (n > 1)
		event_count_many(EVENT_FAULT_AROUND, (u64)n - 1);
	return mapped;
}
