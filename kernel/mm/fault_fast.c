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

#include <kernel/event.h>
#include <kernel/preempt.h>
#include <kernel/task.h>
#include <platform/fault.h>

/* Where the fault is, as far as the tests have come. It lives in registers: nothing that is called gets its address. */
struct spot {
	struct vma *vma;
	u64 sequence; /* of vma, when the tests began */
	struct page *table;
	pte_t *entry; /* in table, and empty */
};

static __always_inline struct mm *mm_running(void)
{
	return container_of(this_cpu(mmu_loaded), struct mm, mmu);
}

static __always_inline bool vma_is_usual(const struct vma *vma, bool write)
{
	return READ_ONCE(vma->fault_kinds) & (write ? FAULT_RANGE_WRITE : FAULT_RANGE_READ);
}

/* Whether the entry before it, in the same table, is in use. */
static __always_inline bool entry_follows_another(const pte_t *entry)
{
	return !IS_ALIGNED((u64)entry, PAGE_SIZE) && !pte_none(pte_read(entry - 1));
}

/* The empty entry for `address`, if all is as usual. */
static __always_inline bool spot_find(struct spot *at, struct mm *mm, u64 address, bool write)
{
	pte_t directory;

	if (unlikely(!vma_holds(at->vma, address)) || !vma_is_usual(at->vma, write) ||
	    unlikely(!pt_find_own(mm, address, 1, &directory)))
		return false;
	at->table = pte_page(directory);
	at->entry = &pte_table_of(directory)[pt_index(address, 1)];
	return pte_none(pte_read(at->entry));
}

/*
 * The lock of the page table, if nobody has it, and if the vma, which has these bits now, is as it was when the tests began.
 * (The lock is taken by a full barrier.)
 */
static __always_inline bool spot_lock(const struct spot *at, u64 *bits)
{
	struct spinlock *lock = page_table_lock_unchecked(at->table);

	if (unlikely(!spin_try_lock_pinned(lock)))
		return false;
	*bits = READ_ONCE(at->vma->pte_bits);
	if (likely(vma_look_holds(at->vma, at->sequence))) {
		if (pte_verify())
			page_table_check(at->table, at->entry);
		return true;
	}
	spin_unlock_pinned(lock);
	return false;
}

static __always_inline void spot_unlock(const struct spot *at)
{
	spin_unlock_pinned(page_table_lock_unchecked(at->table));
}

/* If another CPU was faster, it has done the work: here and in the next. False: nothing has changed. */
static __always_inline bool spot_map_zero_page(const struct spot *at)
{
	u64 bits;

	if (unlikely(!spot_lock(at, &bits)))
		return false;
	if (likely(pte_none(pte_read(at->entry))))
		pte_write(at->entry, (pte_t){ zero_page_entry | (bits & ~(PTE_WRITE | PTE_DIRTY)) });
	spot_unlock(at);
	return true;
}

static __always_inline bool spot_map_frame(const struct spot *at)
{
	struct page *page = page_alloc_pinned();
	u64 bits;

	if (unlikely(!page))
		return false;
	vma_set_has_anon(at->vma);
	if (unlikely(!spot_lock(at, &bits))) {
		page_put(page);
		return false;
	}
	if (likely(pte_none(pte_read(at->entry)))) {
		pte_write(at->entry, pte_make(page_paddr(page), bits));
		at->table->table_entries++;
		atomic_inc(&at->vma->mm->rss_anon);
		page = NULL;
	}
	spot_unlock(at);
	if (unlikely(page))
		page_put(page);
	return true;
}

static __always_inline void fault_count(bool write)
{
	if (write)
		this_cpu(usual_faults.writes)++;
	else
		this_cpu(usual_faults.reads)++;
	current->head.faults_minor++;
}

/* --- All else, interrupts on ----------------------------------------------------------------------------------------------- */

static __noinline bool fault_other(u64 address, u32 fault)
{
	bool resolved;

	irq_enable();
	resolved = vm_fault_trap(address, fault);
	irq_disable();
	return resolved;
}

/* After vma_look(). */
static __noinline bool fault_give_up(u64 address, u32 fault)
{
	vma_look_end(current->mm);
	return fault_other(address, fault);
}

/* Fills more than one entry. The vma is locked for reading, and no more when it returns. */
static bool fault_walk_locked(struct vma *vma, pte_t *entry, u64 address, bool write)
{
	const struct fault f = {
		.vma = vma,
		.address = ALIGN_DOWN(address, PAGE_SIZE),
		.write = write,
		.entry = entry,
	};
	bool resolved;

	irq_enable();
	resolved = !vm_fault_anonymous(&f);
	vma_look_unlock(vma, current->mm);
	irq_disable();
	return resolved;
}

static __noinline bool fault_walk(struct vma *vma, u64 sequence, pte_t *entry, u64 address,
				  u32 fault)
{
	if (!vma_look_lock(vma, current->mm, sequence) ||
	    !fault_walk_locked(vma, entry, address, fault & TRAP_FAULT_WRITE))
		return fault_other(address, fault);
	fault_count(fault & TRAP_FAULT_WRITE);
	return true;
}

/* --- The column of tests ----------------------------------------------------------------------------------------------------- */

static __always_inline bool fault_usual(u64 address, u32 fault)
{
	const bool write = fault & TRAP_FAULT_WRITE;
	struct mm *mm = mm_running();
	struct spot at;

	if (unlikely(!vma_look(mm, &at.vma, &at.sequence)))
		return fault_other(address, fault);
	if (unlikely(!spot_find(&at, mm, address, write)))
		return fault_give_up(address, fault);
	vma_touch(at.vma);
	if (entry_follows_another(at.entry))
		return fault_walk(at.vma, at.sequence, at.entry, address, fault);
	if (unlikely(write ? !spot_map_frame(&at) : !spot_map_zero_page(&at)))
		return fault_give_up(address, fault);
	fault_count(write);
	vma_look_end(mm);
	return true;
}

/* So that reads save none of the registers that a write's calls want saved (without the checks, that is none at all). */
static __noinline bool fault_usual_write(u64 address)
{
	return fault_usual(address, TRAP_FAULT_USER | TRAP_FAULT_WRITE);
}

bool trap_page_fault(u64 address, u32 fault)
{
	switch (fault & (TRAP_FAULT_PRESENT | TRAP_FAULT_USER | TRAP_FAULT_EXEC | TRAP_FAULT_WRITE)) {
	case TRAP_FAULT_USER:
		return fault_usual(address, TRAP_FAULT_USER);
	case TRAP_FAULT_USER | TRAP_FAULT_WRITE:
		return fault_usual_write(address);
	default:
		return fault_other(address, fault);
	}
}
