/*
 * Page tables that several address spaces share after fork, until one of them changes something below.
 *
 * Only tables of level 1 are shared, and only where the whole range of the table lies in one private anonymous vma, in each
 * of the address spaces: so nobody but faults, unmapping and the like of these address spaces ever comes to the entries.
 * While a table is shared its entries do not change, but for losing their write permission.
 *
 *	struct page of the table: table_refs	directory entries that point to it
 *				  table_entries	anonymous frames in it; each has one reference for the table, however
 *						many share it, and counts in rss_anon of each
 *	the directory entry	  PTE_SOFT_SHARED_TABLE, and not PTE_WRITE: what the entries below permit does not matter
 *
 * Directory entries of shared tables change under the lock of their directory (and the vma's or mm->lock, for reading at least).
 * Who holds those for reading only, and not that lock, may not look below: the table may go. Only the address space itself can
 * make more sharers (fork holds mm->lock for writing), so a table whose table_refs is 1 is its own again.
 *
 * Whoever makes a border of a vma makes sure that no shared table lies across it (pt_unshare_border): thus unmapping a vma
 * never meets a part of a shared table, and needs no memory.
 *
 * A group of frames that huge pages map is handled as a shared table is, its table_refs and table_entries too: huge.c.
 */
#include "huge.h"

#include <platform/tlb.h>
#include <profile/check.h>

#define TABLE_SPAN pt_entry_size(2)

static bool table_is_own(const struct page *table)
{
	return atomic_read_acquire(&table->table_refs) == 1;
}

/* The directory's lock held. */
static void take_back(struct mm *mm, pte_t *directory)
{
	pte_write(directory, pte_table(pte_address(pte_read(directory))));
	atomic_dec(&mm->special_spans);
}

/* Both lose the permission to write: the frames have two tables now. Locks of the directory and of `from` held. */
static void copy_shared_entries(pte_t *from, pte_t *to)
{
	for (unsigned int i = 0; i < PT_ENTRIES; i++) {
		pte_t value = pte_read(&from[i]);

		if (pte_maps_page(value)) {
			atomic_inc(&pte_page(value)->ref);
			if (pte_has(value, PTE_WRITE)) {
				value = pte_unset(value, PTE_WRITE | PTE_DIRTY);
				pte_write(&from[i], value);
			}
		}
		if (!pte_none(value))
			pte_write(&to[i], value);
	}
}

/* The directory's lock held. `copy` takes the place of the shared table, which is returned: the caller flushes, and puts it. */
static struct page *replace_shared(struct mm *mm, pte_t *directory, struct page *copy)
{
	struct page *table = pte_page(pte_read(directory));
	struct spinlock *lock = (struct spinlock *)table->table_lock;

	spin_lock_nested(lock);
	copy_shared_entries(page_virt(table), page_virt(copy));
	copy->table_entries = table->table_entries;
	spin_unlock(lock);
	pte_write(directory, pte_table(page_paddr(copy)));
	atomic_dec(&mm->special_spans);
	return table;
}

static int unshare_by_copy(struct mm *mm, pte_t *directory, u64 address)
{
	struct page *copy = pt_table_alloc(), *old = copy;

	if (!copy)
		return -ENOMEM;
	spin_lock(page_table_lock(directory));
	/* Or else another thread was faster. */
	if (pte_table_is_shared(pte_read(directory)))
		old = replace_shared(mm, directory, copy);
	spin_unlock(page_table_lock(directory));
	/* CPUs may have the directory entry cached. What they have of the pages is right: the frames are the same. */
	if (old != copy)
		tlb_flush_range(&mm->mmu, address, address + PAGE_SIZE);
	pt_table_put(old);
	return 0;
}

int pt_unshare(struct mm *mm, u64 address)
{
	pte_t *directory = pt_entry_find(mm, address, 2);
	bool done;

	if (!directory)
		return 0;
	if (pte_is_huge(pte_read(directory)))
		return huge_split(mm, directory, address);
	if (!pte_table_is_shared(pte_read(directory)))
		return 0;
	spin_lock(page_table_lock(directory));
	done = !pte_table_is_shared(pte_read(directory));
	if (!done && table_is_own(pte_page(pte_read(directory)))) {
		take_back(mm, directory);
		done = true;
	}
	spin_unlock(page_table_lock(directory));
	return done ? 0 : unshare_by_copy(mm, directory, ALIGN_DOWN(address, PAGE_SIZE));
}

int pt_unshare_spans(struct mm *mm, u64 start, u64 end, bool keep_huge)
{
	int error = 0;

	for (; start < end && !error; start = table_span_end(start, 2, end))
		if (!keep_huge || !pt_is_huge(mm, start))
			error = pt_unshare(mm, start);
	return error;
}

pte_t pt_entry_peek_shared(struct mm *mm, u64 address, unsigned int *sharers)
{
	pte_t *directory = pt_entry_find(mm, address, 2), value, table;

	if (!directory)
		return (pte_t){ 0 };
	table = pte_read(directory);
	if (likely(pte_is_own_table(table)))
		return pte_read(&pte_table_of(table)[pt_index(address, 1)]);
	spin_lock(page_table_lock(directory));
	table = pte_read(directory);
	if (pte_table_is_shared(table) || (pte_is_huge(table) && !huge_is_shmem(table)))
		*sharers = (unsigned int)atomic_read(&pte_page(table)->table_refs);
	if (pte_none(table))
		value = table;
	else if (pte_is_huge(table))
		value = huge_part(table, address);
	else
		value = pte_read(&pte_table_of(table)[pt_index(address, 1)]);
	spin_unlock(page_table_lock(directory));
	return pte_table_is_shared(table) ? pte_unset(value, PTE_WRITE) : value;
}

bool pt_share(struct mm *parent, struct mm *child, u64 address, bool *changed)
{
	pte_t *from = pt_entry_find(parent, address, 2), *to = pt_entry_make(child, address, 2);
	pte_t value = pte_read(from);

	if (!to)
		return false;
	if (!pte_table_is_shared(value)) {
		/* A fault that still takes the table for the parent's own (fault_fast.c) has left it, or will find the vma locked. */
		spin_lock(page_table_lock(pte_table_of(value)));
		spin_unlock(page_table_lock(pte_table_of(value)));
		value = pte_set(pte_unset(value, PTE_WRITE), PTE_SOFT_SHARED_TABLE);
		pte_write(from, value);
		atomic_inc(&parent->special_spans);
		*changed = true;
	}
	atomic_inc(&pte_page(value)->table_refs);
	pte_write(to, value);
	atomic_inc(&child->special_spans);
	atomic_inc(&child->table_pages);
	return true;
}

struct page *pt_drop_shared(struct mm *mm, u64 address, u64 end)
{
	pte_t *directory = pt_entry_find(mm, address, 2);
	struct page *table = NULL, *shared;
	pte_t value;

	if (!directory)
		return NULL;
	spin_lock(page_table_lock(directory));
	value = pte_read(directory);
	shared = pte_page(value);
	if (!pte_table_is_shared(value)) {
		/* An ordinary one, or a huge page. */
	} else if (table_is_own(shared)) {
		expect(rwsem_is_write_held(&mm->lock));
		take_back(mm, directory);
	} else {
		expect(rwsem_is_write_held(&mm->lock));
		check(IS_ALIGNED(address, TABLE_SPAN) && end - address == TABLE_SPAN);
		table = shared;
		pte_write(directory, (pte_t){ 0 });
		atomic_dec(&mm->special_spans);
		atomic_dec(&mm->table_pages);
	}
	spin_unlock(page_table_lock(directory));
	return table;
}

/* The last sharer has gone without having looked at the entries. */
static __noinline void put_entries(struct page *table)
{
	const pte_t *entry = page_virt(table);

	for (unsigned int i = 0; i < PT_ENTRIES; i++) {
		if (!pte_maps_page(entry[i]))
			continue;
		pte_drop(entry[i]);
		page_put(pte_page(entry[i]));
	}
}

void pt_table_put(struct page *table)
{
	if (atomic_sub_return(&table->table_refs, 1))
		return;
	page_table_set_level(table, 0);
	if (table->owner == PAGE_ANON) {
		page_group_put(table);
	} else if (table->table_entries) {
		put_entries(table);
		page_put(table);
	} else {
		page_free_zeroed(
			table); /* every entry was cleared when what it mapped was unmapped */
	}
}
