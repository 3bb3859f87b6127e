/* multi_page_alloc: how many pages a fault fills, asked for by the program. */
#include "internal.h"
#include "vma_lock.h"

#include <kernel/task.h>

static void set_for_all(struct mm *mm, u16 pages)
{
	struct vma *vma;

	mm->fault_pages = pages;
	for (vma = vma_first(mm); vma; vma = vma_next(vma)) {
		vma_write_lock(vma);
		vma->fault_pages = pages;
		vma_update_fault_kinds(vma);
		vma = vma_merge(vma);
	}
}

/* -ENOMEM: a hole, or a split that failed; what lies before it is done. */
static int set_for_range(struct mm *mm, u64 start, u64 end, u16 pages)
{
	while (start < end) {
		struct vma *vma = vma_find(mm, start);
		u64 stop;
		int error;

		if (!vma || vma->start > start)
			return -ENOMEM;
		stop = MIN(vma->end, end);
		error = vma_split_range(mm, start, stop);
		if (error)
			return error;
		vma = vma_find(mm, start);
		vma_write_lock(vma);
		vma->fault_pages = pages;
		vma_update_fault_kinds(vma);
		vma_merge(vma);
		start = stop;
	}
	return 0;
}

int vm_set_fault_pages(u64 start, u64 length, unsigned int pages)
{
	struct mm *mm = current->mm;
	int error;

	length = ALIGN_UP(length, (u64)PAGE_SIZE);
	if (pages > VM_FAULT_PAGES_MAX || (length && !vm_range_ok(start, length)))
		return -EINVAL;
	error = rwsem_write_lock_killable(&mm->lock);
	if (error)
		return error;
	if (length)
		error = set_for_range(mm, start, start + length, (u16)pages);
	else
		set_for_all(mm, (u16)pages);
	mm_write_unlock(mm);
	return error;
}
