/* Between collapse.c, which makes one huge page of small ones, and collapse_scan.c, which looks for them. Never leaves kernel/mm. */
#pragma once

#include "huge.h"

struct collapse {
	struct mm *mm;
	u64 address; /* of the 2 MiB */
	unsigned int empty_max; /* entries that may map nothing, or the zero page */
	bool asked; /* by the program: the mode does not matter */
};

/*
 * No lock held, a reference of mm->count. 0: there is a huge page; -EINVAL: not of these pages; -EAGAIN: somebody else has one of
 * them; -ENOMEM: no block is free; -EINTR: a signal that ends the task. `*made`, if not 0: it was not there before.
 */
int collapse_block(const struct collapse *c, bool *made);

/* The vma may get small pages where the mode would rather have huge ones: its address space is scanned from now on. */
void collapse_note_vma(const struct vma *vma);
/* The same of all that it has, as far as the mode goes then. */
void collapse_note(struct mm *mm);

static inline bool collapse_is_noted(const struct mm *mm)
{
	return READ_ONCE(mm->collapse_link.next);
}

/* The address space is torn down. */
void collapse_forget(struct mm *mm);
