/*
 * Collapse: the small pages of 2 MiB of private anonymous memory become a huge page, which is a copy of them. Asked for by
 * MADV_COLLAPSE, or found by collapse_scan.c.
 *
 * It is looked at twice: with mm->lock for reading, so that nothing is taken or stopped in vain; and with all locks that the
 * replacement needs. From then on nothing can fail:
 *
 *	mm->lock for writing			nobody unmaps, forks, or takes a reference by way of a page table
 *	the vma's lock for writing		no fault is there, none comes
 *	the page table's lock, once		the usual fault, which only looks at the vma (vma_lock.h), has left, or gives up
 *	the directory entry becomes empty	CPUs may still have translations, and write through them
 *	flush					now none has; whoever touches the memory waits for mm->lock
 *	copy, and clear what was empty		with no spinlock held: it takes as long as 512 faults take for clearing
 *	the huge entry				both sizes were never cached for one address
 *	unlock, free the frames and the table	the table as it is: the last reference of a table with frames in it drops them
 *
 * Each frame must have one reference, the entry's. A second one is another address space's, or somebody's who reads or writes the
 * frame without a lock (a debugger, a pipe), and would go on with the old one. As on Linux, one page at least must be writable: memory
 * that was only read, or that fork has protected all of, is left alone. So a page table that fork has shared is left as it is.
 */
#include "collapse.h"

#include "vma_lock.h"

#include <kernel/signal.h>

/* mm->lock held. The vma that has all of it, if it may have huge pages; else NULL. */
static struct vma *block_vma(const struct collapse *c)
{
	struct vma *vma = vma_find(c->mm, c->address);

	if (!vma || vma->start > c->address || vma->end - c->address < HUGE_PAGE_SIZE)
		return NULL;
	return (c->asked ? huge_possible(vma) : huge_eligible(vma)) ? vma : NULL;
}

static bool entry_maps_nothing(pte_t value)
{
	return pte_none(value) || (pte_has(value, PTE_SOFT_SPECIAL) &&
				   pte_address(value).raw == page_paddr(zero_page).raw);
}

static int entries_check(const pte_t *entry)
{
	bool writable = false;

	for (unsigned int i = 0; i < PT_ENTRIES; i++) {
		const pte_t value = pte_read(&entry[i]);

		if (entry_maps_nothing(value))
			continue;
		if (!pte_maps_page(value) || pte_page(value)->owner != PAGE_ANON)
			return -EINVAL;
		if (atomic_read_acquire(&pte_page(value)->ref) != 1)
			return -EAGAIN;
		writable |= pte_has(value, PTE_WRITE);
	}
	return writable ? 0 : -EINVAL;
}

static int table_check(const struct collapse *c, pte_t *entries)
{
	const struct page *table = page_table_page(entries);
	int error = -EINVAL;

	spin_lock(page_table_lock(entries));
	if (PT_ENTRIES - table->table_entries <= c->empty_max)
		error = entries_check(entries);
	spin_unlock(page_table_lock(entries));
	return error;
}

/* mm->lock held, the vma has all of it. 0: it can be collapsed; -EEXIST: it is a huge page. */
static int block_check(const struct collapse *c)
{
	const pte_t *directory = pt_entry_find(c->mm, c->address, 2);
	const pte_t value = directory ? pte_read(directory) : (pte_t){ 0 };

	if (pte_is_huge(value))
		return -EEXIST;
	return pte_is_own_table(value) ? table_check(c, pte_table_of(value)) : -EINVAL;
}

/* What was not mapped is zero. */
static void entries_copy(struct page *group, const pte_t *entries)
{
	for (unsigned int i = 0; i < PT_ENTRIES; i++) {
		const pte_t value = pte_read(&entries[i]);

		if (pte_maps_page(value))
			page_copy_raw(page_virt(group + i), page_virt(pte_page(value)));
		else
			page_zero_raw(page_virt(group + i));
	}
}

static void directory_write(pte_t *directory, pte_t value)
{
	spin_lock(page_table_lock(directory));
	pte_write(directory, value);
	spin_unlock(page_table_lock(directory));
}

/* Both locked for writing, and all checked. The table, which nobody has any more. */
static struct page *block_replace(const struct vma *vma, u64 address, struct page *group)
{
	struct mm *mm = vma->mm;
	pte_t *directory = pt_entry_find(mm, address, 2);
	struct page *table = pte_page(pte_read(directory));

	directory_write(directory, (pte_t){ 0 });
	tlb_flush_range(&mm->mmu, address, address + HUGE_PAGE_SIZE);
	entries_copy(group, page_virt(table));
	mm_expect_huge(mm);
	directory_write(directory, pte_make(page_paddr(group), vma->pte_bits | PTE_HUGE));
	atomic_dec(&mm->table_pages);
	atomic_add(&mm->rss_anon, (long)(PT_ENTRIES - table->table_entries));
	return table;
}

/* mm->lock held for writing. 0: the group has taken the place of a table, which becomes *group. */
static int block_collapse(const struct collapse *c, struct page **group)
{
	struct vma *vma = block_vma(c);
	int error;

	if (!vma)
		return -EINVAL;
	vma_write_lock(vma);
	error = block_check(c);
	if (!error)
		*group = block_replace(vma, c->address, *group);
	return error;
}

static int block_look(const struct collapse *c)
{
	int error;

	rwsem_read_lock(&c->mm->lock);
	error = block_vma(c) ? block_check(c) : -EINVAL;
	rwsem_read_unlock(&c->mm->lock);
	return error;
}

static struct page *group_alloc(void)
{
	struct page *group = page_group_alloc_raw();

	event_count(group ? EVENT_COLLAPSE_ALLOC : EVENT_COLLAPSE_ALLOC_FAILED);
	return group;
}

int collapse_block(const struct collapse *c, bool *made)
{
	struct page *put;
	int error = block_look(c);

	*made = false;
	if (error)
		return error == -EEXIST ? 0 : error;
	put = group_alloc();
	if (!put)
		return -ENOMEM;
	error = rwsem_write_lock_killable(&c->mm->lock);
	if (!error) {
		error = block_collapse(c, &put);
		mm_write_unlock(c->mm);
	}
	pt_table_put(put);
	*made = !error;
	return error == -EEXIST ? 0 : error;
}

/* --- MADV_COLLAPSE ------------------------------------------------------------------------------------------------------- */

/* [start, end) was in one vma. Goes on after what cannot be collapsed, and says why the last one could not. */
static int collapse_range(struct mm *mm, u64 start, u64 end)
{
	struct collapse c = { .mm = mm, .empty_max = PT_ENTRIES, .asked = true };
	int result = 0;

	/* No part of a block. On Linux that is so if the borders are on both sides of one. */
	if (ALIGN_UP(start, HUGE_PAGE_SIZE) > ALIGN_DOWN(end, HUGE_PAGE_SIZE))
		return -EINVAL;
	for (c.address = ALIGN_UP(start, HUGE_PAGE_SIZE); c.address + HUGE_PAGE_SIZE <= end;
	     c.address += HUGE_PAGE_SIZE) {
		bool made;
		int error = signal_is_fatal_pending(current) ? -EINTR : collapse_block(&c, &made);

		if (error == -ENOMEM || error == -EINTR)
			return error;
		if (error)
			result = error;
	}
	return result;
}

/* The part of *start to `end` that lies in one vma; *start becomes its begin. -ENOMEM: nothing. */
static int next_range(struct mm *mm, u64 *start, u64 end, u64 *stop)
{
	struct vma *vma;
	int error = -ENOMEM;

	rwsem_read_lock(&mm->lock);
	vma = vma_find_range(mm, *start, end);
	if (vma) {
		*start = MAX(*start, vma->start);
		*stop = MIN(vma->end, end);
		error = huge_possible(vma) ? 0 : -EINVAL;
	}
	rwsem_read_unlock(&mm->lock);
	return error;
}

int vm_collapse(struct mm *mm, u64 start, u64 end)
{
	int result = 0;

	while (start < end) {
		u64 from = start, stop;
		int error = next_range(mm, &from, end, &stop);

		if (!error) {
			WRITE_ONCE(vm_huge_used, true);
			error = collapse_range(mm, from, stop);
		}
		if (error)
			return error;
		/* As for other advice holes are passed over, and are an error in the end. */
		if (from > start)
			result = -ENOMEM;
		start = stop;
	}
	return result;
}
