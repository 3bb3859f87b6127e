/*
 * Edits of page tables of programs, the only ones: a store each; with PTE_VERIFY the store is checked before, and read again
 * after. What is checked, and why it holds, is in verify/pt_verify.c. The usual edits are checked here, in the caller; a rule
 * that seems broken here is looked at there once more.
 */
#pragma once

#include <kernel/locks.h>
#include <kernel/page.h>
#include <platform/fault.h>
#include <platform/page_table.h>
#include <profile/pte.h>

/* Tables of user space are pages: their addresses are of the direct map. */
static inline struct page *page_table_page(const pte_t *entry)
{
	return frame_page(((u64)entry - DIRECT_MAP_BASE) >> PAGE_SHIFT);
}

void __cold __noreturn pte_bad(const pte_t *entry, pte_t value, const char *what);

/* Entries of the table, this one among them, are about to be changed. */
static __always_inline void page_table_check(const struct page *table, const pte_t *entry)
{
	if (unlikely(!table->table_level))
		pte_bad(entry, pte_read(entry), "it is in no page table of a program");
	if (unlikely(atomic_read(&table->table_refs) != 1))
		pte_bad(entry, pte_read(entry), "the page table is shared");
}

/* Who takes it looks afterwards whether the table still is the address space's own (fault_fast.c). */
static inline struct spinlock *page_table_lock_unchecked(struct page *table)
{
	_Static_assert(sizeof(struct spinlock) <= sizeof(((struct page *)0)->table_lock) &&
			       offsetof(struct spinlock, held) == 0,
		       "the lock fits, and begins with what the page-fault entry exchanges");
	return (struct spinlock *)table->table_lock;
}

/* The lock of a page table, from a pointer to any of its entries. */
static inline struct spinlock *page_table_lock(const pte_t *entry)
{
	struct page *table = page_table_page(entry);

	if (pte_verify())
		page_table_check(table, entry);
	return page_table_lock_unchecked(table);
}

/* A frame or the memory of one: set although the CPU may not use it (PROT_NONE keeps the frame of an absent entry). */
static inline bool pte_maps_page(pte_t pte)
{
	return !pte_none(pte) && !pte_has(pte, PTE_SOFT_SPECIAL);
}

/* paddr_page, by one shift for two: nothing is in the address below the frame's number. */
static inline struct page *pte_page(pte_t pte)
{
	return (struct page *)((u64)PAGE_ARRAY +
			       (pte_address(pte).raw >> (PAGE_SHIFT - FRAME_HEAD_SHIFT)));
}

/* A directory entry that maps 2 MiB: huge.c. It may lack PTE_PRESENT. */
static inline bool pte_is_huge(pte_t directory)
{
	return pte_has(directory, PTE_HUGE);
}

/* --- PTE_VERIFY ------------------------------------------------------------------------------------------------------------ */

#define PTE_ACCESS_READ (PTE_PRESENT | PTE_USER | PTE_ACCESSED)
#define PTE_ACCESS_WRITE (PTE_ACCESS_READ | PTE_WRITE | PTE_DIRTY)

/* What is neither the address of RAM nor NX, in an entry. */
extern u64 pte_attribute_bits;

/* An edit of `entry`, which is `old`: stops the kernel if it breaks a rule; counts mappings. */
void pte_check(const pte_t *entry, pte_t old, pte_t value);
void pt_verify_init(void);

/* Before a table is first written, or seen: what its entries are. */
static inline void page_table_set_level(struct page *table, unsigned int level)
{
	if (pte_verify())
		table->table_level = (u8)level;
}

/* Of an anonymous frame: a writable mapping must be its only one. */
static __always_inline void pte_count_up(const pte_t *entry, struct page *page, pte_t value)
{
	if (!pte_has(value, PTE_WRITE))
		atomic_inc(&page->mapcount);
	else if (unlikely(atomic_add_return(&page->mapcount, 1) != 1))
		pte_bad(entry, value, "a frame is writable that others map");
}

/* An entry that is not special has gone. */
static __always_inline void pte_count_down(const pte_t *entry, pte_t old)
{
	struct page *page = pte_page(old);

	if (page->owner == PAGE_ANON && unlikely(atomic_sub_return(&page->mapcount, 1) < 0))
		pte_bad(entry, old, "it mapped a frame that nobody has counted");
}

/* A frame to an empty entry. False: pte_check must look. What is mapped already, or counted as mapped, may be mapped. */
static __always_inline bool pte_check_new(const pte_t *entry, pte_t value)
{
	const u64 attributes = value.raw & pte_attribute_bits;
	struct page *page = pte_page(value);

	if (attributes == PTE_ACCESS_READ && likely(atomic_read(&page->mapcount) > 0)) {
		if (page->owner == PAGE_ANON)
			atomic_inc(&page->mapcount);
		return true;
	}
	if (attributes == PTE_ACCESS_WRITE && page->owner == PAGE_ANON) {
		pte_count_up(entry, page, value);
		return true;
	}
	return attributes == (PTE_ACCESS_READ | PTE_SOFT_SPECIAL) && page == zero_page;
}

static __always_inline void pte_check_usual(const pte_t *entry, pte_t value)
{
	const pte_t old = pte_read(entry);

	if (likely(pte_none(old)) && likely(pte_check_new(entry, value)))
		return;
	if (likely(value.raw != pte_unset(old, PTE_WRITE | PTE_DIRTY).raw) || pte_none(old))
		pte_check(entry, old, value);
}

/* A table of the level below to an empty entry. False: pte_check must look. */
static __always_inline bool pte_check_new_table(const pte_t *entry, pte_t value)
{
	const struct page *table = pte_page(value);

	return (value.raw & pte_attribute_bits) == pte_table(paddr(0)).raw && table->table_level &&
	       page_table_page(entry)->table_level == table->table_level + 1 &&
	       atomic_read(&table->table_refs) == 1;
}

static __always_inline void pte_check_directory(const pte_t *entry, pte_t old, pte_t value)
{
	if (!pte_none(value) && unlikely(!pte_none(old) || !pte_check_new_table(entry, value)))
		pte_check(entry, old, value);
}

static __always_inline void pte_clear_verified(pte_t *entry)
{
	const pte_t old = pte_read(entry), none = { 0 };

	pte_store(entry, none);
	pte_read_again(entry, none);
	if (likely(!(old.raw & (PTE_SOFT_SPECIAL | PTE_HUGE))))
		pte_count_down(entry, old);
}

static __always_inline void pte_write_verified(pte_t *entry, pte_t value)
{
	pte_check_usual(entry, value);
	pte_store(entry, value);
	pte_read_again(entry, value);
}

/* --- Edits, under the locks that they need ------------------------------------------------------------------------------- */

static PTE_EDIT_INLINE void pte_write(pte_t *entry, pte_t value)
{
	if (!pte_verify())
		WRITE_ONCE(entry->raw, value.raw);
	else if (__builtin_constant_p(value.raw) && !value.raw)
		pte_clear_verified(entry);
	else
		pte_write_verified(entry, value);
}

/*
 * Installs `value` if the entry still is `expected`; for directories. A huge page may be split as soon as it is there: it is not
 * read again.
 */
static __always_inline bool pte_try_replace(pte_t *entry, pte_t expected, pte_t value)
{
	if (pte_verify())
		pte_check_directory(entry, expected, value);
	if (!pte_try_store(entry, expected, value))
		return false;
	if (!pte_is_huge(value))
		pte_read_again(entry, value);
	return true;
}

/* A directory entry that is absent becomes empty, and others may fill it at once: it is not read again. */
static __always_inline void pte_clear_open(pte_t *entry)
{
	pte_store(entry, (pte_t){ 0 });
}

/* Instead of clearing it: the table goes that the entry was in, and nobody has it any more. */
static inline void pte_drop(pte_t entry)
{
	if (pte_verify())
		pte_count_down(&entry, entry);
}
