/* mlock and its kin. There is no swap, so a locked page is one that was made present; the rest is accounting. */
#include "internal.h"
#include "vma_lock.h"

#include <abi/capability.h>
#include <abi/mman.h>
#include <kernel/cred.h>
#include <kernel/task.h>

/* Of [start, end), in pages: what is locked already. */
static u64 pages_locked_in(struct mm *mm, u64 start, u64 end)
{
	struct vma *vma = vma_find_range(mm, start, end);
	u64 pages = 0;

	for (; vma && vma->start < end; vma = vma_next(vma))
		if (vma->flags & VM_LOCKED)
			pages += (MIN(vma->end, end) - MAX(vma->start, start)) >> PAGE_SHIFT;
	return pages;
}

/* Sets and clears flags of [start, end). -ENOMEM: a hole; what lies before it is done. Lock held for writing. */
int vm_range_set_flags(struct mm *mm, u64 start, u64 end, u32 set, u32 clear)
{
	while (start < end) {
		struct vma *vma = vma_find(mm, start);
		u64 stop;
		int error;

		if (!vma || vma->start > start)
			return -ENOMEM;
		stop = MIN(vma->end, end);
		if (((vma->flags | set) & ~clear) != vma->flags) {
			error = vma_split_range(mm, start, stop);
			if (error)
				return error;
			vma = vma_find(mm, start);
			vma_write_lock(vma);
			vma_set_flags(vma, (vma->flags | set) & ~clear);
			vma_merge(vma);
		}
		start = stop;
	}
	return 0;
}

#define LOCK_FLAGS (VM_LOCKED | VM_LOCK_ONFAULT)

static int lock_range(struct mm *mm, u64 start, u64 end, u32 lock)
{
	u64 pages = (end - start) >> PAGE_SHIFT;
	int error = rwsem_write_lock_killable(&mm->lock);

	if (error)
		return error;
	if (lock && mm_may_lock(mm, pages - pages_locked_in(mm, start, end)))
		error = -ENOMEM;
	else
		error = vm_range_set_flags(mm, start, end, lock, LOCK_FLAGS & ~lock);
	mm_write_unlock(mm);
	return error;
}

int vm_mlock(u64 start, u64 length, u32 lock)
{
	struct mm *mm = current->mm;
	u64 end;
	int error;

	if (lock && !capable(CAP_IPC_LOCK) && !task_limit(current, RLIMIT_MEMLOCK))
		return -EPERM;
	end = ALIGN_UP(start + length, (u64)PAGE_SIZE);
	start = ALIGN_DOWN(start, PAGE_SIZE);
	if (end < start || end > USER_END)
		return end < start ? -EINVAL : -ENOMEM;
	if (end == start)
		return 0;
	error = lock_range(mm, start, end, lock);
	if (error || !lock)
		return error;
	error = vm_populate(mm, start, end - start, true);
	/* Linux: what cannot be made present is -ENOMEM, and -EAGAIN if memory is short. */
	return error == -ENOMEM ? -EAGAIN : error == -EINTR ? error : error ? -ENOMEM : 0;
}

/* Populates all that is mapped. */
static void populate_all(struct mm *mm)
{
	u64 at = 0;

	while (at < USER_END) {
		struct vma *vma;
		u64 start = 0, end = USER_END;

		rwsem_read_lock(&mm->lock);
		vma = vma_find(mm, at);
		if (vma) {
			start = vma->start;
			end = vma->end;
		}
		rwsem_read_unlock(&mm->lock);
		if (!vma)
			return;
		(void)vm_populate(mm, start, end - start, true);
		at = end;
	}
}

static void lock_all_vmas(struct mm *mm, u32 lock)
{
	struct vma *vma;

	for (vma = vma_first(mm); vma; vma = vma_next(vma)) {
		vma_write_lock(vma);
		vma_set_flags(vma, (vma->flags & ~LOCK_FLAGS) | lock);
		vma = vma_merge(vma);
	}
}

int vm_mlock_all(int flags)
{
	u32 lock = VM_LOCKED | (flags & MCL_ONFAULT ? VM_LOCK_ONFAULT : 0);
	struct mm *mm = current->mm;
	int error;

	if (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) || flags == MCL_ONFAULT)
		return -EINVAL;
	if (flags && !capable(CAP_IPC_LOCK) && !task_limit(current, RLIMIT_MEMLOCK))
		return -EPERM;
	error = rwsem_write_lock_killable(&mm->lock);
	if (error)
		return error;
	if ((flags & MCL_CURRENT) &&
	    mm_may_lock(mm, (u64)(atomic_read(&mm->pages_total) - atomic_read(&mm->pages_locked)))) {
		error = -ENOMEM;
	} else {
		mm->default_flags = flags & MCL_FUTURE ? lock : 0;
		if (!flags || (flags & MCL_CURRENT))
			lock_all_vmas(mm, flags ? lock : 0);
	}
	mm_write_unlock(mm);
	if (!error && (flags & MCL_CURRENT) && !(flags & MCL_ONFAULT))
		populate_all(mm);
	return error;
}
