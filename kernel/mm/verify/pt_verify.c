/*
 * PTE_VERIFY: every edit of a page table of programs is checked before it is made, and read again after it. An edit that breaks
 * a rule is the kernel's own bug: it stops. The rules look at the entry, its table and the frame, and at nothing else; each is
 * true at the moment of the edit, under the locks that the edit needs anyway:
 *
 *	rule						why it holds
 *	the table that is locked for an edit is one of	tables get their level before they are seen, and lose it when they are freed
 *	a program, and nobody else's			(page_table_lock() looks); pt_share.c: whoever wants to change a shared one
 *							takes a copy, or is the last sharer; only the address space itself
 *							makes sharers, with mm->lock for writing
 *	no reserved bit, no address beyond memory,	entries are made of a frame, vma->pte_bits and what is listed in page_table.h
 *	nothing global
 *	present entries are of user mode and accessed,	so the CPU has nothing to report in an entry, and edits need no exchange
 *	writable ones dirty, and no others
 *	an entry in use keeps its frame			who changes the frame makes the entry empty and flushes first
 *	a frame that is mapped is somebody's:		the mapping has a reference from before the entry is made until after it is
 *	anonymous, of a page cache, or one that the	cleared; the owner changes only when the last reference has gone
 *	kernel shows (page_show)
 *	a writable anonymous frame is in one entry	copies are made read-only, the original before them; write permission comes
 *							back when one reference is left. mapcount is counted here: references
 *							that are no mappings (lookups, pinned pages, debuggers) do not matter
 *	a page that is not anonymous has its mapping	who maps it counts it before, so that truncation finds the mapping
 *	counted
 *	a shared table's entries only lose the		its lock is taken by who copies it, and by nobody else
 *	permission to write
 *	a special entry is the zero page, read-only,	others have struct pages, and are counted
 *	or a frame that no allocator has
 *	a directory entry points to a table of the	tables are made for a level; a split and an unsharing replace what is not
 *	level below, which if it can be written		present or not writable
 *	through is this entry's alone
 *	a huge page is a whole group of frames, and	as for shared tables: table_refs counts the directory entries
 *	writable only if it is this entry's alone
 *	or it is 2 MiB of a file in memory, in order,	the entry counts in each of them, and has a reference of each, from before it
 *	and each of its pages has its mapping counted	is made until after it is flushed (huge_shmem.c)
 *	a frame is freed when no entry maps it		each mapping has a reference, and gives it up after the entry is cleared
 *							(page_alloc.c looks at mapcount)
 *
 * What the entry is after the edit must be what was written: everybody else who edits it needs the same lock. Memory that
 * forgets is not found that way, a processor answers from its own store; a store that went elsewhere, or a second writer, is.
 */
#include "../internal.h"

#include "../page_internal.h"

#include <kernel/printk.h>
#include <platform/cpu.h>

#define SPECIAL_BITS                                                                               \
	(PTE_ADDRESS | PTE_ACCESS_WRITE | PTE_SOFT_SPECIAL | PTE_CACHE_DISABLE | PTE_WRITE_THROUGH)

u64 pte_attribute_bits __ro_after_init = ~0ULL;

void pte_bad(const pte_t *entry, pte_t value, const char *what)
{
	panic("page table: entry %p was %llx, is to be %llx: %s", (const void *)entry,
	      (unsigned long long)pte_read(entry).raw, (unsigned long long)value.raw, what);
}

#define RULE(condition, otherwise)                                                                 \
	do {                                                                                       \
		if (unlikely(!(condition)))                                                        \
			pte_bad(entry, value, otherwise);                                          \
	} while (0)

void pte_lost(const pte_t *entry, pte_t value)
{
	panic("page table: entry %p is %llx after %llx was written", (const void *)entry,
	      (unsigned long long)pte_read(entry).raw, (unsigned long long)value.raw);
}

void __init pt_verify_init(void)
{
	u64 last = (buddy.frames_end << PAGE_SHIFT) - 1, memory = PAGE_SIZE;

	while (memory <= last)
		memory <<= 1;
	pte_attribute_bits = ~((memory - PAGE_SIZE) | (cpu_has(CPU_NX) ? PTE_NX : 0));
}

/* Of an entry that maps a frame with a struct page. */
static inline u64 reserved_bits(void)
{
	return pte_attribute_bits & ~PTE_ACCESS_WRITE;
}

static inline u64 access_of(pte_t value)
{
	return value.raw & PTE_ACCESS_WRITE;
}

static inline bool access_is_valid(u64 access)
{
	return access == PTE_ACCESS_WRITE || access == PTE_ACCESS_READ || !access;
}

static inline bool same_frame(pte_t a, pte_t b)
{
	return !((a.raw ^ b.raw) & (PTE_ADDRESS | PTE_SOFT_SPECIAL | PTE_HUGE));
}

static inline bool only_loses_write(pte_t old, pte_t value)
{
	return value.raw == pte_unset(old, PTE_WRITE | PTE_DIRTY).raw;
}

/* --- Entries of level 1 -------------------------------------------------------------------------------------------------- */

static bool has_struct_page(u64 frame)
{
	const u64 address = (u64)frame_page(frame);
	const pte_t *table = kernel_root.table;

	if (frame >= buddy.frames_end)
		return false;
	for (unsigned int level = 4; level; level--) {
		pte_t value = pte_read(&table[pt_index(address, level)]);

		if (!pte_present(value))
			return false;
		if (level < 4 && pte_has(value, PTE_HUGE))
			return true;
		table = pte_table_of(value);
	}
	return true;
}

/* The head of a block says whose it is; the frames inside look like nobody's. What was a head may still say how far it went. */
static bool is_an_allocators(u64 frame)
{
	for (unsigned int order = 0; order <= PAGE_MAX_ORDER; order++) {
		const u64 first = ALIGN_DOWN(frame, 1UL << order);
		const struct page *head = frame_page(first);

		if (has_struct_page(first) && head->owner != PAGE_RESERVED && head->order >= order)
			return true;
	}
	return false;
}

/* The zero page, a device's frame, or what should not be. */
static void special_check(const pte_t *entry, pte_t old, pte_t value)
{
	const u64 no_exec = cpu_has(CPU_NX) ? PTE_NX : 0;
	const u64 frame = pte_address(value).raw >> PAGE_SHIFT;

	RULE(pte_has(value, PTE_SOFT_SPECIAL) && !(value.raw & ~(SPECIAL_BITS | no_exec)),
	     "reserved bits, or an address beyond memory");
	RULE(access_is_valid(access_of(value)), "no such permission");
	RULE(pte_none(old) || same_frame(old, value), "another frame's entry is replaced");
	if (likely(frame == page_frame(zero_page)))
		RULE(!pte_has(value, PTE_WRITE), "the zero page is writable");
	else
		RULE(!is_an_allocators(frame), "a frame of an allocator is mapped as a device's");
}

/* A page that is not anonymous. */
static void shown_check(const pte_t *entry, const struct page *page, pte_t value)
{
	RULE(page->owner >= PAGE_KERNEL && atomic_read(&page->ref) > 0, "a free frame is mapped");
	RULE(page->owner == PAGE_CACHE ||
		     (page->owner == PAGE_KERNEL && page_flag(page, PAGE_FLAG_SHOWN)),
	     "a frame of the kernel's is mapped");
	RULE(atomic_read(&page->mapcount) > 0, "a page is mapped that is not counted as mapped");
}

static void frame_check(const pte_t *entry, pte_t old, pte_t value)
{
	struct page *page = pte_page(value);

	if (page->owner != PAGE_ANON)
		shown_check(entry, page, value);
	else if (pte_none(old))
		pte_count_up(entry, page, value);
	else
		RULE(!pte_has(value, PTE_WRITE) || atomic_read(&page->mapcount) == 1,
		     "a frame is writable that others map");
}

static void leaf_check(const struct page *table, const pte_t *entry, pte_t old, pte_t value)
{
	RULE(atomic_read(&table->table_refs) == 1 || only_loses_write(old, value),
	     "the page table is shared");
	if (unlikely(value.raw & reserved_bits())) {
		special_check(entry, old, value);
		return;
	}
	if (unlikely(pte_none(value))) {
		if (!pte_has(old, PTE_SOFT_SPECIAL))
			pte_count_down(entry, old);
		return;
	}
	RULE(access_is_valid(access_of(value)), "no such permission");
	RULE(pte_none(old) || same_frame(old, value), "another frame's entry is replaced");
	frame_check(entry, old, value);
}

/* --- Directories --------------------------------------------------------------------------------------------------------- */

/* They may have left the cache, but not the file's place in it. */
static bool is_huge_of_file(const struct page *first)
{
	if (!IS_ALIGNED(first->index, (u64)PT_ENTRIES) || atomic_read(&first->huge_maps) <= 0)
		return false;
	for (unsigned int i = 0; i < PT_ENTRIES; i++)
		if (first[i].owner != PAGE_CACHE || !page_flag(&first[i], PAGE_FLAG_SHMEM) ||
		    first[i].index != first->index + i || atomic_read(&first[i].mapcount) <= 0)
			return false;
	return true;
}

static void group_check(const pte_t *entry, const struct page *group, pte_t value)
{
	RULE(group->owner == PAGE_ANON && group->table_entries == PT_ENTRIES &&
		     atomic_read(&group->table_refs) > 0,
	     "a huge page is no group of frames");
	RULE(!pte_has(value, PTE_PRESENT | PTE_WRITE) ||
		     (atomic_read(&group->table_refs) == 1 && !atomic_read(&group->mapcount)),
	     "a frame is writable that others map");
}

static void huge_check(const pte_t *entry, pte_t old, pte_t value)
{
	const u64 reserved = reserved_bits() | (HUGE_PAGE_SIZE - PAGE_SIZE);
	const struct page *group;

	RULE(!(value.raw & reserved & ~PTE_HUGE), "reserved bits, or an address beyond memory");
	/* While it is split it is absent. */
	RULE(!access_of(value) || access_is_valid(access_of(value) | PTE_PRESENT),
	     "no such permission");
	RULE(pte_none(old) || same_frame(old, value), "another frame's entry is replaced");
	group = pte_page(value);
	if (group->owner == PAGE_CACHE)
		RULE(is_huge_of_file(group), "a huge page is not 2 MiB of a file, mapped");
	else
		group_check(entry, group, value);
}

/* A table of the address space's own may take the place of a shared one, and of a huge page that is absent. */
static bool table_may_replace(pte_t old, pte_t value)
{
	return pte_none(old) || same_frame(old, value) || pte_table_is_shared(old) ||
	       (pte_is_huge(old) && !pte_present(old));
}

static void table_check(unsigned int level, const pte_t *entry, pte_t old, pte_t value)
{
	const u64 own = pte_table(paddr(0)).raw, bits = value.raw & ~PTE_ADDRESS;
	const bool shared = level == 2 && bits == ((own & ~PTE_WRITE) | PTE_SOFT_SHARED_TABLE);
	const struct page *table;
	int refs;

	RULE(bits == own || shared, "no such directory entry");
	RULE(!(value.raw & PTE_ADDRESS & reserved_bits()),
	     "reserved bits, or an address beyond memory");
	RULE(table_may_replace(old, value), "another table's entry is replaced");
	table = pte_page(value);
	RULE(table->table_level == level - 1, "it points to no page table of the level below");
	refs = atomic_read(&table->table_refs);
	RULE(shared ? refs > 0 : refs == 1, "a shared page table may be written through it");
}

static void directory_check(const struct page *table, const pte_t *entry, pte_t old, pte_t value)
{
	const unsigned int level = table->table_level;

	RULE(level >= 2 && level <= 4, "it is in no page table of a program");
	if (pte_none(value))
		return;
	if (level == 2 && pte_is_huge(value))
		huge_check(entry, old, value);
	else
		table_check(level, entry, old, value);
}

void pte_check(const pte_t *entry, pte_t old, pte_t value)
{
	const struct page *table = page_table_page(entry);

	if (table->table_level == 1)
		leaf_check(table, entry, old, value);
	else
		directory_check(table, entry, old, value);
}
