/* Huge pages of private anonymous and of shared memory, for the walkers of page tables. Never leaves kernel/mm. */
#pragma once

#include "internal.h"

/*
 * 2 MiB of frames that are contiguous and aligned, each with a reference of its own: one for all directory entries that map
 * the group, and one for each other mapping, as any frame. The first one's struct page counts those directory entries in
 * table_refs, as that of a shared page table does, and has table_entries PT_ENTRIES.
 */
struct page *page_group_alloc(void); /* all zero, table_refs 1; NULL: no block is free */
struct page *page_group_alloc_raw(void); /* the same with undefined contents */
/* The last directory entry has gone. */
void page_group_put(struct page *group);
/* The only directory entry becomes a page table, which takes over the references. */
void page_group_dissolve(struct page *group);

/*
 * The same frames for a page cache, where each is a page of its own from then on. None but the first has a reference yet; NULL: no
 * block is free. They come back if they cannot be had by anybody yet.
 */
struct page *page_group_alloc_cached(struct page_cache *cache, u64 index);
void page_group_free_cached(struct page *first);

/* What an entry of level 1 in its place would be. */
static inline pte_t huge_part(pte_t huge, u64 address)
{
	const u64 offset = address & (HUGE_PAGE_SIZE - PAGE_SIZE);

	return pte_make(paddr(pte_address(huge).raw + offset), huge.raw & ~(PTE_ADDRESS | PTE_HUGE));
}

bool pt_find_huge(struct mm *mm, u64 address);
/* Asked after the walk that may have met one: mm->huge is set before. */
static inline bool pt_is_huge(struct mm *mm, u64 address)
{
	return unlikely(READ_ONCE(mm->huge)) && pt_find_huge(mm, address);
}

/* Before the entry is made. */
static inline void mm_expect_huge(struct mm *mm)
{
	if (!READ_ONCE(mm->huge))
		WRITE_ONCE(mm->huge, true);
	atomic_inc(&mm->special_spans);
}

/* Fork: the child maps the parent's huge page of `address` too. False: no memory. `*changed`: CPUs of the parent must flush. */
bool huge_share(struct mm *parent, struct mm *child, u64 address, bool *changed);
/*
 * Before entries of [address, end), within one span, are unmapped. The group of the huge page that was there, all of it, and has
 * just been taken out: the caller flushes, and puts it. NULL: it is a page table, and `*entry` its entry. ERR_PTR: go past it.
 */
struct page *huge_drop(struct mm *mm, u64 address, u64 end, pte_t **entry);
/* The vma may have huge pages, whatever the mode. */
bool huge_possible(const struct vma *vma);
/* Writes to the vma may get huge pages, as far as the mode and the vma go. */
bool huge_eligible(const struct vma *vma);
/*
 * The huge page at `address` gives way to a page table or, if it is shared memory's, to nothing, unless that has happened. The
 * vma's or mm->lock held. 0 or -ENOMEM.
 */
int huge_split(struct mm *mm, pte_t *directory, u64 address);

/* --- Of shared memory: huge_shmem.c --------------------------------------------------------------------------------------- */

/* Of an entry that maps a huge page; the directory's lock held. */
static inline bool huge_is_shmem(pte_t huge)
{
	return pte_page(huge)->owner != PAGE_ANON;
}

/* The directory's lock held: takes the entry out, after a flush. What it mapped is for huge_shmem_put(), without that lock. */
struct page *huge_shmem_take(struct mm *mm, pte_t *directory, u64 address);
void huge_shmem_put(struct mm *mm, struct page *taken);
/* Both. True: the entry is empty now, or was. */
bool huge_shmem_drop(struct mm *mm, pte_t *directory, u64 address);
/* A fault of a shared vma. True: a huge page at this entry, there before or new, is the answer. */
bool huge_shmem_fault(struct vma *vma, pte_t *directory, u64 address, bool write);
bool huge_shmem_eligible(const struct vma *vma);
