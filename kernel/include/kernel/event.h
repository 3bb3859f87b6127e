/*
 * Events that are worth a count but not a message: each CPU counts its own, /proc/vmstat shows the sums. Counting is one
 * instruction and may be done anywhere, also in interrupts and with locks held.
 */
#pragma once

#include <lib/types.h>
#include <platform/percpu.h>

/* X(symbol, name in /proc/vmstat). The first two names are Linux's. */
#define EVENT_LIST(X)                                                                                             \
	X(PAGE_FAULT, "pgfault")                                                                                  \
	X(PAGE_FAULT_MAJOR, "pgmajfault")                                                                         \
	/* By what was done: a new frame of zeros, the shared zero page, a page of a file. */                     \
	X(FAULT_ANON, "fault_anon")                                                                               \
	X(FAULT_ZERO_PAGE, "fault_zero_page")                                                                     \
	X(FAULT_FILE, "fault_file")                                                                               \
	/* Of the first two, those that were usual ones.    */                                                    \
	X(FAULT_FAST, "fault_fast")                                                                               \
	/* Of these, those that the entry code resolved. */                                                       \
	X(FAULT_ENTRY, "fault_entry")                                                                             \
	/* A file's pages mapped besides the one that was asked for. */                                           \
	X(FAULT_AROUND, "fault_around_pages")                                                                     \
	/* Writes: a copy of a frame, a new frame for the zero page, the frame made writable. */                  \
	X(FAULT_COW, "fault_cow")                                                                                 \
	X(FAULT_COW_ZERO, "fault_cow_zero")                                                                       \
	X(FAULT_REUSE, "fault_reuse")                                                                             \
	X(FAULT_SPURIOUS, "fault_spurious")                                                                       \
	/* A fault of another CPU was faster, and its entry stays. */                                             \
	X(FAULT_RACE, "fault_race")                                                                               \
	/* 2 MiB pages: mapped by a fault; 4 KiB instead, for want of a free block; split in an address space. */ \
	X(HUGE_ALLOC, "thp_fault_alloc")                                                                          \
	X(HUGE_FALLBACK, "thp_fault_fallback")                                                                    \
	X(HUGE_SPLIT, "thp_split_pmd")                                                                            \
	/* Blocks for a collapse: taken, none free. */                                                            \
	X(COLLAPSE_ALLOC, "thp_collapse_alloc")                                                                   \
	X(COLLAPSE_ALLOC_FAILED, "thp_collapse_alloc_failed")                                                     \
	/* Of shared memory: taken by a page cache; 4 KiB instead; mapped by a fault. */                          \
	X(SHMEM_HUGE_ALLOC, "thp_file_alloc")                                                                     \
	X(SHMEM_HUGE_FALLBACK, "thp_file_fallback")                                                               \
	X(SHMEM_HUGE_MAPPED, "thp_file_mapped")                                                                   \
	/* The CPU's array of free pages: filled from the buddy lists, emptied into them. */                      \
	X(PAGE_REFILL, "page_cpu_refill")                                                                         \
	X(PAGE_FLUSH, "page_cpu_flush")                                                                           \
	X(PAGE_SLOW, "page_alloc_slow")                                                                           \
	/* Frames cleared in idle time, and frames of zeros handed out that need not be cleared. */               \
	X(PAGE_CLEANED, "page_zero_ahead")                                                                        \
	X(PAGE_CLEAN_HIT, "page_zero_ahead_hit")                                                                  \
	/* Somebody else had the lock. */                                                                         \
	X(SPIN_WAIT, "lock_spin_wait")                                                                            \
	X(MUTEX_WAIT, "lock_mutex_wait")                                                                          \
	X(RWSEM_WAIT, "lock_rwsem_wait")                                                                          \
	/* A fault met a writer at its vma and went to mm->lock; a writer waited for the faults in a vma. */      \
	X(FAULT_LOCKED, "lock_fault_wait")                                                                        \
	X(VMA_WAIT, "lock_vma_wait")

#define EVENT_SYMBOL(symbol, name) EVENT_##symbol,
enum event { EVENT_LIST(EVENT_SYMBOL) EVENT_COUNT };
#undef EVENT_SYMBOL

DECLARE_PER_CPU(u64[EVENT_COUNT], event_counts); /* [C] */

/* Usual faults that the handler has resolved: each is PAGE_FAULT, FAULT_FAST, and FAULT_ANON or FAULT_ZERO_PAGE. */
struct usual_faults {
	u64 writes, reads;
};
DECLARE_PER_CPU(struct usual_faults, usual_faults); /* [C] */

static inline void event_count(enum event event)
{
	this_cpu(event_counts[event])++;
}

static inline void event_count_many(enum event event, u64 times)
{
	this_cpu(event_counts[event]) += times;
}

u64 event_sum(enum event event); /* all CPUs; approximate while they count */
