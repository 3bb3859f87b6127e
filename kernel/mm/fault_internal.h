/* Between fault.c, which decides, and fault_anon.c, which fills anonymous memory. */
#pragma once

#include "internal.h"

#include <kernel/event.h>

struct fault {
	/* Read-only after the first phase. */
	struct vma *vma;
	u64 address; /* of the page */
	bool write;
	pte_t *entry;
	/* What the decision is based on. */
	pte_t seen;
};

/* Installing: the lock of the page table is held from begin to end. False, with the lock released: the entry has changed. */
static inline bool fault_install_begin(const struct fault *f)
{
	struct spinlock *lock = page_table_lock(f->entry);

	spin_lock(lock);
	if (likely(pte_read(f->entry).raw == f->seen.raw))
		return true;
	spin_unlock(lock);
	event_count(EVENT_FAULT_RACE);
	return false;
}

static inline void fault_install_end(const struct fault *f)
{
	spin_unlock(page_table_lock(f->entry));
}

static inline void vma_set_has_anon(struct vma *vma)
{
	if (!READ_ONCE(vma->has_anon))
		WRITE_ONCE(vma->has_anon, true);
}

/* trap_page_fault, where fault_fast.c has not resolved it. */
bool vm_fault_trap(u64 address, u32 fault);
/*
 * There is no page table of the address space's own: the entry of a new one, where to go on. NULL: a huge page, there before or
 * new, is the answer. ERR_PTR(-ENOMEM).
 */
pte_t *vm_fault_table(struct vma *vma, u64 address, u32 flags);
/* Nothing is mapped there, and no file says what would be: 0 or -ENOMEM. */
int vm_fault_anonymous(const struct fault *f);
