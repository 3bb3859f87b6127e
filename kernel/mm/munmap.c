/* munmap: check, split at the borders, take the vmas out of the tree, unmap, free tables, flush, and only then let go. */
#include "internal.h"
#include "vma_lock.h"

#include <kernel/task.h>

/* Takes the vmas of [start, end), which are whole, out of the tree: a chain through rmap_link, which they no longer need. */
static void detach_range(struct mm *mm, u64 start, u64 end, struct list *detached)
{
	struct vma *vma = vma_find_range(mm, start, end), *next;

	for (; vma && vma->start < end; vma = next) {
		next = vma_next(vma);
		vma_erase(mm, vma);
		list_add_tail(&vma->rmap_link, detached);
	}
}

static void release_range(struct list *detached)
{
	struct vma *vma, *next;
	u64 accounted = 0;

	list_for_each_entry_safe (vma, next, detached, rmap_link) {
		if (vma->flags & VM_ACCOUNT)
			accounted += vma_pages(vma);
		vma_release(vma);
	}
	vm_uncommit(accounted);
}

/* Whole vmas and parts of vmas. 0 or -ENOMEM. */
static int unmap_several(struct mm *mm, u64 start, u64 end)
{
	struct list detached = LIST_INIT(detached);
	struct gather gather;
	struct vma *vma, *next, *prev;
	int error = vma_split_range(mm, start, end);

	if (error)
		return error;
	mm_note_peak(mm);
	detach_range(mm, start, end, &detached);
	next = vma_find(mm, start);
	prev = vma_below(mm, next);
	vma_touch_neighbours(prev, next);
	gather_begin(&gather, mm);
	list_for_each_entry (vma, &detached, rmap_link)
		vm_zap(&gather, vma, vma->start, vma->end, false);
	pt_free_tables(&gather, &detached, prev ? prev->end : 0, next ? next->start : USER_HALF_END);
	gather_end(&gather);
	release_range(&detached);
	return 0;
}

/* --- One vma, which is shortened or vanishes: no split, and nothing at all to do if it was never touched ------------------ */

/* [start, end) is in no vma any more, and empty is [floor, ceiling). */
static __noinline void unmap_pages(struct vma *vma, u64 start, u64 end, u64 floor, u64 ceiling)
{
	struct gather gather;

	mm_note_peak(vma->mm);
	vma_touch_neighbours(vma->prev, vma->next);
	gather_begin(&gather, vma->mm);
	vm_zap(&gather, vma, start, end, false);
	pt_free_range(&gather, start, end, floor, ceiling);
	gather_end(&gather);
}

static int unmap_whole(struct vma *vma)
{
	u64 floor = vma->prev ? vma->prev->end : 0;
	u64 ceiling = vma->next ? vma->next->start : USER_HALF_END;

	vma_erase(vma->mm, vma);
	if (vma->touched)
		unmap_pages(vma, vma->start, vma->end, floor, ceiling);
	if (vma->flags & VM_ACCOUNT)
		vm_uncommit(vma_pages(vma));
	vma_release(vma);
	return 0;
}

static int unmap_head(struct vma *vma, u64 end)
{
	u64 start = vma->start, floor = vma->prev ? vma->prev->end : 0;

	vma_write_lock(vma);
	if (pt_unshare_border(vma->mm, end))
		return -ENOMEM;
	vma_set_range(vma, end, vma->end, vma_index(vma, end));
	if (vma->touched)
		unmap_pages(vma, start, end, floor, end);
	if (vma->flags & VM_ACCOUNT)
		vm_uncommit((end - start) >> PAGE_SHIFT);
	return 0;
}

static int unmap_tail(struct vma *vma, u64 start)
{
	u64 end = vma->end, ceiling = vma->next ? vma->next->start : USER_HALF_END;

	vma_write_lock(vma);
	if (pt_unshare_border(vma->mm, start))
		return -ENOMEM;
	vma_set_range(vma, vma->start, start, vma->page_offset);
	if (vma->touched)
		unmap_pages(vma, start, end, start, ceiling);
	if (vma->flags & VM_ACCOUNT)
		vm_uncommit((end - start) >> PAGE_SHIFT);
	return 0;
}

int vm_unmap_locked(struct mm *mm, u64 start, u64 end)
{
	struct vma *vma = vma_find_range(mm, start, end);
	bool counted;

	if (!vma)
		return 0;
	counted = vma->ops && (vma->ops->open || vma->ops->close); /* of each part */
	if (vma->start >= start && vma->end <= end && (!vma->next || vma->next->start >= end))
		return unmap_whole(vma);
	if (vma->start == start && vma->end > end && !counted)
		return unmap_head(vma, end);
	if (vma->start < start && vma->end == end && !counted)
		return unmap_tail(vma, start);
	return unmap_several(mm, start, end);
}

int vm_munmap_locked(struct mm *mm, u64 start, u64 length)
{
	length = ALIGN_UP(length, (u64)PAGE_SIZE);
	if (!vm_range_ok(start, length))
		return -EINVAL;
	return vm_unmap_locked(mm, start, start + length);
}

long vm_munmap(u64 start, u64 length)
{
	struct mm *mm = current->mm;
	int error = rwsem_write_lock_killable(&mm->lock);

	if (error)
		return error;
	error = vm_munmap_locked(mm, start, length);
	mm_write_unlock(mm);
	return error;
}
