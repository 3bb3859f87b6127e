/*
 * What the page-fault entry (entry/fault_fast.inc, FAULT_FASTPATH) knows of the kernel's objects: each is a part of one, which
 * static asserts beside that one see to. The entry resolves the usual fault of a program by itself: anonymous private memory is
 * touched where nothing is mapped yet. What it does is what kernel/mm/fault_fast.c does, which is the definition.
 *
 * The contract. The kernel names a range to a CPU (fault_hint_set) while it may not go away, and takes the name back on each CPU
 * (fault_hint_forget) before it frees the range's memory: whenever the CPU passes a quiescent state of RCU, and when it gets
 * another address space. What the range says is true as long as `sequence` is what it was, and below the space's. Page
 * tables that the entry may stand on are freed, or become another's, only after a flush that interrupts each CPU of the space
 * and waits for its answer: the entry has interrupts off. kernel/mm/vma_lock.h has the whole protocol.
 */
#pragma once

#include <platform/percpu.h>
#include <platform/tlb.h>

/* fault_range.kinds, of which one bit is enough: reads, or writes, there are usual faults. */
#define FAULT_RANGE_READ 7u
#define FAULT_RANGE_WRITE 2u
#define FAULT_RANGE_MARKS 0x0101u /* both */

/* A part of struct vma. */
struct fault_range {
	u64 start, end; /* bytes; exclusive */
	u64 entry_bits; /* of the page-table entry of a frame */
	u64 sequence;
	u32 kinds; /* FAULT_RANGE_*; 0: none is */
	u8 marks[2]; /* [A] set once: something may be mapped there; among it frames */
};

/* struct mm begins with it. */
struct fault_space {
	struct mmu_context context;
	u64 sequence;
	unsigned long resident; /* [A] frames mapped */
};

/* struct page begins with it. */
struct frame_head {
	u32 ref; /* [A] */
	u32 mapcount;
	u32 flags;
	u32 owner; /* and order, and what else is 0 in a frame of a program */
	u32 table_refs;
	u32 table_entries; /* [table_lock] of a page table: frames in it */
	u64 unused;
	u32 table_lock; /* of a page table: 0 or 1 */
};
#define FRAME_OWNER_ANON 6u
#define FRAME_HEAD_SHIFT 6 /* log2 of the size of struct page */

/* Free frames at a CPU's hand, a stack: what was freed last is warm and goes first. */
#define FRAME_STACK_MAX 512
struct page;
struct frame_stack {
	u32 count;
	struct page *frames[FRAME_STACK_MAX];
};

/* How many faults the entry has resolved, and how many frames they took. */
struct fault_counts {
	u64 writes, reads, frames;
};

/* The kernel provides. Touched by tasks only, preemption off. The second is of frames that are all zero (PAGE_ZERO_AHEAD). */
#define FRAME_STACKS 2
DECLARE_PER_CPU(struct frame_stack[FRAME_STACKS], cpu_frames); /* [C] */

DECLARE_PER_CPU(const struct fault_range *, fault_hint); /* [C] never NULL */
DECLARE_PER_CPU(struct fault_counts, fault_counts); /* [C] */
/* [C] Where the next fault of a program that walks through its memory comes: a guess. */
DECLARE_PER_CPU(u64, fault_walk_at);
/* Pages that it fills, as far as they are in one page table and range. Above FAULT_WALK_MAX interrupts would be off too long. */
extern int vm_fault_pages;
#define FAULT_WALK_MAX 32
/* What maps the zero page, but for the permissions. */
extern u64 zero_page_entry; /* [I] */
/* A range that no address is in. */
extern const struct fault_range fault_range_none;

/* Interrupts off, or the range cannot go away meanwhile. */
static inline void fault_hint_set(const struct fault_range *range)
{
	this_cpu(fault_hint) = range;
}

static inline void fault_hint_forget(void)
{
	this_cpu(fault_hint) = &fault_range_none;
}

/* Of another address space. */
static inline void fault_walk_forget(void)
{
	this_cpu(fault_walk_at) = 0;
}

/* FAULT_FASTPATH_CHECK, the kernel provides: the entry has resolved this fault. Interrupts off. Stops the kernel if it was wrong. */
void fault_fast_check(u64 address, u64 error);
