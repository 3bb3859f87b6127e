/* The page allocator: alignment, zeroing, references, coalescing. */
#include "../internal.h"

#include "../page_internal.h"

#include <kernel/event.h>
#include <kernel/printk.h>
#include <kernel/slab.h>
#include <kunit/kunit.h>
#include <lib/string.h>

#define COUNT 3000

KUNIT(page_alloc_all_orders)
{
	for (unsigned int order = 0; order <= PAGE_MAX_ORDER; order++) {
		struct page *page = page_alloc(order, PAGE_ZERO, PAGE_KERNEL);

		KEXPECT(page);
		if (!page)
			continue;
		KEXPECT(IS_ALIGNED(page_frame(page), 1UL << order));
		KEXPECT(mem_is_zero(page_virt(page), (size_t)PAGE_SIZE << order));
		KEXPECT_EQ(atomic_read(&page->ref), 1);
		memset(page_virt(page), 0xa5, (size_t)PAGE_SIZE << order);
		page_free(page, order);
	}
}

KUNIT(page_compound_references)
{
	struct page *page = page_alloc(3, PAGE_COMPOUND, PAGE_KERNEL);

	KEXPECT(page);
	if (!page)
		return;
	KEXPECT(page_head(page + 5) == page);
	page_get(page + 5);
	KEXPECT_EQ(atomic_read(&page->ref), 2);
	page_put(page + 7);
	KEXPECT(page_try_get(page + 1));
	page_put(page);
	page_put(page);
	KEXPECT(!page_try_get(page));
}

static u64 largest_blocks(void)
{
	u64 count = 0;
	struct page *page;
	unsigned long flags = spin_lock_irq(&buddy.lock);

	for (unsigned int kind = 0; kind < PAGE_KINDS; kind++)
		list_for_each_entry (page, &buddy.free[kind][PAGE_MAX_ORDER], link)
			count++;
	spin_unlock_irq(&buddy.lock, flags);
	return count;
}

/* Frames handed out one by one, and given back in another order, are whole blocks again. */
KUNIT(page_blocks_coalesce)
{
	struct page **pages = kmalloc(COUNT * sizeof(*pages), SLAB_ZERO);
	u64 before;

	KEXPECT(pages);
	page_drain_cpu_list();
	before = largest_blocks();
	for (u32 i = 0; i < COUNT; i++)
		pages[i] = page_alloc(0, 0, PAGE_KERNEL);
	KEXPECT(largest_blocks() < before);
	for (u32 i = 0; i < COUNT; i++)
		if (pages[i * 7 % COUNT])
			page_put(pages[i * 7 % COUNT]);
	page_drain_cpu_list();
	/* Another CPU may have taken a batch. */
	KEXPECT(largest_blocks() + 2 >= before);
	kfree(pages);
}

KUNIT(page_alloc_gives_disjoint_frames)
{
	struct page **pages = kmalloc(COUNT * sizeof(*pages), SLAB_ZERO);
	int wrong = 0;

	KEXPECT(pages);
	for (u32 i = 0; i < COUNT; i++) {
		pages[i] = page_alloc(0, PAGE_ZERO, PAGE_KERNEL);
		KEXPECT(pages[i]);
		wrong += !mem_is_zero(page_virt(pages[i]), PAGE_SIZE);
		*(u32 *)page_virt(pages[i]) = i;
	}
	for (u32 i = 0; i < COUNT; i++)
		wrong += *(u32 *)page_virt(pages[i]) != i;
	KEXPECT_EQ(wrong, 0);
	for (u32 i = 0; i < COUNT; i++)
		page_put(pages[i]);
	kfree(pages);
}

/* What an idle CPU clears counts as free, is zero, and is what whoever wants zeros gets. */
KUNIT(page_cleared_in_idle_time)
{
	u64 free = page_free_count(), cleared = event_sum(EVENT_PAGE_CLEANED);
	u64 hits = event_sum(EVENT_PAGE_CLEAN_HIT), wrong = 0;
	struct page *page;
	struct list taken;

	if (!page_zero_ahead())
		return;
	page_drain_cpu_list();
	while (page_zero_wanted())
		page_zero_some();
	KEXPECT(READ_ONCE(buddy.clean_pages) >= PAGE_BATCH);
	KEXPECT(event_sum(EVENT_PAGE_CLEANED) > cleared);
	KEXPECT(page_free_count() + 2 * PAGE_BATCH >= free);
	list_init(&taken);
	for (unsigned int i = 0; i < PAGE_BATCH; i++) {
		page = page_alloc(0, PAGE_ZERO, PAGE_KERNEL);
		wrong += !mem_is_zero(page_virt(page), PAGE_SIZE);
		list_add(&page->lru, &taken);
	}
	page = page_alloc(9, PAGE_ZERO, PAGE_KERNEL);
	wrong += !mem_is_zero(page_virt(page), (size_t)PAGE_SIZE << 9);
	page_free(page, 9);
	KEXPECT_EQ(wrong, 0);
	KEXPECT(event_sum(EVENT_PAGE_CLEAN_HIT) >= hits + PAGE_BATCH);
	while ((page = list_first_entry_or_null(&taken, struct page, lru))) {
		list_del(&page->lru);
		page_put(page);
	}
}

KUNIT(page_cleared_when_freed)
{
	struct page *page = page_alloc(0, 0, PAGE_KERNEL);

	KEXPECT(page);
	memset(page_virt(page), 0x5a, PAGE_SIZE);
	page_put(page);
	kunit_observed("INIT_ON_FREE", mem_is_zero(page_virt(page), PAGE_SIZE));
}

KUNIT_MUST_DIE(page_written_after_free)
{
	struct page **pages = kmalloc(COUNT * sizeof(*pages), SLAB_ZERO);
	struct page *page = page_alloc(0, 0, PAGE_KERNEL);
	char *memory = page_virt(page);

	page_put(page);
	memory[123] = 'x';
	for (int i = 0; i < COUNT; i++)
		pages[i] = page_alloc(0, 0, PAGE_KERNEL);
	for (int i = 0; i < COUNT; i++)
		page_put(pages[i]);
	kfree(pages);
	kunit_survived("a store into a free page");
}

#define FRAME_32_GIB (32ULL << (30 - PAGE_SHIFT))

/* Largest blocks until one lies above 32 GiB, chained; all go back. Where there is less memory, none does. */
KUNIT(page_above_32_gib)
{
	struct page *page = NULL;
	u64 *word;
	struct list taken;

	list_init(&taken);
	while (page_frames_end() > FRAME_32_GIB &&
	       (page = page_alloc(PAGE_MAX_ORDER, 0, PAGE_KERNEL))) {
		list_add(&page->lru, &taken);
		if (page_frame(page) >= FRAME_32_GIB)
			break;
	}
	if (page) {
		word = page_virt(page + (1u << PAGE_MAX_ORDER) - 1);
		*(volatile u64 *)word = ~page_frame(page);
		KEXPECT_EQ(*(volatile u64 *)word, ~page_frame(page));
		pr_info("kunit: frame %llx holds what was written",
			(unsigned long long)page_frame(page));
	}
	while ((page = list_first_entry_or_null(&taken, struct page, lru))) {
		list_del(&page->lru);
		page_free(page, PAGE_MAX_ORDER);
	}
}
