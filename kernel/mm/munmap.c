/* munmap: check, split at the borders, take the vmas out of the tree, unmap, free tables, flush, and only then let go. */
#include "internal.h"

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

/* The range around `start`, which is not mapped, that has no mapping. */
static void empty_range(struct mm *mm, u64 start, u64 *floor, u64 *ceiling)
{
	struct vma *next = vma_find(mm, start), *prev;

	prev = next ? vma_prev(next) : rb_entry_or_null(rb_last(&mm->vmas), struct vma, node);
	*floor = prev ? prev->end : 0;
	*ceiling = next ? next->start : USER_HALF_END;
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

int vm_unmap_locked(struct mm *mm, u64 start, u64 end)
{
	struct list detached = LIST_INIT(detached);
	struct gather gather;
	struct vma *vma;
	u64 floor, ceiling;
	int error;

	if (!vma_find_range(mm, start, end))
		return 0;
	error = vma_split_range(mm, start, end);
	if (error)
		return error;
	mm_note_peak(mm);
	detach_range(mm, start, end, &detached);
	empty_range(mm, start, &floor, &ceiling);
	gather_begin(&gather, mm);
	list_for_each_entry (vma, &detached, rmap_link)
		vm_zap(&gather, vma, vma->start, vma->end, false);
	pt_free_tables(&gather, &detached, floor, ceiling);
	gather_end(&gather);
	release_range(&detached);
	return 0;
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
	rwsem_write_unlock(&mm->lock);
	return error;
}
