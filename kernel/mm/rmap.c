/*
 * Reverse mapping: the vmas that map an inode, for truncation. A vma is in its inode's list from before its first entry is
 * made until before its page tables are freed; so who holds rmap_lock and finds a vma may walk the page tables below it,
 * though it does not hold mm->lock.
 */
#include "internal.h"

#include <kernel/file.h>
#include <kernel/vfs.h>

struct page_cache *vma_cache(const struct vma *vma)
{
	return vma->file && vma->file->inode ? &vma->file->inode->cache : NULL;
}

void rmap_lock(struct vma *vma)
{
	struct page_cache *cache = vma_cache(vma);

	if (cache)
		spin_lock(&cache->rmap_lock);
}

void rmap_unlock(struct vma *vma)
{
	struct page_cache *cache = vma_cache(vma);

	if (cache)
		spin_unlock(&cache->rmap_lock);
}

/* What a seal against writing must not meet. */
static bool vma_is_writable_map(const struct vma *vma)
{
	return (vma->flags & (VM_SHARED | VM_MAY_WRITE)) == (VM_SHARED | VM_MAY_WRITE);
}

void rmap_add(struct vma *vma)
{
	struct page_cache *cache = vma_cache(vma);

	if (!cache)
		return;
	spin_lock(&cache->rmap_lock);
	/* At the end: truncation meets a parent before the child that copies its entries. */
	list_add_tail(&vma->rmap_link, &cache->vmas);
	spin_unlock(&cache->rmap_lock);
	if (vma_is_writable_map(vma))
		inode_map_writable_again(cache->inode);
}

void rmap_remove(struct vma *vma)
{
	struct page_cache *cache = vma_cache(vma);

	if (!cache)
		return;
	spin_lock(&cache->rmap_lock);
	list_del(&vma->rmap_link);
	spin_unlock(&cache->rmap_lock);
	if (vma_is_writable_map(vma))
		inode_unmap_writable(cache->inode);
}

/* rmap_lock held. Pages [from, to) of the inode, as far as this vma maps them. */
static void vma_unmap_pages(struct vma *vma, u64 from, u64 to, bool all)
{
	u64 first = vma->page_offset, last = first + vma_pages(vma);
	struct gather gather;

	from = MAX(from, first);
	to = MIN(to, last);
	if (from >= to)
		return;
	gather_begin(&gather, vma->mm);
	vm_zap(&gather, vma, vma->start + ((from - first) << PAGE_SHIFT),
	       vma->start + ((to - first) << PAGE_SHIFT), !all);
	gather_end(&gather);
}

void vm_unmap_inode(struct inode *inode, u64 from_index, u64 to_index, bool all)
{
	struct page_cache *cache = &inode->cache;
	struct vma *vma;

	if (list_empty(&cache->vmas))
		return;
	spin_lock(&cache->rmap_lock);
	list_for_each_entry (vma, &cache->vmas, rmap_link)
		vma_unmap_pages(vma, from_index, to_index, all);
	spin_unlock(&cache->rmap_lock);
}
