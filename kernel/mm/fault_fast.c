/*
 * The upward call of the entry code for page faults, and the usual fault: a program touches anonymous private memory where
 * nothing is mapped yet. Everything else, and everything that is in doubt, is fault.c's, which defines what is right; nothing
 * has changed then. With FAULT_FASTPATH the entry code does the same by itself (platform/x86_64/entry/fault_fast.inc), and what
 * comes here is what it leaves: the first fault in a page table, or with no free frame at hand, and whatever is unusual.
 *
 * It is a column of tests; then one frame, or the zero page; then, under the lock of the page table, the store. Tests, in
 * the order in which they fail:
 *	- the vma of the last fault is this one's, and no writer has it;
 *	- no file or driver fills it, it permits the access, and no advice and no multi_page_alloc says how much to fill;
 *	- the page table is there, the address space's own, and the entry empty;
 *	- a write: this CPU has a free frame at hand;
 *	- nobody has the lock of the page table, and no writer has come to the vma since the first test.
 * Where the entry before this one is in use the program may be walking through its memory: fault-around (fault_anon.c)
 * decides, with what was found so far.
 *
 * Nothing is locked but the page table: vma_lock.h says why that is enough. Interrupts are off, as they are at the entry, until
 * it is fault.c's: so preemption is off too, vmas and page tables that are looked at stay, and nothing is waited for.
 */
#include "fault_internal.h"
#include "vma_lock.h"

#include <kernel/preempt.h>
#include <kernel/task.h>

static __always_inline bool vma_is_usual(const struct vma *vma, bool write)
{
	return READ_ONCE(vma->fault_kinds) & (write ? FAULT_RANGE_WRITE : FAULT_RANGE_READ);
}

/* Whether the entry before it, in the same table, is in use. */
static __always_inline bool entry_follows_another(const pte_t *entry)
{
	return !IS_ALIGNED((u64)entry, PAGE_SIZE) && !pte_none(pte_read(entry - 1));
}

/* The empty entry for `address`, if all is as usual; else NULL. */
static __always_inline pte_t *entry_find_usual(struct mm *mm, struct vma *vma, u64 address,
					       bool write)
{
	pte_t *entry;

	if (unlikely(!vma_holds(vma, address)) || !vma_is_usual(vma, write))
		return NULL;
	entry = pt_entry_own(mm, address, 1);
	return likely(entry) && pte_none(pte_read(entry)) ? entry : NULL;
}

/* What comes of it. Only with the last two is a lock held (vma_look_end, vma_look_unlock), and anything left to be done. */
enum outcome {
	FAULT_DONE,
	FAULT_UNUSUAL,
	FAULT_UNUSUAL_HELD,
	FAULT_WALK,
};

/* In memory: so no register must outlive a call. */
struct usual {
	struct fault f;
	u64 sequence; /* of f.vma, when the tests began */
	u32 fault;
};

/* Up to where the lock of the page table would be taken. Anything but FAULT_DONE: out. */
static __always_inline enum outcome fault_check(struct usual *u, u64 address, bool write,
						pte_t **entry, struct vma **vma)
{
	struct mm *mm = current->mm;

	*vma = vma_look(mm, &u->sequence);
	if (unlikely(!*vma))
		return FAULT_UNUSUAL;
	*entry = entry_find_usual(mm, *vma, address, write);
	if (unlikely(!*entry))
		return FAULT_UNUSUAL_HELD;
	vma_touch(*vma);
	if (entry_follows_another(*entry)) {
		u->f.vma = *vma;
		u->f.entry = *entry;
		return FAULT_WALK;
	}
	return FAULT_DONE;
}

static __always_inline enum outcome fault_is_done(enum event how)
{
	event_count(EVENT_PAGE_FAULT);
	event_count(EVENT_FAULT_FAST);
	event_count(how);
	current->head.faults_minor++;
	vma_look_end(current->mm);
	return FAULT_DONE;
}

/*
 * The lock of the page table, if nobody has it, and if the vma, which has these bits now, is as it was when the tests began.
 * (The lock is taken by a full barrier.)
 */
static __always_inline bool table_try_lock(struct spinlock *lock, const pte_t *entry,
					   const struct vma *vma, u64 sequence, u64 *bits)
{
	if (unlikely(!spin_try_lock_pinned(lock)))
		return false;
	*bits = READ_ONCE(vma->pte_bits);
	if (likely(vma_look_holds(vma, sequence))) {
		if (pte_verify())
			page_table_check(entry);
		return true;
	}
	spin_unlock_pinned(lock);
	return false;
}

static __always_inline enum outcome fault_usual_read(struct usual *u, u64 address)
{
	struct spinlock *lock;
	struct vma *vma;
	pte_t *entry;
	u64 bits;
	enum outcome out = fault_check(u, address, false, &entry, &vma);

	if (unlikely(out != FAULT_DONE))
		return out;
	lock = page_table_lock_unchecked(entry);
	if (unlikely(!table_try_lock(lock, entry, vma, u->sequence, &bits)))
		return FAULT_UNUSUAL_HELD;
	/* If another CPU was faster, it has done the work. */
	if (likely(pte_none(pte_read(entry))))
		pte_write(entry, pte_make(page_paddr(zero_page),
					  (bits & ~(PTE_WRITE | PTE_DIRTY)) | PTE_SOFT_SPECIAL));
	spin_unlock_pinned(lock);
	return fault_is_done(EVENT_FAULT_ZERO_PAGE);
}

static __noinline enum outcome fault_usual_write(struct usual *u, u64 address)
{
	struct spinlock *lock;
	struct page *page;
	struct vma *vma;
	pte_t *entry;
	u64 bits;
	enum outcome out = fault_check(u, address, true, &entry, &vma);

	if (unlikely(out != FAULT_DONE))
		return out;
	page = page_alloc_pinned();
	if (unlikely(!page))
		return FAULT_UNUSUAL_HELD;
	vma_set_has_anon(vma);
	lock = page_table_lock_unchecked(entry);
	if (unlikely(!table_try_lock(lock, entry, vma, u->sequence, &bits))) {
		page_put(page);
		return FAULT_UNUSUAL_HELD;
	}
	if (likely(pte_none(pte_read(entry)))) {
		pte_write(entry, pte_make(page_paddr(page), bits));
		table_count_anon(entry, 1);
		atomic_inc(&vma->mm->rss_anon);
		page = NULL;
	}
	spin_unlock_pinned(lock);
	if (unlikely(page))
		page_put(page);
	return fault_is_done(EVENT_FAULT_ANON);
}

/* --- All else, interrupts on ----------------------------------------------------------------------------------------------- */

/* Fills more than one entry. */
static bool fault_walk(struct usual *u)
{
	u->f.address = ALIGN_DOWN(u->f.address, PAGE_SIZE);
	u->f.write = u->fault & TRAP_FAULT_WRITE;
	u->f.seen = (pte_t){ 0 };
	if (unlikely(vm_fault_anonymous(&u->f)))
		return false;
	event_count(EVENT_PAGE_FAULT);
	event_count(EVENT_FAULT_FAST);
	current->head.faults_minor++;
	return true;
}

static __noinline bool fault_other(u64 address, u32 fault)
{
	bool resolved;

	irq_enable();
	resolved = vm_fault_trap(address, fault);
	irq_disable();
	return resolved;
}

/* The vma is locked for reading, and no more when it returns. */
static __noinline bool fault_walk_locked(struct usual *u)
{
	bool resolved;

	irq_enable();
	resolved = fault_walk(u);
	vma_look_unlock(u->f.vma, current->mm);
	irq_disable();
	return resolved;
}

static __noinline bool fault_finish(struct usual *u, enum outcome out)
{
	const u64 address = u->f.address;
	struct mm *mm = current->mm;

	if (out == FAULT_UNUSUAL_HELD)
		vma_look_end(mm);
	else if (out == FAULT_WALK && vma_look_lock(u->f.vma, mm, u->sequence) &&
		 fault_walk_locked(u))
		return true;
	return fault_other(address, u->fault);
}

bool trap_page_fault(u64 address, u32 fault)
{
	const u32 usual = fault & (TRAP_FAULT_PRESENT | TRAP_FAULT_USER | TRAP_FAULT_EXEC);
	enum outcome out;
	struct usual u;

	if (unlikely(usual != TRAP_FAULT_USER) || unlikely(address >= USER_END))
		return fault_other(address, fault);
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
