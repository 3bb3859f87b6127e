/* /proc/<pid>/pagemap: a word for each page of an address space, with Linux's bits. */
#include "internal.h"

#define PAGEMAP_PRESENT (1ULL << 63)
#define PAGEMAP_FILE (1ULL << 61) /* of a file, or shared memory */
#define PAGEMAP_EXCLUSIVE (1ULL << 56) /* mapped once */
#define PAGEMAP_FRAME ((1ULL << 55) - 1)

/* `sharers`: of the page table or the huge page that the entry is part of. */
static u64 entry_word(pte_t value, unsigned int sharers, bool frames)
{
	u64 word = PAGEMAP_PRESENT;
	const struct page *page;

	if (pte_none(value))
		return 0;
	if (frames)
		word |= pte_address(value).raw >> PAGE_SHIFT & PAGEMAP_FRAME;
	if (!pte_maps_page(value))
		return word;
	page = pte_page(value);
	if (page->owner != PAGE_ANON)
		return word | PAGEMAP_FILE |
		       (atomic_read(&page->mapcount) == 1 ? PAGEMAP_EXCLUSIVE : 0);
	return word | (atomic_read(&page->ref) == 1 && sharers == 1 ? PAGEMAP_EXCLUSIVE : 0);
}

void vm_pagemap(struct mm *mm, u64 address, u64 *words, unsigned int count, bool frames)
{
	rwsem_read_lock(&mm->lock);
	for (; count--; address += PAGE_SIZE) {
		unsigned int sharers = 1;
		pte_t value = pt_entry_peek_shared(mm, address, &sharers);

		*words++ = entry_word(value, sharers, frames);
	}
	rwsem_read_unlock(&mm->lock);
}
