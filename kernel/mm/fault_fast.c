/*
 * The upward call of the entry code for page faults, and the usual fault: a program touches anonymous private memory where
 * nothing is mapped yet. Everything else, and everything that is in doubt, is fault.c's, which defines what is right; nothing
 * has changed then.
 *
 * It is a column of tests; then one frame, or the zero page; then, under the lock of the page table, the store. Tests, in
 * the order in which they fail:
 *	- mm->lock is free for a reader at once, and the vma of the last fault is this one's;
 *	- no file or driver fills it, it permits the access, and no advice and no multi_page_alloc says how much to fill;
 *	- the page table is there, the address space's own, and the entry empty;
 *	- a write: this CPU has a free frame at hand.
 * Where the entry before this one is in use the program may be walking through its memory: fault-around (fault_anon.c)
 * decides, with what was found so far.
 *
 * Preemption comes back without a look whether somebody wants the CPU: the way back to user mode looks.
 */
#include "fault_internal.h"

#include <kernel/preempt.h>
#include <kernel/task.h>

/* Flags that must be as wanted, and those wanted. Either constant `write`. */
static __always_inline bool vma_is_usual(const struct vma *vma, bool write)
{
	const u32 never = VM_SHARED | VM_SPECIAL | VM_RANDOM | VM_SEQUENTIAL;
	const u32 flags = vma->flags;

	if (write ? (flags & (never | VM_WRITE)) != VM_WRITE
		  : (flags & never) || !(flags & (VM_READ | VM_WRITE | VM_EXEC)))
		return false;
	return !vma->ops && !vma->fault_pages;
}

/* Whether the entry before it, in the same table, is in use. */
static __always_inline bool entry_follows_another(const pte_t *entry)
{
	return !IS_ALIGNED((u64)entry, PAGE_SIZE) && !pte_none(pte_read(entry - 1));
}

/* The empty entry for `address`, if all is as usual; else NULL. mm->lock held for reading. */
static __always_inline pte_t *entry_find_usual(struct mm *mm, struct vma *vma, u64 address,
					       bool write)
{
	pte_t *entry;

	if (unlikely(!vma || address - vma->start >= vma->end - vma->start) ||
	    !vma_is_usual(vma, write))
		return NULL;
	entry = pt_entry_own(mm, address, 1);
	return likely(entry) && pte_none(pte_read(entry)) ? entry : NULL;
}

/* What comes of it. Only where mm->lock is held does anything remain to be done. */
enum outcome {
	FAULT_DONE,
	FAULT_DONE_WAKE, /* somebody waits for mm->lock, which was released */
	FAULT_UNUSUAL,
	FAULT_UNUSUAL_LOCKED,
	FAULT_WALK_LOCKED,
};

/* In memory: so no register must outlive a call. */
struct usual {
	struct fault f;
	u32 fault;
};

/* Up to where the lock of the page table would be taken. Anything but FAULT_DONE: out. */
static __always_inline enum outcome fault_check(struct mm *mm, struct usual *u, u64 address,
						bool write, pte_t **entry, struct vma **vma)
{
	if (unlikely(!rwsem_try_read_lock_inline(&mm->lock)))
		return FAULT_UNUSUAL;
	*vma = READ_ONCE(mm->cached);
	*entry = entry_find_usual(mm, *vma, address, write);
	if (unlikely(!*entry))
		return FAULT_UNUSUAL_LOCKED;
	vma_touch(*vma);
	if (entry_follows_another(*entry)) {
		u->f.vma = *vma;
		u->f.entry = *entry;
		return FAULT_WALK_LOCKED;
	}
	return FAULT_DONE;
}

static __always_inline enum outcome fault_is_done(struct mm *mm, enum event how)
{
	event_count(EVENT_PAGE_FAULT);
	event_count(EVENT_FAULT_FAST);
	event_count(how);
	current->faults_minor++;
	return rwsem_read_drop(&mm->lock) ? FAULT_DONE_WAKE : FAULT_DONE;
}

static __always_inline enum outcome fault_usual_read(struct usual *u, u64 address)
{
	struct mm *mm = current->mm;
	struct spinlock *lock;
	struct vma *vma;
	pte_t *entry;
	enum outcome out = fault_check(mm, u, address, false, &entry, &vma);

	if (unlikely(out != FAULT_DONE))
		return out;
	lock = page_table_lock(entry);
	preempt_disable();
	if (unlikely(!spin_try_lock_pinned(lock))) {
		preempt_enable_no_schedule();
		return FAULT_UNUSUAL_LOCKED;
	}
	/* If another CPU was faster, it has done the work. */
	if (likely(pte_none(pte_read(entry))))
		pte_write(entry,
			  pte_make(page_paddr(zero_page), vma_read_bits(vma) | PTE_SOFT_SPECIAL));
	spin_unlock_pinned(lock);
	preempt_enable_no_schedule();
	return fault_is_done(mm, EVENT_FAULT_ZERO_PAGE);
}

/* One off of preemption serves the CPU's frames and the table's lock. */
static __noinline enum outcome fault_usual_write(struct usual *u, u64 address)
{
	struct spinlock *lock;
	struct page *page;
	struct vma *vma;
	pte_t *entry;
	enum outcome out = fault_check(current->mm, u, address, true, &entry, &vma);

	if (unlikely(out != FAULT_DONE))
		return out;
	preempt_disable();
	page = page_alloc_pinned();
	if (unlikely(!page)) {
		preempt_enable_no_schedule();
		return FAULT_UNUSUAL_LOCKED;
	}
	vma_set_has_anon(vma);
	lock = page_table_lock(entry);
	spin_lock_pinned(lock);
	if (likely(pte_none(pte_read(entry)))) {
		pte_write(entry, pte_make(page_paddr(page), vma->pte_bits));
		table_count_anon(entry, 1);
		page = NULL;
	}
	spin_unlock_pinned(lock);
	preempt_enable_no_schedule();
	if (likely(!page))
		atomic_inc(&vma->mm->rss_anon);
	else
		page_put(page);
	return fault_is_done(vma->mm, EVENT_FAULT_ANON);
}

/* --- All else ------------------------------------------------------------------------------------------------------------ */

/* mm->lock held. Fills more than one entry. */
static enum outcome fault_walk(struct mm *mm, struct usual *u)
{
	u->f.address = ALIGN_DOWN(u->f.address, PAGE_SIZE);
	u->f.write = u->fault & TRAP_FAULT_WRITE;
	u->f.seen = (pte_t){ 0 };
	if (unlikely(vm_fault_anonymous(&u->f)))
		return FAULT_UNUSUAL_LOCKED;
	event_count(EVENT_PAGE_FAULT);
	event_count(EVENT_FAULT_FAST);
	current->faults_minor++;
	return rwsem_read_drop(&mm->lock) ? FAULT_DONE_WAKE : FAULT_DONE;
}

static __noinline bool fault_finish(struct usual *u, enum outcome out)
{
	const u64 address = u->f.address;
	struct mm *mm = current->mm;

	if (out == FAULT_WALK_LOCKED)
		out = fault_walk(mm, u);
	if (out == FAULT_DONE_WAKE)
		rwsem_release_slow(&mm->lock);
	if (out == FAULT_UNUSUAL_LOCKED)
		rwsem_read_unlock_inline(&mm->lock);
	if (out == FAULT_UNUSUAL || out == FAULT_UNUSUAL_LOCKED)
		return vm_fault_trap(address, u->fault);
	return true;
}

bool trap_page_fault(u64 address, u32 fault)
{
	const u32 usual = fault & (TRAP_FAULT_PRESENT | TRAP_FAULT_USER | TRAP_FAULT_EXEC);
	enum outcome out;
	struct usual u;

	if (unlikely(usual != TRAP_FAULT_USER) || unlikely(address >= USER_END))
		return vm_fault_trap(address, fault);
	u.f.address = address;
	u.fault = fault;
	if (fault & TRAP_FAULT_WRITE)
		out = fault_usual_write(&u, address);
	else
		out = fault_usual_read(&u, address);
	if (likely(out == FAULT_DONE))
		return true;
	return fault_finish(&u, out);
}
