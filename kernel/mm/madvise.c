/* madvise: advice that changes flags, and advice that acts at once. */
#include "collapse.h"
#include "vma_lock.h"

#include <abi/fcntl.h>
#include <abi/mman.h>
#include <kernel/file.h>
#include <kernel/task.h>

/* Advice that is remembered in the flags of the vma. */
static const struct flag_advice {
	int advice;
	u32 set, clear;
} flag_advices[] = {
	{ MADV_NORMAL, 0, VM_SEQUENTIAL | VM_RANDOM },
	{ MADV_RANDOM, VM_RANDOM, VM_SEQUENTIAL },
	{ MADV_SEQUENTIAL, VM_SEQUENTIAL, VM_RANDOM },
	{ MADV_DONTFORK, VM_NO_FORK, 0 },
	{ MADV_DOFORK, 0, VM_NO_FORK },
	{ MADV_DONTDUMP, VM_NO_DUMP, 0 },
	{ MADV_DODUMP, 0, VM_NO_DUMP },
	{ MADV_WIPEONFORK, VM_WIPE_ON_FORK, 0 },
	{ MADV_KEEPONFORK, 0, VM_WIPE_ON_FORK },
	{ MADV_HUGEPAGE, VM_HUGE, VM_NO_HUGE },
	{ MADV_NOHUGEPAGE, VM_NO_HUGE, VM_HUGE },
	{ MADV_MERGEABLE, VM_MERGEABLE, 0 },
	{ MADV_UNMERGEABLE, 0, VM_MERGEABLE },
};

static const struct flag_advice *find_flag_advice(int advice)
{
	for (size_t i = 0; i < ARRAY_LEN(flag_advices); i++)
		if (flag_advices[i].advice == advice)
			return &flag_advices[i];
	return NULL;
}

static bool flag_advice_fits(const struct vma *vma, int advice)
{
	switch (advice) {
	case MADV_WIPEONFORK:
		return !vma->file && !vma->ops;
	case MADV_DOFORK:
	case MADV_DODUMP:
		return !(vma->flags & VM_SPECIAL);
	default:
		return true;
	}
}

/* Holes are passed over, and are -ENOMEM in the end. */
static int advise_flags(struct mm *mm, u64 start, u64 end, const struct flag_advice *advice)
{
	int result = 0;

	while (start < end) {
		struct vma *vma = vma_find_range(mm, start, end);
		u64 stop;
		int error;

		if (!vma)
			return -ENOMEM;
		if (vma->start > start)
			result = -ENOMEM;
		if (!flag_advice_fits(vma, advice->advice))
			return -EINVAL;
		start = MAX(start, vma->start);
		stop = MIN(vma->end, end);
		error = vm_range_set_flags(mm, start, stop, advice->set, advice->clear);
		if (error)
			return error;
		start = stop;
	}
	return result;
}

/* --- Advice that acts. mm->lock held, `alone`: for writing; [start, end) lies in `vma`. --------------------------------- */

static int drop_pages(struct vma *vma, u64 start, u64 end, int advice, bool alone)
{
	struct gather gather;

	if (vma->flags & VM_SPECIAL)
		return -EINVAL;
	if ((vma->flags & VM_LOCKED) && advice != MADV_DONTNEED_LOCKED)
		return -EINVAL;
	if (advice == MADV_FREE && (vma->file || vma->ops || (vma->flags & VM_SHARED)))
		return -EINVAL;
	if (alone)
		vma_write_lock(vma);
	if (pt_unshare_border(vma->mm, start) || pt_unshare_border(vma->mm, end))
		return -ENOMEM;
	mm_note_peak(vma->mm);
	gather_begin(&gather, vma->mm);
	vm_zap_beside_faults(&gather, vma, start, end);
	gather_end(&gather);
	return 0;
}

static int act_on_vma(struct vma *vma, u64 start, u64 end, int advice, bool alone)
{
	switch (advice) {
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
	case MADV_FREE:
		return drop_pages(vma, start, end, advice, alone);
	case MADV_COLD:
	case MADV_PAGEOUT:
		return vma->flags & (VM_LOCKED | VM_SPECIAL) ? -EINVAL : 0;
	default: /* MADV_WILLNEED: what can be read ahead is in memory already */
		return 0;
	}
}

static int advise_act(struct mm *mm, u64 start, u64 end, int advice, bool alone)
{
	int result = 0;

	while (start < end) {
		struct vma *vma = vma_find_range(mm, start, end);
		u64 stop;
		int error;

		if (!vma)
			return -ENOMEM;
		if (vma->start > start)
			result = -ENOMEM;
		start = MAX(start, vma->start);
		stop = MIN(vma->end, end);
		error = act_on_vma(vma, start, stop, advice, alone);
		if (error)
			return error;
		start = stop;
	}
	return result;
}

/* MADV_REMOVE: a hole in the file behind the first vma of the range. mm->lock is not held while the file works. */
static int advise_remove(struct mm *mm, u64 start, u64 end)
{
	struct file *file = NULL;
	struct vma *vma;
	u64 offset = 0, length = 0;
	int error = -EINVAL;

	rwsem_read_lock(&mm->lock);
	vma = vma_find(mm, start);
	if (!vma || vma->start > start) {
		error = -ENOMEM;
	} else if (vma->flags & VM_LOCKED || !vma->file) {
		error = -EINVAL;
	} else if ((vma->flags & (VM_SHARED | VM_WRITE)) != (VM_SHARED | VM_WRITE)) {
		error = -EACCES;
	} else {
		file = file_get(vma->file);
		offset = vma_index(vma, start) << PAGE_SHIFT;
		length = MIN(vma->end, end) - start;
	}
	rwsem_read_unlock(&mm->lock);
	if (!file)
		return error;
	error = file->ops->fallocate
			? (int)file->ops->fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
						    offset, length)
			: -EOPNOTSUPP;
	file_put(file);
	return error;
}

/* MADV_POPULATE_*: as the faults would go, but with an error instead of a signal. */
static int advise_populate(struct mm *mm, u64 start, u64 end, bool write)
{
	while (start < end) {
		struct vma *vma;
		int error = -ENOMEM;

		rwsem_read_lock(&mm->lock);
		vma = vma_find(mm, start);
		if (vma && vma->start <= start)
			error = vm_fault_vma(vma, start, write ? FAULT_WRITE : 0);
		rwsem_read_unlock(&mm->lock);
		if (error)
			return error == -EACCES ? -EINVAL : error == -ERANGE ? -EFAULT : error;
		if (signal_is_fatal_pending(current))
			return -EINTR;
		start += PAGE_SIZE;
	}
	return 0;
}

static bool advice_acts(int advice)
{
	switch (advice) {
	case MADV_WILLNEED:
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
	case MADV_FREE:
	case MADV_COLD:
	case MADV_PAGEOUT:
		return true;
	default:
		return false;
	}
}

/* With functions of their own. */
static bool advice_is_own(int advice)
{
	return advice == MADV_REMOVE || advice == MADV_POPULATE_READ ||
	       advice == MADV_POPULATE_WRITE || advice == MADV_COLLAPSE;
}

static int advise(struct mm *mm, u64 start, u64 end, int advice)
{
	const struct flag_advice *flags = find_flag_advice(advice);
	int error;

	if (flags) {
		if (advice == MADV_HUGEPAGE && READ_ONCE(vm_huge_mode) != HUGE_NEVER)
			collapse_note(mm);
		error = rwsem_write_lock_killable(&mm->lock);
		if (error)
			return error;
		error = advise_flags(mm, start, end, flags);
		mm_write_unlock(mm);
		return error;
	}
	if (advice == MADV_REMOVE)
		return advise_remove(mm, start, end);
	if (advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE)
		return advise_populate(mm, start, end, advice == MADV_POPULATE_WRITE);
	if (advice == MADV_COLLAPSE)
		return vm_collapse(mm, start, end);
	rwsem_read_lock(&mm->lock);
	/* While it is held fork makes no shared tables; huge pages may come. */
	if (likely(!atomic_read(&mm->special_spans))) {
		error = advise_act(mm, start, end, advice, false);
		rwsem_read_unlock(&mm->lock);
		return error;
	}
	/* Shared tables and huge pages are dropped where nobody else looks at them. */
	rwsem_read_unlock(&mm->lock);
	rwsem_write_lock(&mm->lock);
	error = advise_act(mm, start, end, advice, true);
	mm_write_unlock(mm);
	return error;
}

int vm_madvise(u64 start, u64 length, int advice)
{
	u64 size = ALIGN_UP(length, (u64)PAGE_SIZE);

	if (!find_flag_advice(advice) && !advice_acts(advice) && !advice_is_own(advice))
		return -EINVAL;
	if (!IS_ALIGNED(start, PAGE_SIZE) || (length && !size) || start + size < start)
		return -EINVAL;
	if (!size)
		return 0;
	if (start + size > USER_END)
		return -ENOMEM;
	return advise(current->mm, start, start + size, advice);
}
