/* mremap: shrink in place, grow in place, or move: a copy of the vma at the new place, the entries carried over, the old gone. */
#include "huge.h"
#include "vma_lock.h"

#include <abi/mman.h>
#include <kernel/task.h>

struct remap {
	struct mm *mm;
	u64 old, old_length, new_length, address; /* whole pages */
	u32 flags;
	struct vma *vma; /* that holds `old` */
};

/* --- Moving entries -------------------------------------------------------------------------------------------------- */

/* Entries from one table to another or the same one. mm->lock is held for writing: nobody else takes the locks of these two. */
static void move_table(pte_t *from, pte_t *to, u64 count)
{
	struct spinlock *from_lock = page_table_lock(from), *to_lock = page_table_lock(to);

	spin_lock(from_lock);
	if (to_lock != from_lock)
		spin_lock_nested(to_lock);
	for (; count--; from++, to++) {
		pte_t value = pte_read(from);

		if (pte_none(value))
			continue;
		pte_write(from, (pte_t){ 0 });
		pte_write(to, value);
		if (pte_maps_page(value) && pte_page(value)->owner == PAGE_ANON) {
			table_count_anon(from, -1);
			table_count_anon(to, 1);
		}
	}
	if (to_lock != from_lock)
		spin_unlock(to_lock);
	spin_unlock(from_lock);
}

/* The huge page at `from` can move as it is. */
static bool huge_movable(struct mm *mm, u64 from, u64 to)
{
	const pte_t *directory;

	if (!IS_ALIGNED(from | to, HUGE_PAGE_SIZE))
		return false;
	directory = pt_entry_make(mm, to, 2);
	return directory && pte_none(pte_read(directory));
}

/* Page tables for [to, + length), and none at the old place that must not be changed. */
static int make_tables(struct remap *r, u64 to, u64 length)
{
	const u64 end = to + length, huge_offset = (to - r->old) & (HUGE_PAGE_SIZE - 1);
	struct mm *mm = r->mm;

	if (!length)
		return 0;
	if (pt_unshare_border(mm, r->old) || pt_unshare_border(mm, r->old + length) ||
	    pt_unshare_range(mm, r->old, r->old + length, !huge_offset))
		return -ENOMEM;
	for (u64 at = to; at < end; at = table_span_end(at, 2, end)) {
		u64 from = r->old + (at - to);

		if (pt_is_huge(mm, from)) {
			if (huge_movable(mm, from, at))
				continue;
			if (pt_unshare(mm, from))
				return -ENOMEM;
		}
		if (!pt_entry_make(mm, at, 1))
			return -ENOMEM;
	}
	return 0;
}

/* What make_tables made, for a mapping that is not to be: no vma is there, and nobody would find them. */
static void drop_tables(struct mm *mm, u64 start, u64 end)
{
	struct vma *next = vma_find(mm, start), *prev = vma_below(mm, next);
	struct gather gather;

	vma_touch_neighbours(prev, next);
	gather_begin(&gather, mm);
	pt_free_range(&gather, start, end, prev ? prev->end : 0, next ? next->start : USER_HALF_END);
	gather_end(&gather);
}

static void move_huge(struct mm *mm, u64 from, u64 to)
{
	pte_t *old = pt_entry_find(mm, from, 2), *new = pt_entry_find(mm, to, 2);
	pte_t value = pte_read(old);

	pte_write(old, (pte_t){ 0 });
	pte_write(new, value);
}

/* All entries of [r->old, + length) go to `to`, whose tables exist; then the old translations are flushed. */
static void move_entries(struct remap *r, u64 to, u64 length)
{
	u64 at = r->old, end = r->old + length, span_end;
	struct gather gather;
	pte_t *from;

	/* Truncation must not look at either place while a page is on its way. */
	rmap_lock(r->vma);
	while ((from = pt_next_table(r->mm, &at, end, &span_end))) {
		u64 target = to + (at - r->old);
		u64 part = MIN(span_end - at, table_span_end(target, 2, ~0ULL) - target);

		if (pt_is_huge(r->mm, at))
			move_huge(r->mm, at, target);
		else
			move_table(from, pt_entry_find(r->mm, target, 1), part >> PAGE_SHIFT);
		at += part;
	}
	/* Before it may: it would free the pages after a flush of the new place alone. */
	gather_begin(&gather, r->mm);
	gather_range(&gather, r->old, end);
	gather_end(&gather);
	rmap_unlock(r->vma);
}

/* --- Moving a mapping ------------------------------------------------------------------------------------------------ */

/* A copy of the vma for the new place, in the tree. NULL: out of memory. */
static struct vma *remap_copy(struct remap *r, u64 to)
{
	struct vma *copy = vma_copy(r->vma, r->mm);

	if (!copy)
		return NULL;
	copy->start = to;
	copy->end = to + r->new_length;
	vma_touch(copy); /* its tables were made */
	copy->page_offset = copy->file || copy->ops ? vma_index(r->vma, r->old) : to >> PAGE_SHIFT;
	if (copy->ops && copy->ops->open)
		copy->ops->open(copy);
	vma_insert(r->mm, copy);
	return copy;
}

/* With MREMAP_DONTUNMAP the old range stays mapped, empty, and is no longer locked. */
static long remap_keep(struct remap *r, struct vma *copy)
{
	long to = (long)copy->start;

	if (r->vma->flags & VM_LOCKED)
		vma_set_flags(r->vma, r->vma->flags & ~(VM_LOCKED | VM_LOCK_ONFAULT));
	/* Last: beside the old range the two may become one vma, and either of them goes. */
	vma_merge(copy);
	return to;
}

/* The new range is free. */
static long remap_move(struct remap *r, u64 to)
{
	u64 moved = MIN(r->old_length, r->new_length), pages = r->new_length >> PAGE_SHIFT;
	bool account = r->vma->flags & VM_ACCOUNT;
	struct vma *copy;

	if (r->mm->vma_count + 3 >= VMA_COUNT_MAX || (account && vm_commit(pages)))
		return -ENOMEM;
	vma_write_lock(r->vma);
	if (make_tables(r, to, moved))
		goto give_back;
	copy = remap_copy(r, to);
	if (!copy)
		goto give_back;
	move_entries(r, to, moved);
	if (r->flags & MREMAP_DONTUNMAP)
		return remap_keep(r, copy);
	vma_merge(copy);
	/* An old length of 0 makes a second mapping of shared memory. On failure of a split both places are mapped. */
	if (r->old_length)
		(void)vm_unmap_locked(r->mm, r->old, r->old + r->old_length);
	return (long)to;
give_back:
	drop_tables(r->mm, to, to + moved);
	if (account)
		vm_uncommit(pages);
	return -ENOMEM;
}

/* 0: there was room behind the vma. */
static int remap_grow_in_place(struct remap *r)
{
	struct vma *vma = r->vma, *next = vma_next(vma);
	u64 end = r->old + r->new_length, pages = (r->new_length - r->old_length) >> PAGE_SHIFT;

	if (vma->end != r->old + r->old_length || end > USER_END || (vma->flags & VM_SPECIAL) ||
	    (next && vma_guarded_start(next) < end))
		return -ENOMEM;
	if ((vma->flags & VM_ACCOUNT) && vm_commit(pages))
		return -ENOMEM;
	vma_write_lock(vma);
	vma_set_range(vma, vma->start, end, vma->page_offset);
	vma_merge(vma);
	return 0;
}

/* --- The call ---------------------------------------------------------------------------------------------------------- */

/* What the vma at the old address permits: finds r->vma. */
static int remap_check_vma(struct remap *r)
{
	struct vma *vma = vma_find(r->mm, r->old);
	u64 more = r->new_length > r->old_length ? (r->new_length - r->old_length) >> PAGE_SHIFT : 0;

	if (!vma || vma->start > r->old)
		return -EFAULT;
	r->vma = vma;
	/* Private memory cannot be doubled: whose would its pages be? */
	if (!r->old_length && !(vma->flags & VM_SHARED))
		return -EINVAL;
	if ((r->flags & MREMAP_DONTUNMAP) && (vma->flags & VM_SPECIAL))
		return -EINVAL;
	if (r->old_length > vma->end - r->old)
		return -EFAULT;
	if (more && ((vma->flags & VM_SPECIAL) || (vma->ops && !vma->file)))
		return -EFAULT;
	if (vma->file &&
	    vma_index(vma, r->old) + (r->new_length >> PAGE_SHIFT) < vma_index(vma, r->old))
		return -EINVAL;
	if ((vma->flags & VM_LOCKED) && more && mm_may_lock(r->mm, more))
		return -EAGAIN;
	return mm_may_grow(r->mm, vma->flags,
			   r->flags & MREMAP_DONTUNMAP ? r->new_length >> PAGE_SHIFT : more)
		       ? 0
		       : -ENOMEM;
}

/* MREMAP_DONTUNMAP too takes the new address seriously, as a hint. */
static bool remap_target_ok(const struct remap *r)
{
	if (!IS_ALIGNED(r->address, PAGE_SIZE) || r->address > USER_END - r->new_length)
		return false;
	return r->address + r->new_length <= r->old || r->old + r->old_length <= r->address;
}

static long remap_fixed(struct remap *r)
{
	int error;

	if (r->address < MMAP_MIN_ADDRESS)
		return -EPERM;
	error = vm_unmap_locked(r->mm, r->address, r->address + r->new_length);
	if (error)
		return error;
	if (r->old_length > r->new_length) {
		error = vm_unmap_locked(r->mm, r->old + r->new_length, r->old + r->old_length);
		if (error)
			return error;
		r->old_length = r->new_length;
	}
	error = remap_check_vma(r);
	return error ? error : remap_move(r, r->address);
}

static long remap_anywhere(struct remap *r)
{
	long to;
	int error;

	if (r->old_length >= r->new_length && !(r->flags & MREMAP_DONTUNMAP)) {
		if (r->old_length > r->new_length)
			return vm_unmap_locked(r->mm, r->old + r->new_length,
					       r->old + r->old_length);
		return 0;
	}
	error = remap_check_vma(r);
	if (error)
		return error;
	if (r->old_length && !(r->flags & MREMAP_DONTUNMAP) && !remap_grow_in_place(r))
		return 0;
	if (!(r->flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	to = vm_place(r->mm, r->flags & MREMAP_DONTUNMAP ? r->address : 0, r->new_length, 0);
	return to < 0 ? to : remap_move(r, (u64)to);
}

static long remap_locked(struct remap *r)
{
	struct vma *vma = vma_find(r->mm, r->old);
	long at;

	if (!vma || vma->start > r->old)
		return -EFAULT;
	r->vma = vma;
	if ((r->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) && !remap_target_ok(r))
		return -EINVAL;
	if (r->flags & MREMAP_FIXED)
		return remap_fixed(r);
	at = remap_anywhere(r);
	return at ? at : (long)r->old;
}

long vm_mremap(u64 old, u64 old_length, u64 new_length, u32 flags, u64 new_address)
{
	struct remap r = { .mm = current->mm, .old = old, .flags = flags, .address = new_address };
	bool locked;
	long at;

	if (flags & ~(u32)(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP))
		return -EINVAL;
	if ((flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) && !(flags & MREMAP_MAYMOVE))
		return -EINVAL;
	if ((flags & MREMAP_DONTUNMAP) && old_length != new_length)
		return -EINVAL;
	r.old_length = ALIGN_UP(old_length, (u64)PAGE_SIZE);
	r.new_length = ALIGN_UP(new_length, (u64)PAGE_SIZE);
	if (!IS_ALIGNED(old, PAGE_SIZE) || !r.new_length || r.new_length > USER_END)
		return -EINVAL;
	at = rwsem_write_lock_killable(&r.mm->lock);
	if (at)
		return at;
	at = remap_locked(&r);
	locked = at > 0 && r.vma && r.new_length > r.old_length && (r.mm->default_flags & VM_LOCKED);
	mm_write_unlock(r.mm);
	if (locked)
		(void)vm_populate(r.mm, (u64)at, r.new_length, true);
	return at;
}
