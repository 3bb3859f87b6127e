/* page_model.c - RAM, its map and what else the page allocator asks of others. */
#include "../../../kernel/mm/internal.h"

#include "page_model.h"

#include <kernel/event.h>
#include <kernel/signal.h>
#include <kernel/vmap.h>
#include <lib/string.h>
#include <platform/page_table.h>

#include "model.h"

/* Whole blocks of struct pages; what is not mapped of them is poisoned. */
_Alignas(PAGE_SIZE) char model_page_array[FRAMES * sizeof(struct page)];
_Alignas(PAGE_SIZE) char model_memory[(u64)FRAMES << PAGE_SHIFT];

void __asan_poison_memory_region(const volatile void *start, size_t size);
void __asan_unpoison_memory_region(const volatile void *start, size_t size);

DEFINE_PER_CPU(u64[EVENT_COUNT], event_counts);
atomic_long_t page_cache_count, page_shmem_count, page_dirty_count;

/* Two pieces of RAM with a gap; of the first, boot holds the start, some frames, and its end, which it gives back. */
static const struct memory_range ram[] = {
	{ 0, 3000 << PAGE_SHIFT, MEMORY_USABLE },
	{ 3000 << PAGE_SHIFT, 3001 << PAGE_SHIFT, MEMORY_ACPI },
	{ 9001 << PAGE_SHIFT, (u64)FRAMES << PAGE_SHIFT, MEMORY_USABLE },
};
const u64 boot_free[BOOT_FREE_RANGES][2] = {
	{ 1, 159 }, { 256, 2901 }, { 9001, 11000 }, { 11003, FRAMES }
};

size_t boot_memory_ranges(const struct memory_range **ranges)
{
	*ranges = ram;
	return ARRAY_LEN(ram);
}

bool boot_memory_next_free(u64 *cursor, u64 *start, u64 *end)
{
	if (*cursor == BOOT_FREE_RANGES)
		return false;
	*start = boot_free[*cursor][0] << PAGE_SHIFT;
	*end = boot_free[*cursor][1] << PAGE_SHIFT;
	++*cursor;
	return true;
}

void *boot_memory_alloc(size_t size)
{
	static u64 memory[64];

	MODEL_EXPECT(size <= sizeof(memory));
	return memory;
}

void *boot_memory_alloc_aligned(size_t size, size_t align, u64 limit)
{
	(void)size, (void)align, (void)limit;
	return model_memory;
}

int kernel_map(u64 address, paddr_t to, size_t size, u64 bits, enum memory_type type)
{
	(void)to, (void)bits, (void)type;
	MODEL_EXPECT(IS_ALIGNED(address, PAGE_SIZE) && IS_ALIGNED(size, PAGE_SIZE));
	__asan_unpoison_memory_region((void *)address, size);
	return 0;
}

u64 vmap_stack_count(void)
{
	return 0;
}

void page_zero_raw(void *page)
{
	memset(page, 0, PAGE_SIZE);
}

void page_zero_stream(void *page)
{
	memset(page, 0, PAGE_SIZE);
}

bool signal_is_fatal_pending(const struct task *of)
{
	(void)of;
	return false;
}

void model_pages_unmap(void)
{
	__asan_poison_memory_region(model_page_array, sizeof(model_page_array));
}
