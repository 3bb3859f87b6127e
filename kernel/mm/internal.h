/* What the parts of the memory manager share: page tables of user space, the vma tree, faults. Never leaves kernel/mm. */
#pragma once

#include "pt_edit.h"

#include <abi/personality.h>
#include <kernel/page.h>
#include <kernel/page_cache.h>
#include <kernel/task.h>
#include <kernel/vm.h>
#include <lib/err.h>

/* --- Pages ------------------------------------------------------------------------------------------------------- */

/* All checks of a user copy against the object at `object` are in usercopy_check.c. */
struct slab_cache *slab_cache_of(const void *object); /* NULL: not a slab object */
/* The part of an object that its owner may use, around an address inside of it. */
void slab_object_range(struct slab_cache *cache, const void *inside, u64 *start, u64 *end);
/* Gives back what caches hold without use; called when memory is short. Any context that may sleep. */
void slab_shrink(void);
void page_drain_cpu_list(void); /* this CPU's */

/* Of the struct pages that are handed out or free: RAM without what boot has reserved. */
u64 page_managed_count(void);
u64 page_frames_end(void); /* no struct page from this frame on */
extern atomic_long_t page_cache_count, page_shmem_count, page_dirty_count;

/* Memory is the only home of these pages. */
static inline bool cache_is_memory(const struct page_cache *cache)
{
	return !cache->ops || !cache->ops->write_page;
}

void mm_slab_init(void);
void page_cache_init_slab(void);

/* Tries to take the 2 MiB of the file that hold `index` at once; for the fault of a vma, or NULL. huge_shmem.c */
void page_cache_fill_huge(struct page_cache *cache, u64 index, const struct vma *vma);
/* cache->lock held. Before one of them leaves the cache: the others are single pages from then on. */
void page_cache_break_huge(struct page *page);

/* --- Page tables ------------------------------------------------------------------------------------------------- */

static inline u64 table_span_end(u64 address, unsigned int level, u64 end)
{
	u64 next = ALIGN_DOWN(address, pt_entry_size(level)) + pt_entry_size(level);

	return MIN(next, end);
}

/* The entry of `level` for `address`, or NULL if a table above is missing. A lock held (vma_lock.h): no table goes away. */
static __always_inline pte_t *pt_entry_find(struct mm *mm, u64 address, unsigned int level)
{
	pte_t *entry = &mm->mmu.root.table[pt_index(address, 4)];

#pragma GCC unroll 3
	for (unsigned int at = 3; at >= level; at--) {
		pte_t value = pte_read(entry);

		if (unlikely(pte_none(value)))
			return NULL;
		entry = &pte_table_of(value)[pt_index(address, at)];
	}
	return entry;
}

/* A page table of the address space's own. */
static inline bool pte_is_own_table(pte_t directory)
{
	return (directory.raw & (PTE_PRESENT | PTE_SOFT_SHARED_TABLE | PTE_HUGE)) == PTE_PRESENT;
}

/* The same of an entry of any level above 1: huge pages and shared tables are of level 2 only. */
static __always_inline bool pte_is_own_table_at(pte_t directory, unsigned int level)
{
	return level > 2 ? pte_present(directory) : pte_is_own_table(directory);
}

/*
 * The directory entry of the table of `level` for `address`. False: a table is missing, or is not the address space's own, or a
 * huge page is in its place.
 */
static __always_inline bool pt_find_own(struct mm *mm, u64 address, unsigned int level,
					pte_t *directory)
{
	const pte_t *table = mm->mmu.root.table;

#pragma GCC unroll 3
	for (unsigned int at = 4; at > level; at--) {
		*directory = pte_read(&table[pt_index(address, at)]);
		if (unlikely(!pte_is_own_table_at(*directory, at)))
			return false;
		table = pte_table_of(*directory);
	}
	return true;
}

/* The same for the entry in it; NULL. */
static __always_inline pte_t *pt_entry_own(struct mm *mm, u64 address, unsigned int level)
{
	pte_t directory;

	if (unlikely(!pt_find_own(mm, address, level, &directory)))
		return NULL;
	return &pte_table_of(directory)[pt_index(address, level)];
}

pte_t *pt_entry_make_missing(struct mm *mm, u64 address, unsigned int level);
/* To change the entry: missing tables are made, the last one is nobody else's, a huge page is split. NULL: out of memory. */
static __always_inline pte_t *pt_entry_make(struct mm *mm, u64 address, unsigned int level)
{
	pte_t *entry = pt_entry_own(mm, address, level);

	return likely(entry) ? entry : pt_entry_make_missing(mm, address, level);
}

/*
 * The entry of level 1 for *address, or the next one up to `end` whose table exists, which becomes *address; NULL: none.
 * `*span_end`: where that table's range ends, at most `end`. Where a huge page is in the place of the table, the entry is not to
 * be looked at: who may meet one asks pt_is_huge(), after this call.
 */
pte_t *pt_next_table(struct mm *mm, u64 *address, u64 end, u64 *span_end);
struct page *pt_table_alloc(void); /* zeroed, lock initialised; NULL */
/* The same out of the reserve if need be: who unmaps a part of a huge page gives memory back, so it should not fail. */
struct page *pt_table_alloc_urgent(void);
/* Drops a reference of a directory entry that is no more, and that no CPU has cached: of a table, or of a group of frames. */
void pt_table_put(struct page *table);

/* --- Page tables shared since a fork: pt_share.c ------------------------------------------------------------------------- */

static inline bool pte_table_is_shared(pte_t directory)
{
	return pte_has(directory, PTE_SOFT_SHARED_TABLE);
}

/* Fork: the child gets the parent's table of `address`. False: out of memory. `*changed`: CPUs of the parent must flush. */
bool pt_share(struct mm *parent, struct mm *child, u64 address, bool *changed);
/*
 * Makes the table of `address` (those of a range) the address space's own; splits huge pages. The vma's or mm->lock held.
 * 0 or -ENOMEM.
 */
int pt_unshare(struct mm *mm, u64 address);
int pt_unshare_spans(struct mm *mm, u64 start, u64 end, bool keep_huge);
static inline int pt_unshare_range(struct mm *mm, u64 start, u64 end, bool keep_huge)
{
	return likely(!atomic_read(&mm->special_spans))
		       ? 0
		       : pt_unshare_spans(mm, start, end, keep_huge);
}
/* Before `at` becomes a border of a vma, or of what is unmapped. */
static inline int pt_unshare_border(struct mm *mm, u64 at)
{
	if (likely(!atomic_read(&mm->special_spans)) || IS_ALIGNED(at, pt_entry_size(2)))
		return 0;
	return pt_unshare(mm, at);
}
/*
 * Before entries of [address, end), within one table, are unmapped. NULL: go on, it is the address space's own. Else it is the
 * whole range of a shared table, which has just been taken out: the caller flushes all of it, and puts the table. Where a table
 * may be shared mm->lock is held for writing, and the vma's.
 */
struct page *pt_drop_shared(struct mm *mm, u64 address, u64 end);
/*
 * What the CPU would find, for those who hold mm->lock for reading only. `*sharers` is set if other address spaces have the table
 * or the huge page too.
 */
pte_t pt_entry_peek_shared(struct mm *mm, u64 address, unsigned int *sharers);
static inline pte_t pt_entry_peek(struct mm *mm, u64 address)
{
	unsigned int sharers;

	return pt_entry_peek_shared(mm, address, &sharers);
}

#define PT_GROUP 8
/* Of an aligned group of entries, whether all are empty: most are, where page tables are walked for few pages. */
static inline bool pt_group_is_empty(const pte_t *entry)
{
	u64 any = 0;

#pragma GCC unroll 8
	for (unsigned int i = 0; i < PT_GROUP; i++)
		any |= pte_read(entry + i).raw;
	return !any;
}

/* `entry` is empty: how many from it on can be passed over, `left` at most. A whole group, or it alone. */
static inline u64 pt_empty_run(const pte_t *entry, u64 left)
{
	if (left < PT_GROUP || !IS_ALIGNED((u64)entry, PT_GROUP * sizeof(*entry)))
		return 1;
	return pt_group_is_empty(entry) ? PT_GROUP : 1;
}

/* How many of `left` entries follow the empty ones. */
static __always_inline u64 pt_skip_empty(pte_t **entry, u64 left)
{
	while (left && pte_none(pte_read(*entry))) {
		u64 run = pt_empty_run(*entry, left);

		*entry += run;
		left -= run;
	}
	return left;
}

/* Anonymous frames of a table, its lock held. */
static inline void table_count_anon(pte_t *entry, int n)
{
	page_table_page(entry)->table_entries += (u32)n;
}

/* --- Freeing ------------------------------------------------------------------------------------------------------------- */

/* Where the tables of the user half end: the last page, which nothing may be mapped in, is theirs too. */
#define USER_HALF_END (1ULL << 47)
/*
 * Frees the tables that only the unmapped `vmas` needed, which are in order and linked by rmap_link: nothing else is mapped in
 * [floor, ceiling).
 */
void pt_free_tables(struct gather *gather, struct list *vmas, u64 floor, u64 ceiling);
/* The same for one range. */
void pt_free_range(struct gather *gather, u64 start, u64 end, u64 floor, u64 ceiling);

/* The vma below `next`, which is NULL above the last. */
static inline struct vma *vma_below(const struct mm *mm, const struct vma *next)
{
	return next ? next->prev : mm->last;
}

/* Which faults are usual ones (fault_fast.c): FAULT_RANGE_*. */
static inline u32 vma_fault_kinds(const struct vma *vma)
{
	const u32 never = VM_SHARED | VM_SPECIAL | VM_RANDOM | VM_SEQUENTIAL;

	_Static_assert(FAULT_RANGE_READ == (VM_READ | VM_WRITE | VM_EXEC) &&
			       FAULT_RANGE_WRITE == VM_WRITE,
		       "kinds are protections");
	if ((vma->flags & never) || vma->ops || vma->fault_pages)
		return 0;
	return vma->flags & (VM_READ | VM_WRITE | VM_EXEC);
}

/* After a change of flags, ops or fault_pages. */
static inline void vma_update_fault_kinds(struct vma *vma)
{
	WRITE_ONCE(vma->fault_kinds, vma_fault_kinds(vma));
}

static inline void vma_touch(struct vma *vma)
{
	if (!READ_ONCE(vma->touched))
		WRITE_ONCE(vma->touched, true);
}

/*
 * Of memory that is unmapped a page table stays where a neighbour (either may be NULL) lies in it too. Whoever is unmapped last
 * must look for it, touched or not: so each table always lies in a vma that is.
 */
static inline void vma_touch_neighbours(struct vma *prev, struct vma *next)
{
	if (prev)
		vma_touch(prev);
	if (next)
		vma_touch(next);
}

/* Bits of an entry that does not permit writing, whatever the vma says. */
static inline u64 vma_read_bits(const struct vma *vma)
{
	return vma->pte_bits & ~(PTE_WRITE | PTE_DIRTY);
}

/*
 * Unmaps [start, end) of `vma`. `files_only`: private copies stay. What was mapped is handed to the gather, which the
 * caller flushes. Page-table locks are taken; mm->lock is held for writing or, for a vma with a file, the inode's rmap_lock.
 */
void vm_zap(struct gather *gather, struct vma *vma, u64 start, u64 end, bool files_only);
/* The same with mm->lock for reading: a huge page that a fault makes meanwhile stays. */
void vm_zap_beside_faults(struct gather *gather, struct vma *vma, u64 start, u64 end);
void mm_count_rss(struct mm *mm, const struct page *page, long n);
void mm_note_peak(struct mm *mm);

/* --- The tree ------------------------------------------------------------------------------------------------------ */

#define MMAP_MIN_ADDRESS 65536UL
#define STACK_GUARD_GAP (256UL * PAGE_SIZE)

/* Not in the tree yet; flags, file (a reference is taken) as given. NULL: out of memory. */
struct vma *vma_alloc(struct mm *mm, u64 start, u64 end, u32 flags);
/* A copy for another range or another mm, with references of its own, not in the tree; ops->open is not called. */
struct vma *vma_copy(const struct vma *vma, struct mm *mm);
/* Closes it and drops its references; not in the tree. Memory is freed after a grace period. */
void vma_release(struct vma *vma);
/*
 * The same at once, of an mm that nobody runs in any more: each CPU that did has forgotten its vmas, where a task left the mm
 * (mm_activate) or the CPU (rcu_quiescent, before each switch).
 */
void vma_release_unseen(struct vma *vma);
/* Free without close: one that never became visible. */
void vma_discard(struct vma *vma);

/*
 * mm->lock held for writing, and the vma's too where it changes (vma_lock.h). These keep gaps, counters and the inode's list
 * right.
 */
void vma_insert(struct mm *mm, struct vma *vma);
/* The same where the vma above the new one is known; NULL: it is the last. */
void vma_insert_before(struct mm *mm, struct vma *vma, struct vma *next);
void vma_erase(struct mm *mm, struct vma *vma);
void vma_set_range(struct vma *vma, u64 start, u64 end, u64 page_offset);
void vma_set_flags(struct vma *vma, u32 flags);
/* The first that ends above `start`, if it begins below `end`. */
struct vma *vma_find_range(struct mm *mm, u64 start, u64 end);
/* Makes `at`, inside of the vma, a border: the lower part keeps the struct. 0, or -ENOMEM also at the limit of vmas. */
int vma_split(struct vma *vma, u64 at);
/* Splits so that [start, end) consists of whole vmas. */
int vma_split_range(struct mm *mm, u64 start, u64 end);
/* Joins with neighbours that are alike; the vma that holds the range afterwards. */
struct vma *vma_merge(struct vma *vma);
/* Grows a neighbour over the free range below `next` (NULL: the last one) instead of a new vma: it, or NULL. */
struct vma *vma_extend(struct mm *mm, struct vma *next, u64 start, u64 end, u32 flags,
		       struct file *file, u64 page_offset);
/* The first vma above an address that is in none; NULL. */
struct vma *vma_above(struct mm *mm, u64 free);
/* Highest free range of that size in [low, high), or 0. */
u64 vma_find_gap(struct mm *mm, u64 length, u64 low, u64 high);
/* Invariants of the whole tree; nothing without KERNEL_TESTS. */
void vma_check_tree(struct mm *mm);

static inline u64 vma_pages(const struct vma *vma)
{
	return (vma->end - vma->start) >> PAGE_SHIFT;
}

static inline u64 vma_index(const struct vma *vma, u64 address)
{
	return vma->page_offset + ((address - vma->start) >> PAGE_SHIFT);
}

/* The end of what is reserved below a vma: a stack wants a gap. */
static inline u64 vma_guarded_start(const struct vma *vma)
{
	if (!(vma->flags & VM_STACK))
		return vma->start;
	return vma->start > STACK_GUARD_GAP ? vma->start - STACK_GUARD_GAP : 0;
}

static inline bool vma_private_writable(u32 flags)
{
	return (flags & (VM_WRITE | VM_SHARED)) == VM_WRITE;
}

/* Its line of /proc/<pid>/maps. */
struct seq_file;
void vma_show(struct seq_file *out, const struct mm *mm, struct vma *vma);

/* --- rmap: the vmas of an inode ------------------------------------------------------------------------------------- */

/* NULL for anonymous memory and devices without a page cache. */
struct page_cache *vma_cache(const struct vma *vma);
void rmap_add(struct vma *vma);
void rmap_remove(struct vma *vma);
/* Around a change of the range of a vma. */
void rmap_lock(struct vma *vma);
void rmap_unlock(struct vma *vma);

/* Of old programs, which the running one is: what they may read they may execute, where that is permitted. */
static inline bool read_implies_exec(void)
{
	return unlikely(current->personality & READ_IMPLIES_EXEC);
}

/* --- Accounting ---------------------------------------------------------------------------------------------------- */

/* RLIMIT_AS and RLIMIT_DATA permit that many more pages of such a vma. */
bool mm_may_grow(struct mm *mm, u32 flags, u64 pages);
/* RLIMIT_MEMLOCK: 0 or -EAGAIN. */
int mm_may_lock(struct mm *mm, u64 pages);

/* --- Mapping ------------------------------------------------------------------------------------------------------- */

/* Page aligned, not empty, and below USER_END. */
static inline bool vm_range_ok(u64 start, u64 length)
{
	return IS_ALIGNED(start, PAGE_SIZE) && length && length <= USER_END &&
	       start <= USER_END - length;
}

/* Unmaps [start, end), which is aligned: 0 or -ENOMEM, then nothing was changed. */
int vm_unmap_locked(struct mm *mm, u64 start, u64 end);
/* Where a new mapping of `length` bytes goes: the hint if it is free, else the highest gap. An address or -ENOMEM. */
long vm_place(struct mm *mm, u64 hint, u64 length, u32 map_flags);
/* New anonymous private memory in a free range; accounts it. 0 or -ENOMEM. */
int vm_map_anonymous(struct mm *mm, u64 start, u64 end, u32 flags);

/* Sets and clears flags of [start, end), splitting as needed. -ENOMEM: a hole; what lies before it is done. */
int vm_range_set_flags(struct mm *mm, u64 start, u64 end, u32 set, u32 clear);

/* --- Faults -------------------------------------------------------------------------------------------------------- */

#define FAULT_WRITE (1u << 0)
#define FAULT_EXEC (1u << 1)
#define FAULT_FORCE (1u << 2) /* a debugger: what the vma may permit counts, not what it does */

/*
 * Makes the page at `address` present, for that access. The vma or mm->lock is locked, for reading at least. 0; -EFAULT
 * no mapping, -EACCES its protection, -ERANGE beyond the file, other -errno of the file, -ENOMEM.
 */
int vm_fault_vma(struct vma *vma, u64 address, u32 flags);
/* Down to `address`, which lies below the stack `vma`. mm->lock held for writing. 0 or -EFAULT, -ENOMEM. */
int vm_grow_stack(struct vma *vma, u64 address);
/* Maps cached pages around `address` for reading; true if that one is mapped now. */
bool vm_fault_around(struct vma *vma, u64 address, pte_t *entry);
