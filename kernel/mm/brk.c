/* brk: the heap is an anonymous mapping between mm->brk_start and mm->brk. It grows where nothing is in the way, and shrinks. */
#include "internal.h"
#include "vma_lock.h"

#include <kernel/task.h>

/* RLIMIT_DATA counts the heap and initialised data. */
static bool heap_permitted(const struct mm *mm, u64 brk)
{
	u64 limit = task_limit(current, RLIMIT_DATA);

	return limit == RLIM_INFINITY ||
	       (brk - mm->brk_start) + (mm->data_end - mm->data_start) <= limit;
}

/* The usual case of vm_map_anonymous: the heap's vma just ends later. */
static bool heap_extend(struct vma *heap, u64 from, u64 to, u32 flags)
{
	flags |= VM_MAY_READ | VM_MAY_WRITE | VM_MAY_EXEC | VM_ACCOUNT;
	if (heap->end != from || heap->flags != flags || heap->file || heap->ops ||
	    heap->fault_pages != heap->mm->fault_pages || vm_commit((to - from) >> PAGE_SHIFT))
		return false;
	vma_write_lock(heap);
	vma_set_range(heap, heap->start, to, heap->page_offset);
	return true;
}

static int heap_grow(struct mm *mm, u64 from, u64 to)
{
	u32 flags = VM_READ | VM_WRITE | mm->default_flags | (read_implies_exec() ? VM_EXEC : 0);
	u64 pages = (to - from) >> PAGE_SHIFT;
	struct vma *next = vma_find(mm, from), *heap = vma_below(mm, next);

	/* One page stays free before whatever comes next. */
	if (to > USER_END || (next && vma_guarded_start(next) < to + PAGE_SIZE))
		return -ENOMEM;
	if (!mm_may_grow(mm, flags, pages) || ((flags & VM_LOCKED) && mm_may_lock(mm, pages)))
		return -ENOMEM;
	if (heap && heap_extend(heap, from, to, flags))
		return 0;
	return vm_map_anonymous(mm, from, to, flags);
}

/* Lock held for writing: true if the break is `brk` now. */
static bool brk_set(struct mm *mm, u64 brk)
{
	u64 from = ALIGN_UP(mm->brk, (u64)PAGE_SIZE), to = ALIGN_UP(brk, (u64)PAGE_SIZE);

	if (brk < mm->brk_start || brk > USER_END || !heap_permitted(mm, brk))
		return false;
	if (to < from && vm_unmap_locked(mm, to, from))
		return false;
	if (to > from && heap_grow(mm, from, to))
		return false;
	mm->brk = brk;
	return true;
}

long vm_brk(u64 brk)
{
	struct mm *mm = current->mm;
	u64 old, now;
	bool populate;

	if (rwsem_write_lock_killable(&mm->lock))
		return (long)READ_ONCE(mm->brk);
	old = mm->brk;
	populate = brk_set(mm, brk) && (mm->default_flags & VM_LOCKED) && brk > old;
	now = mm->brk;
	mm_write_unlock(mm);
	if (populate)
		(void)vm_populate(mm, ALIGN_UP(old, (u64)PAGE_SIZE), now - old, true);
	return (long)now;
}
