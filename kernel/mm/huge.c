/*
 * Transparent huge pages: entries of the page directory that map 2 MiB of private anonymous memory. (Of shared memory:
 * huge_shmem.c.)
 *
 * A huge page is made by the first write to an empty directory entry, where the whole 2 MiB lie in one vma and the mode asks for
 * it. It is kept by all that concerns the whole of it: fork (read-only, counted in the group's table_refs), mprotect, an aligned
 * mremap, unmapping. What concerns a part of it splits it before: a page table with 512 entries takes its place. So a border of
 * a vma never lies inside of a huge page, as with shared tables (pt_share.c).
 *
 * The frames stay where they are in a split, and each has its own reference count (huge.h); so nobody who walks through entries
 * of level 1 needs to know that a frame was part of a huge page, and unmapping one of them frees it.
 *
 * A directory entry that maps a huge page changes under the lock of its directory, and the vma's or mm->lock for reading at
 * least; it is made from an empty one by one exchange. Who may meet one in the place of a page table looks at mm->huge, which
 * is set before the first one is made.
 *
 * Translations of both sizes for one address must not be cached at the same time (SDM vol. 3, 4.10.2.3; some processors stop
 * with a machine check): in a split the entry is made absent and flushed before the table appears. Where an entry is taken out
 * (munmap, mremap) the vma's lock is held for writing until the flush, so that no fault brings in the other size.
 */
#include "collapse.h"
#include "fault_internal.h"

#include <lib/string.h>
#include <platform/tlb.h>
#include <profile/check.h>

int vm_huge_mode = HUGE_NEVER;
const char *const vm_huge_mode_names[HUGE_MODES] = {
	[HUGE_NEVER] = "never", [HUGE_MADVISE] = "madvise", [HUGE_ALWAYS] = "always"
};

bool vm_huge_set_mode(const char *name)
{
	for (int i = 0; i < HUGE_MODES; i++) {
		if (strcmp(name, vm_huge_mode_names[i]) == 0) {
			WRITE_ONCE(vm_huge_mode, i);
			if (i != HUGE_NEVER)
				WRITE_ONCE(vm_huge_used, true);
			return true;
		}
	}
	return false;
}

bool pt_find_huge(struct mm *mm, u64 address)
{
	const pte_t *directory = pt_entry_find(mm, address, 2);

	return directory && pte_is_huge(pte_read(directory));
}

/* --- Splitting --------------------------------------------------------------------------------------------------------- */

/* `value`: a huge entry's. Own: the frames' references become the entries'. Else each gets one more, and nobody may write. */
static void fill_table(struct page *table, pte_t value, bool own)
{
	pte_t *entry = page_virt(table), part = huge_part(value, 0);
	struct page *page = pte_page(value), *end = page + PT_ENTRIES;

#pragma GCC unroll 8
	for (unsigned int i = 0; i < PT_ENTRIES; i++, part.raw += PAGE_SIZE)
		pte_write(&entry[i], part);
	table->table_entries = PT_ENTRIES;
	if (own)
		return;
#pragma GCC unroll 8
	for (; page < end; page++)
		atomic_inc(&page->ref);
}

/* The directory's lock held. The group, if others still map it: the caller puts it. */
static struct page *split_locked(struct mm *mm, pte_t *directory, struct page *table, u64 address)
{
	pte_t value = pte_read(directory);
	struct page *group = pte_page(value);
	/* Only fork makes it more, with mm->lock for writing. */
	bool own = atomic_read_acquire(&group->table_refs) == 1;
	u64 start = ALIGN_DOWN(address, HUGE_PAGE_SIZE);

	pte_write(directory, pte_unset(value, PTE_PRESENT));
	tlb_flush_range(&mm->mmu, start, start + HUGE_PAGE_SIZE);
	fill_table(table, value, own);
	/* Before the table is seen: then other threads may free the frames. */
	if (own)
		page_group_dissolve(group);
	pte_write(directory, pte_table(page_paddr(table)));
	atomic_inc(&mm->table_pages);
	atomic_dec(&mm->special_spans);
	event_count(EVENT_HUGE_SPLIT);
	return own ? NULL : group;
}

int huge_split(struct mm *mm, pte_t *directory, u64 address)
{
	struct page *table, *put;

	if (huge_shmem_drop(mm, directory, address))
		return 0;
	table = put = pt_table_alloc_urgent();
	if (!table)
		return -ENOMEM;
	spin_lock(page_table_lock(directory));
	/* Or else another thread was faster. */
	if (pte_is_huge(pte_read(directory)))
		put = split_locked(mm, directory, table, address);
	spin_unlock(page_table_lock(directory));
	if (put)
		pt_table_put(put);
	return 0;
}

/* --- Unmapping --------------------------------------------------------------------------------------------------------- */

struct page *huge_drop(struct mm *mm, u64 address, u64 end, pte_t **entry)
{
	pte_t *directory = pt_entry_find(mm, address, 2), value;
	struct page *group = NULL, *shared = NULL;

	spin_lock(page_table_lock(directory));
	value = pte_read(directory);
	if (pte_none(value)) {
		/* It was shared memory, and has been taken out, just now. */
		group = ERR_PTR(-EAGAIN);
	} else if (!pte_is_huge(value)) {
		*entry = &pte_table_of(value)[pt_index(address, 1)];
	} else if (huge_is_shmem(value)) {
		/* If it was to be dropped in part, the rest is found again. */
		shared = huge_shmem_take(mm, directory, address);
		group = ERR_PTR(-EAGAIN);
	} else if (!rwsem_is_write_held(&mm->lock)) {
		/* A fault has made it, just now: what is unmapped was so before. */
		group = ERR_PTR(-EAGAIN);
	} else {
		check(IS_ALIGNED(address, HUGE_PAGE_SIZE) && end - address == HUGE_PAGE_SIZE);
		pte_write(directory, (pte_t){ 0 });
		atomic_dec(&mm->special_spans);
		group = pte_page(value);
	}
	spin_unlock(page_table_lock(directory));
	if (shared)
		huge_shmem_put(mm, shared);
	return group;
}

/* --- Fork -------------------------------------------------------------------------------------------------------------- */

bool huge_share(struct mm *parent, struct mm *child, u64 address, bool *changed)
{
	pte_t *from = pt_entry_find(parent, address, 2), *to = pt_entry_make(child, address, 2);
	pte_t value = pte_read(from);

	if (!to)
		return false;
	if (pte_has(value, PTE_WRITE)) {
		value = pte_unset(value, PTE_WRITE | PTE_DIRTY);
		pte_write(from, value);
		*changed = true;
	}
	atomic_inc(&pte_page(value)->table_refs);
	mm_expect_huge(child);
	pte_write(to, value);
	return true;
}

/* --- Faults ------------------------------------------------------------------------------------------------------------ */

bool huge_possible(const struct vma *vma)
{
	if (vma->file || vma->ops || vma->fault_pages || READ_ONCE(vma->mm->huge_disabled) ||
	    vma->flags & (VM_SHARED | VM_STACK | VM_SPECIAL | VM_NO_HUGE))
		return false;
	return ALIGN_UP(vma->start, HUGE_PAGE_SIZE) + HUGE_PAGE_SIZE <= vma->end;
}

bool huge_eligible(const struct vma *vma)
{
	const int mode = READ_ONCE(vm_huge_mode);

	if (mode == HUGE_NEVER || (mode == HUGE_MADVISE && !(vma->flags & VM_HUGE)))
		return false;
	return huge_possible(vma);
}

/* The first write here may get 2 MiB. */
static bool huge_fits(const struct vma *vma, u64 address)
{
	const u64 start = ALIGN_DOWN(address, HUGE_PAGE_SIZE);

	return start >= vma->start && start + HUGE_PAGE_SIZE <= vma->end && huge_eligible(vma);
}

/* The entry was empty. False: 4 KiB have to do. */
static bool huge_install(struct vma *vma, pte_t *directory)
{
	struct mm *mm = vma->mm;
	struct page *group = page_group_alloc();

	if (!group) {
		event_count(EVENT_HUGE_FALLBACK);
		return false;
	}
	vma_set_has_anon(vma);
	mm_expect_huge(mm);
	if (pte_try_replace(directory, (pte_t){ 0 },
			    pte_make(page_paddr(group), vma->pte_bits | PTE_HUGE))) {
		atomic_add(&mm->rss_anon, PT_ENTRIES);
		event_count(EVENT_HUGE_ALLOC);
	} else {
		atomic_dec(&mm->special_spans);
		pt_table_put(group);
	}
	return true;
}

/* Nobody else maps the group or a part of it, or looks at one. */
static bool group_is_own(const struct page *group)
{
	if (atomic_read_acquire(&group->table_refs) != 1)
		return false;
	for (unsigned int i = 0; i < PT_ENTRIES; i++)
		if (atomic_read_acquire(&group[i].ref) != 1)
			return false;
	return true;
}

/* The directory's lock held. False: it is to be split, or has been. */
static bool huge_permit(const struct vma *vma, pte_t *directory, u64 address, bool write)
{
	pte_t value = pte_read(directory);

	if (!pte_is_huge(value))
		return false;
	if (!write || pte_has(value, PTE_WRITE)) {
		/* As it should be: another thread has done it, or the CPU remembers what was before. */
		event_count(EVENT_FAULT_SPURIOUS);
	} else if ((vma->flags & VM_WRITE) && group_is_own(pte_page(value))) {
		pte_write(directory, pte_set(value, vma->pte_bits));
		event_count(EVENT_FAULT_REUSE);
	} else {
		return false;
	}
	tlb_flush_local_page(address);
	return true;
}

/* True: the huge page at this entry, there before or new, is the answer. */
static bool fault_huge(struct vma *vma, pte_t *directory, u64 address, bool write)
{
	pte_t value = pte_read(directory);
	bool done;

	if (pte_none(value))
		return write && huge_fits(vma, address) && huge_install(vma, directory);
	if (!pte_is_huge(value))
		return false;
	spin_lock(page_table_lock(directory));
	done = huge_permit(vma, directory, address, write);
	spin_unlock(page_table_lock(directory));
	return done;
}

pte_t *vm_fault_table(struct vma *vma, u64 address, u32 flags)
{
	struct mm *mm = vma->mm;
	pte_t *entry;

	if (unlikely(READ_ONCE(vm_huge_used))) {
		pte_t *directory = pt_entry_make(mm, address, 2);

		if (!directory)
			return ERR_PTR(-ENOMEM);
		collapse_note_vma(vma);
		if (vma->flags & VM_SHARED
			    ? huge_shmem_fault(vma, directory, address, flags & FAULT_WRITE)
			    : fault_huge(vma, directory, address, flags & FAULT_WRITE))
			return NULL;
	}
	/* This splits a huge page. */
	entry = pt_entry_make_missing(mm, address, 1);
	return entry ? entry : ERR_PTR(-ENOMEM);
}
