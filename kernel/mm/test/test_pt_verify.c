/*
 * PTE_VERIFY: each case makes one edit of a page table that breaks one rule of verify/pt_verify.c. The tables are of no address
 * space, so that without the mechanism no case does harm.
 */
#include "../huge.h"

#include <abi/mman.h>
#include <kernel/slab.h>
#include <kernel/vmap.h>
#include <kunit/kunit.h>

static pte_t *table_new(unsigned int level)
{
	struct page *table = pt_table_alloc();

	KEXPECT(table);
	page_table_set_level(table, level);
	return page_virt(table);
}

static struct page *frame_new(enum page_owner owner)
{
	struct page *page = page_alloc(0, PAGE_ZERO, owner);

	KEXPECT(page);
	return page;
}

static pte_t maps(const struct page *page, unsigned int prot)
{
	return pte_make(page_paddr(page), pte_protection(prot));
}

static pte_t maps_writable(const struct page *page)
{
	return maps(page, PROT_READ | PROT_WRITE);
}

static void mistake(pte_t *entry, pte_t value, const char *what)
{
	(void)page_table_lock(entry);
	pte_write(entry, value);
	kunit_survived(what);
	pte_store(entry, (pte_t){ 0 });
}

KUNIT_MUST_DIE(pte_outside_of_tables)
{
	pte_t *entry = page_virt(frame_new(PAGE_KERNEL));

	mistake(entry, maps_writable(frame_new(PAGE_ANON)), "an entry that is in no page table");
}

KUNIT_MUST_DIE(pte_reserved_bit)
{
	pte_t value = maps_writable(frame_new(PAGE_ANON));

	mistake(table_new(1), pte_set(value, 1ULL << 52), "a reserved bit");
}

KUNIT_MUST_DIE(pte_global)
{
	pte_t value = maps_writable(frame_new(PAGE_ANON));

	mistake(table_new(1), pte_set(value, PTE_GLOBAL), "a global page of a program");
}

KUNIT_MUST_DIE(pte_beyond_memory)
{
	mistake(table_new(1), pte_make(paddr(1ULL << 45), pte_protection(PROT_READ)),
		"an address beyond memory");
}

KUNIT_MUST_DIE(pte_not_dirty)
{
	pte_t value = maps_writable(frame_new(PAGE_ANON));

	mistake(table_new(1), pte_unset(value, PTE_DIRTY), "a writable entry that is not dirty");
}

KUNIT_MUST_DIE(pte_frame_replaced)
{
	pte_t *entry = table_new(1);

	pte_write(entry, maps_writable(frame_new(PAGE_ANON)));
	mistake(entry, maps_writable(frame_new(PAGE_ANON)), "a frame in another one's place");
}

KUNIT_MUST_DIE(pte_free_frame)
{
	struct page *page = frame_new(PAGE_ANON);
	pte_t *entry = table_new(1);

	page_put(page);
	mistake(entry, maps(page, PROT_READ), "a free frame");
}

KUNIT_MUST_DIE(pte_freed_while_mapped)
{
	struct page *page = frame_new(PAGE_ANON);
	pte_t *entry = table_new(1);

	pte_write(entry, maps_writable(page));
	page_put(page);
	kunit_survived("a frame that is freed while it is mapped");
	pte_store(entry, (pte_t){ 0 });
}

KUNIT_MUST_DIE(pte_kernel_frame)
{
	mistake(table_new(1), maps(frame_new(PAGE_KERNEL), PROT_READ), "a frame of the kernel's");
}

KUNIT_MUST_DIE(pte_slab_frame)
{
	mistake(table_new(1), maps(virt_page(kmalloc(64, 0)), PROT_READ), "a frame of a slab");
}

KUNIT_MUST_DIE(pte_table_frame)
{
	mistake(table_new(1), maps_writable(virt_page(table_new(1))), "a page table that is mapped");
}

KUNIT_MUST_DIE(pte_uncounted_file)
{
	mistake(table_new(1), maps(frame_new(PAGE_CACHE), PROT_READ),
		"a page of a file that is not counted");
}

KUNIT_MUST_DIE(pte_uncounted_frame)
{
	pte_t *entry = table_new(1);

	pte_store(entry, maps_writable(frame_new(PAGE_ANON)));
	mistake(entry, (pte_t){ 0 }, "a mapping that nobody has counted");
}

KUNIT_MUST_DIE(pte_shared_frame)
{
	struct page *page = frame_new(PAGE_ANON);
	pte_t *entry = table_new(1);

	pte_write(entry, maps(page, PROT_READ));
	mistake(table_new(1), maps_writable(page), "a writable mapping of a shared frame");
}

KUNIT_MUST_DIE(pte_shared_frame_permitted)
{
	struct page *page = frame_new(PAGE_ANON);
	pte_t *entry = table_new(1);

	pte_write(entry, maps(page, PROT_READ));
	pte_write(table_new(1), maps(page, PROT_READ));
	mistake(entry, maps_writable(page), "a shared frame that becomes writable");
}

KUNIT_MUST_DIE(pte_shared_table)
{
	pte_t *entry = table_new(1);

	atomic_set(&virt_page(entry)->table_refs, 2);
	mistake(entry, maps_writable(frame_new(PAGE_ANON)), "a shared table that changes");
}

KUNIT_MUST_DIE(pte_zero_page_writable)
{
	mistake(table_new(1), pte_set(maps_writable(zero_page), PTE_SOFT_SPECIAL),
		"a zero page that can be written");
}

KUNIT_MUST_DIE(pte_special_frame)
{
	pte_t value = maps_writable(frame_new(PAGE_ANON));

	mistake(table_new(1), pte_set(value, PTE_SOFT_SPECIAL),
		"a frame of the allocator's as a device's");
}

/* Inside of a free block, where only the head is marked. */
KUNIT_MUST_DIE(pte_special_frame_of_free_block)
{
	pte_t *entry = table_new(1), value;
	struct page *block = page_alloc(4, 0, PAGE_KERNEL);

	KEXPECT(block);
	value = pte_set(maps_writable(block + 5), PTE_SOFT_SPECIAL);
	page_free(block, 4);
	mistake(entry, value, "a frame inside of a free block as a device's");
}

KUNIT_MUST_DIE(pte_special_frame_of_block)
{
	struct page *block = page_alloc(4, 0, PAGE_KERNEL);

	KEXPECT(block);
	mistake(table_new(1), pte_set(maps_writable(block + 5), PTE_SOFT_SPECIAL),
		"a frame inside of a block in use as a device's");
}

KUNIT_MUST_DIE(pte_group_freed_while_mapped)
{
	struct page *group = page_group_alloc();
	pte_t *entry = table_new(1);

	KEXPECT(group);
	pte_write(entry, maps_writable(group + 1));
	page_group_put(group);
	kunit_survived("a huge page that is freed while a part of it is mapped");
	pte_store(entry, (pte_t){ 0 });
}

KUNIT_MUST_DIE(pte_directory_of_data)
{
	mistake(table_new(2), pte_table(page_paddr(frame_new(PAGE_ANON))),
		"a directory entry that points to data");
}

KUNIT_MUST_DIE(pte_directory_of_wrong_level)
{
	mistake(table_new(3), pte_table(virt_to_paddr(table_new(1))), "a table of the wrong level");
}

KUNIT_MUST_DIE(pte_directory_no_exec)
{
	mistake(table_new(2), pte_set(pte_table(virt_to_paddr(table_new(1))), PTE_NX),
		"a directory entry that is no-execute");
}

KUNIT_MUST_DIE(pte_directory_replaced)
{
	pte_t *entry = table_new(2);

	pte_write(entry, pte_table(virt_to_paddr(table_new(1))));
	mistake(entry, pte_table(virt_to_paddr(table_new(1))), "a table in another one's place");
}

KUNIT_MUST_DIE(pte_directory_shared)
{
	pte_t *table = table_new(1);

	atomic_set(&virt_page(table)->table_refs, 2);
	mistake(table_new(2), pte_table(virt_to_paddr(table)),
		"a shared table that can be written through");
}

KUNIT_MUST_DIE(pte_huge_no_group)
{
	struct page *block = page_alloc(9, PAGE_ZERO, PAGE_KERNEL);

	KEXPECT(block);
	mistake(table_new(2), pte_set(maps_writable(block), PTE_HUGE),
		"a huge page that is no group of frames");
}

KUNIT_MUST_DIE(pte_huge_shared)
{
	struct page *group = page_group_alloc();

	KEXPECT(group);
	atomic_set(&group->table_refs, 2);
	mistake(table_new(2), pte_set(maps_writable(group), PTE_HUGE),
		"a shared huge page that can be written");
}

/* 2 MiB of a file, as it is mapped; of no cache. */
static struct page *file_block(void)
{
	struct page *first = page_group_alloc_cached(NULL, 0);

	KEXPECT(first);
	for (unsigned int i = 0; i < PT_ENTRIES; i++)
		atomic_set(&first[i].mapcount, 1);
	atomic_set(&first->huge_maps, 1);
	return first;
}

KUNIT_MUST_DIE(pte_huge_of_file_not_counted)
{
	struct page *first = file_block();

	atomic_set(&first[300].mapcount, 0);
	mistake(table_new(2), pte_set(maps_writable(first), PTE_HUGE),
		"2 MiB of a file of which one page is not counted as mapped");
}

KUNIT_MUST_DIE(pte_huge_of_file_out_of_order)
{
	struct page *first = file_block();

	first[511].index = 0;
	mistake(table_new(2), pte_set(maps_writable(first), PTE_HUGE),
		"2 MiB that are not those of a file, in order");
}

/* The machine's firmware, at the end of the first 4 GiB: a store there changes nothing. The CPU starts at this word. */
#define FIRMWARE 0xfffff000ULL
#define FIRMWARE_START 0xff0

KUNIT_MUST_DIE(pte_store_is_lost)
{
	u8 *firmware = vmap_device(paddr(FIRMWARE), PAGE_SIZE, MEMORY_TYPE_UNCACHED);
	pte_t *entry;

	KEXPECT(firmware);
	entry = (pte_t *)(firmware + FIRMWARE_START);
	KEXPECT(pte_read(entry).raw);
	pte_write(entry, (pte_t){ 0 });
	KEXPECT(pte_read(entry).raw);
	kunit_survived("an edit that is not there afterwards");
}

/* Mappings of a frame are counted, however many tables they are in, and all kinds of usual edits are let through. */
KUNIT(pte_edits_by_the_rules)
{
	struct page *page = frame_new(PAGE_ANON);
	pte_t *table = table_new(1), *other = table_new(1);
	const pte_t read = maps(page, PROT_READ), none = { 0 };

	pte_write(table, maps_writable(page));
	kunit_observed("PTE_VERIFY", atomic_read(&page->mapcount) == 1);
	pte_write(table, read);
	pte_write(other, read);
	pte_write(table, pte_make(page_paddr(page), 0));
	pte_write(other, none);
	pte_write(table, maps_writable(page));
	pte_write(table, none);
	pte_write(other + 1,
		  pte_make(page_paddr(zero_page), pte_protection(PROT_READ) | PTE_SOFT_SPECIAL));
	pte_write(other + 1, none);
	KEXPECT_EQ(atomic_read(&page->mapcount), 0);
	page_put(page);
	pt_table_put(virt_page(table));
	pt_table_put(virt_page(other));
}
