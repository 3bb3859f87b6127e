/*
 * User page tables: walking, making, freeing. Tables appear under a fault's lock (vma_lock.h), or mm->lock for reading, and go
 * away under mm->lock for writing, where no vma is.
 */
#include "internal.h"

static struct page *table_alloc(unsigned int flags)
{
	struct page *page = page_alloc(0, PAGE_ZERO | flags, PAGE_TABLE);

	if (page) {
		atomic_set(&page->table_refs, 1);
		page->table_entries = 0;
		page_table_set_level(page, 1);
		spin_init((struct spinlock *)page->table_lock, RANK_PAGE_TABLE);
	}
	return page;
}

struct page *pt_table_alloc(void)
{
	return table_alloc(0);
}

struct page *pt_table_alloc_urgent(void)
{
	struct page *page = table_alloc(0);

	return page ? page : table_alloc(PAGE_ATOMIC);
}

static void root_set(struct mm *mm, unsigned int index, pte_t value)
{
	const pte_t *entry = &mm->mmu.root.table[index];

	if (pte_verify())
		pte_check_directory(entry, pte_read(entry), value);
	page_root_set(&mm->mmu.root, index, value);
}

/* The root is written through page_root_set, so its entries need a lock; lower ones are installed by one exchange. */
static bool table_install(struct mm *mm, pte_t *entry, unsigned int level, struct page *table)
{
	pte_t value = pte_table(page_paddr(table));
	struct spinlock *lock;
	bool free;

	if (level < 4)
		return pte_try_replace(entry, (pte_t){ 0 }, value);
	lock = page_table_lock(entry);
	spin_lock(lock);
	free = pte_none(pte_read(entry));
	if (free)
		root_set(mm, (unsigned int)(entry - mm->mmu.root.table), value);
	spin_unlock(lock);
	return free;
}

static __noinline bool table_make(struct mm *mm, pte_t *entry, unsigned int level)
{
	struct page *table = pt_table_alloc();

	if (!table)
		return false;
	page_table_set_level(table, level - 1);
	if (table_install(mm, entry, level, table))
		atomic_inc(&mm->table_pages);
	else
		pt_table_put(table); /* another thread was faster */
	return true;
}

pte_t *pt_entry_make_missing(struct mm *mm, u64 address, unsigned int level)
{
	pte_t *entry = &mm->mmu.root.table[pt_index(address, 4)];

	for (unsigned int at = 4; at > level; at--) {
		if (unlikely(pte_none(pte_read(entry))) && !table_make(mm, entry, at))
			return NULL;
		/* A huge page of shared memory leaves an empty entry. */
		while (unlikely(!pte_is_own_table(pte_read(entry))))
			if (pt_unshare(mm, address) ||
			    (pte_none(pte_read(entry)) && !table_make(mm, entry, at)))
				return NULL;
		entry = &pte_table_of(pte_read(entry))[pt_index(address, at - 1)];
	}
	return entry;
}

pte_t *pt_next_table(struct mm *mm, u64 *address, u64 end, u64 *span_end)
{
	while (*address < end) {
		const u64 at = *address;
		pte_t *entry = &mm->mmu.root.table[pt_index(at, 4)];
		unsigned int level;

#pragma GCC unroll 3
		for (level = 4; level > 1; level--) {
			pte_t value = pte_read(entry);

			if (pte_none(value))
				break;
			entry = &pte_table_of(value)[pt_index(at, level - 1)];
		}
		*span_end = table_span_end(at, level > 1 ? level : 2, end);
		if (level == 1)
			return entry;
		*address = *span_end;
	}
	return NULL;
}

/* --- Freeing -------------------------------------------------------------------------------------------------------- */

struct table_free {
	struct gather *gather;
	u64 start, end; /* a range that was unmapped */
	u64 floor, ceiling; /* what is empty: more, up to the neighbours */
};

/*
 * Frees the tables below the entries of `table`, which is of `level` and covers [base, ...), where they lie wholly between
 * floor and ceiling. The range that is visited is widened to whole entries.
 */
static void tables_free_below(struct table_free *f, pte_t *table, unsigned int level, u64 base)
{
	u64 size = pt_entry_size(level), address = MAX(ALIGN_DOWN(f->start, size), base);

	for (; address < f->end && address - base < size * PT_ENTRIES; address += size) {
		unsigned int index = pt_index(address, level);
		pte_t value = pte_read(&table[index]);

		if (pte_none(value))
			continue;
		if (level > 2)
			tables_free_below(f, pte_table_of(value), level - 1, address);
		if (address < f->floor || address + size > f->ceiling)
			continue;
		if (level == 4)
			root_set(f->gather->mm, index, (pte_t){ 0 });
		else
			pte_write(&table[index], (pte_t){ 0 });
		gather_range(f->gather, address, address + PAGE_SIZE);
		atomic_dec(&f->gather->mm->table_pages);
		if (gather_add_table(f->gather, pte_page(value)))
			gather_flush(f->gather);
	}
}

void pt_free_range(struct gather *gather, u64 start, u64 end, u64 floor, u64 ceiling)
{
	struct table_free f = {
		.gather = gather, .start = start, .end = end, .floor = floor, .ceiling = ceiling
	};
	u64 block = ALIGN_DOWN(start, pt_entry_size(2));

	/* All in one table that others use too. */
	if (end - block <= pt_entry_size(2) && (block < floor || block + pt_entry_size(2) > ceiling))
		return;
	tables_free_below(&f, gather->mm->mmu.root.table, 4, 0);
}

/* Of neighbours that share tables, the first frees what only they use, and the last what all of them shared. */
void pt_free_tables(struct gather *gather, struct list *vmas, u64 floor, u64 ceiling)
{
	struct vma *vma, *next;

	list_for_each_entry_safe (vma, next, vmas, rmap_link) {
		bool last = &next->rmap_link == vmas;

		pt_free_range(gather, vma->start, vma->end, floor, last ? ceiling : next->start);
	}
}
