/* Start of the page allocator: the page array, the first free blocks; and what /proc/meminfo shows of it. */
#include "internal.h"

#include "page_internal.h"

#include <kernel/page.h>
#include <kernel/printk.h>
#include <kernel/slab.h>
#include <kernel/vmap.h>
#include <platform/page_table.h>

/* Struct pages are there for whole blocks of the largest size, so that a buddy always has one. */
#define ARRAY_ALIGN ((u64)PAGE_SIZE << PAGE_MAX_ORDER)
/* RAM whose struct pages fill a 2 MiB page. */
#define ARRAY_HUGE (HUGE_PAGE_SIZE / sizeof(struct page) * PAGE_SIZE)

struct page *zero_page;
static bool pages_ready;

paddr_t page_table_frame_alloc(void)
{
	struct page *page;

	if (unlikely(!pages_ready))
		return virt_to_paddr(boot_memory_alloc(PAGE_SIZE));
	page = page_alloc(0, PAGE_ZERO | PAGE_ATOMIC, PAGE_TABLE);
	return page ? page_paddr(page) : paddr(0);
}

void page_table_frame_free(paddr_t frame)
{
	page_free(paddr_page(frame), 0);
}

u64 page_managed_count(void)
{
	return READ_ONCE(buddy.managed);
}

u64 page_frames_end(void)
{
	return buddy.frames_end;
}

/* Maps the struct pages of the RAM [start, end). */
static void __init page_array_map(u64 start, u64 end)
{
	u64 address = (u64)frame_page(start >> PAGE_SHIFT);
	size_t size = (u64)frame_page(end >> PAGE_SHIFT) - address;
	void *memory =
		boot_memory_alloc_aligned(size, size == HUGE_PAGE_SIZE ? size : PAGE_SIZE, ~0ULL);

	if (kernel_map(address, virt_to_paddr(memory), size, PTE_PRESENT | PTE_WRITE | PTE_NX,
		       MEMORY_TYPE_CACHED))
		panic("page: no memory for the page array");
}

/* `done`: up to where RAM has struct pages already. Whole 2 MiB pages where they are filled, 4 KiB pages elsewhere. */
static u64 __init page_array_range(u64 start, u64 end, u64 done)
{
	start = MAX(ALIGN_DOWN(start, ARRAY_ALIGN), done);
	end = ALIGN_UP(end, ARRAY_ALIGN);
	while (start < end) {
		u64 next = MIN(ALIGN_DOWN(start, ARRAY_HUGE) + ARRAY_HUGE, end);

		page_array_map(start, next);
		start = next;
	}
	return MAX(done, end);
}

static void __init page_array_init(void)
{
	const struct memory_range *ranges;
	u64 done = 0, *spans;
	size_t i, count = boot_memory_ranges(&ranges);

	/* The list may move while we allocate. */
	spans = boot_memory_alloc(count * 2 * sizeof(*spans));
	count = boot_memory_ranges(&ranges);
	for (i = 0; i < count; i++) {
		bool usable = ranges[i].kind == MEMORY_USABLE;

		spans[2 * i] = usable ? ranges[i].start : 0;
		spans[2 * i + 1] = usable ? ranges[i].end : 0;
		buddy.total += (spans[2 * i + 1] - spans[2 * i]) >> PAGE_SHIFT;
	}
	for (i = 0; i < count; i++)
		if (spans[2 * i + 1])
			done = page_array_range(spans[2 * i], spans[2 * i + 1], done);
	buddy.frames_end = done >> PAGE_SHIFT;
}

/* Free frames [frame, end), as the largest aligned blocks. */
static void page_add_range(u64 frame, u64 end)
{
	unsigned long flags = spin_lock_irq(&buddy.lock);

	buddy.managed += end > frame ? end - frame : 0;
	while (frame < end) {
		unsigned int order = PAGE_MAX_ORDER;

		while (!IS_ALIGNED(frame, 1ULL << order) || frame + (1ULL << order) > end)
			order--;
		buddy_free_locked(frame_page(frame), order, PAGES_DIRTY);
		frame += 1ULL << order;
	}
	spin_unlock_irq(&buddy.lock, flags);
}

void __init page_init(void)
{
	u64 cursor = 0, start, end;
	unsigned int order;

	for (order = 0; order <= PAGE_MAX_ORDER; order++)
		for (unsigned int kind = 0; kind < PAGE_KINDS; kind++)
			list_init(&buddy.free[kind][order]);
	page_array_init();
	pages_ready = true;
	while (boot_memory_next_free(&cursor, &start, &end))
		page_add_range(start >> PAGE_SHIFT, end >> PAGE_SHIFT);
	/* As Linux's min_free_kbytes of small machines; at most 16 MiB. */
	buddy.reserve = MIN(MAX(buddy.managed / 256, (u64)64), (u64)4096);
	zero_page = page_alloc(0, PAGE_ZERO | PAGE_ATOMIC, PAGE_KERNEL);
	if (!zero_page)
		panic("page: no memory");
	zero_page_entry = page_paddr(zero_page).raw | PTE_SOFT_SPECIAL;
}

void page_init_cpu(void)
{
}

void page_free_boot_range(paddr_t start, paddr_t end)
{
	page_add_range(DIV_ROUND_UP(start.raw, PAGE_SIZE), end.raw >> PAGE_SHIFT);
}

void page_counts_read(struct page_counts *counts)
{
	*counts = (struct page_counts){
		.total = buddy.managed,
		.free = page_free_count(),
		.reserved = buddy.total - buddy.managed,
		.cached = (u64)atomic_read(&page_cache_count),
		.anon = page_owned(PAGE_ANON),
		.slab = page_owned(PAGE_SLAB),
		.page_tables = page_owned(PAGE_TABLE),
		.kernel_stacks = vmap_stack_count() << KERNEL_STACK_ORDER,
		.shmem = (u64)atomic_read(&page_shmem_count),
		.dirty = (u64)atomic_read(&page_dirty_count),
	};
}

void page_report(void)
{
	const unsigned int kib = PAGE_SHIFT - 10;

	pr_info("Memory: %lluK/%lluK available (%lluK reserved)",
		(unsigned long long)page_free_count() << kib, (unsigned long long)buddy.total << kib,
		(unsigned long long)(buddy.total - buddy.managed) << kib);
}
