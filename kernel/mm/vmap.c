/*
 * The VMAP region. Its lower part is an array of slots for kernel stacks, each twice the size of a stack: the lower half is
 * never mapped. The upper part is for vmalloc and device registers: a list of areas in order, each with an unmapped page
 * behind it.
 *
 * A stack that is freed goes to its CPU's cache, still mapped. What does not fit there is unmapped by a work item, because
 * the last to leave a stack may have interrupts off, and the flush needs them on.
 */
#include "internal.h"

#include <kernel/preempt.h>
#include <kernel/printk.h>
#include <kernel/slab.h>
#include <kernel/vmap.h>
#include <kernel/work.h>
#include <lib/bitmap.h>
#include <platform/tlb.h>

#define STACK_SLOT (2UL * KERNEL_STACK_SIZE)
#define STACK_SLOTS 65536UL /* two for each process number */
#define STACK_PAGES (1u << KERNEL_STACK_ORDER)
#define STACK_CACHE                                                                                \
	16 /* what a grace period frees in a row of short processes comes back at once */
#define AREA_BASE (VMAP_BASE + STACK_SLOTS * STACK_SLOT)
#define AREA_END (VMAP_BASE + VMAP_SIZE)
#define VMAP_BITS (PTE_PRESENT | PTE_WRITE | PTE_NX)

struct stack_cache {
	u32 count;
	void *stacks[STACK_CACHE];
};

/* At the lowest address of a stack that waits to be unmapped. */
struct dead_stack {
	struct dead_stack *next;
};

struct vmap_area {
	struct list link; /* [vmap_lock] in areas, by address */
	u64 start, size; /* [I] size without the guard page */
};

static DEFINE_PER_CPU(struct stack_cache, stack_cache); /* [C] preemption off */
static struct spinlock vmap_lock =
	SPINLOCK_INIT(RANK_VMAP); /* kernel page tables of the region, too */
static unsigned long slots_used[BITMAP_WORDS(STACK_SLOTS)]; /* [vmap_lock] */
static u64 slot_hint; /* [vmap_lock] no free slot below */
static struct list areas = LIST_INIT(areas);
static struct dead_stack *dead_stacks; /* [A] */
static atomic_long_t stack_count;
static void stacks_unmap(struct work *work);
static struct work stacks_work;

/* Frame mapped at `address`, or NULL. The caller owns the mapping. */
static struct page *vmap_page(u64 address)
{
	pte_t *table = kernel_root.table;
	pte_t entry;
	unsigned int level;

	for (level = 4;; level--) {
		entry = pte_read(&table[pt_index(address, level)]);
		if (!pte_present(entry))
			return NULL;
		if (level == 1)
			return paddr_page(pte_address(entry));
		table = pte_table_of(entry);
	}
}

static int vmap_map(u64 address, paddr_t to, size_t size, enum memory_type type)
{
	unsigned long flags = spin_lock_irq(&vmap_lock);
	int error = kernel_map(address, to, size, VMAP_BITS, type);

	spin_unlock_irq(&vmap_lock, flags);
	return error;
}

/* Takes the frames of [address, address + size) out of the page table into `list` (page->link). */
static void vmap_unmap(u64 address, size_t size, struct list *frames)
{
	unsigned long flags;

	for (u64 at = address; at < address + size; at += PAGE_SIZE) {
		struct page *page = vmap_page(at);

		if (page)
			list_add_tail(&page->link, frames);
	}
	flags = spin_lock_irq(&vmap_lock);
	kernel_unmap(address, size);
	spin_unlock_irq(&vmap_lock, flags);
}

static void frames_free(struct list *frames)
{
	struct page *page, *next;

	list_for_each_entry_safe (page, next, frames, link)
		page_put(page);
}

/* Fresh frames for [address, address + size). On failure those mapped so far stay: the caller unmaps. */
static int vmap_fill(u64 address, size_t size, unsigned int flags)
{
	for (u64 at = address; at < address + size; at += PAGE_SIZE) {
		struct page *page = page_alloc(0, flags, PAGE_KERNEL);

		if (!page)
			return -ENOMEM;
		if (vmap_map(at, page_paddr(page), PAGE_SIZE, MEMORY_TYPE_CACHED)) {
			page_put(page);
			return -ENOMEM;
		}
	}
	return 0;
}

/* --- Stacks ------------------------------------------------------------------------------------------------------- */

static u64 slot_stack(u64 slot)
{
	return VMAP_BASE + slot * STACK_SLOT + KERNEL_STACK_SIZE;
}

/* The lowest address of an unmapped stack, or 0. */
static u64 slot_alloc(void)
{
	unsigned long flags = spin_lock_irq(&vmap_lock);
	u64 slot = bitmap_find_first_zero(slots_used, STACK_SLOTS, slot_hint);

	if (slot < STACK_SLOTS) {
		bitmap_set(slots_used, slot);
		slot_hint = slot + 1;
	}
	spin_unlock_irq(&vmap_lock, flags);
	return slot < STACK_SLOTS ? slot_stack(slot) : 0;
}

static void slot_free(u64 stack)
{
	u64 slot = (stack - VMAP_BASE) / STACK_SLOT;
	unsigned long flags = spin_lock_irq(&vmap_lock);

	bitmap_clear(slots_used, slot);
	slot_hint = MIN(slot_hint, slot);
	spin_unlock_irq(&vmap_lock, flags);
}

static void *stack_cache_take(void)
{
	struct stack_cache *cache;
	void *stack = NULL;

	preempt_disable();
	cache = this_cpu_ptr(stack_cache);
	if (cache->count)
		stack = cache->stacks[--cache->count];
	preempt_enable();
	return stack;
}

bool vmap_stack_cache(void *stack)
{
	struct stack_cache *cache;
	unsigned long flags = irq_save();
	bool room;

	cache = this_cpu_ptr(stack_cache);
	room = cache->count < STACK_CACHE;
	if (room)
		cache->stacks[cache->count++] = stack;
	irq_restore(flags);
	return room;
}

void *vmap_stack_alloc(void)
{
	void *cached = stack_cache_take();
	u64 stack;

	if (cached)
		return cached;
	stack = slot_alloc();
	if (!stack)
		return NULL;
	if (vmap_fill(stack, KERNEL_STACK_SIZE, 0)) {
		struct list frames = LIST_INIT(frames);

		/* Nobody has used the addresses: there is nothing to flush. */
		vmap_unmap(stack, KERNEL_STACK_SIZE, &frames);
		frames_free(&frames);
		slot_free(stack);
		return NULL;
	}
	atomic_inc(&stack_count);
	return (void *)stack;
}

void vmap_stack_free(void *stack)
{
	struct dead_stack *dead = stack;

	if (!stack || vmap_stack_cache(stack))
		return;
	dead->next = READ_ONCE(dead_stacks);
	while (!try_cmpxchg(&dead_stacks, &dead->next, dead))
		;
	work_queue(&stacks_work);
}

/* Unmaps a chain of stacks, with one flush for all. */
static void stacks_unmap(struct work *work __unused)
{
	struct dead_stack *chain = xchg(&dead_stacks, NULL);
	u64 low = ~0ULL, high = 0, stacks[32];
	struct list frames = LIST_INIT(frames);
	u32 count;

	while (chain) {
		for (count = 0; chain && count < ARRAY_LEN(stacks); count++) {
			struct dead_stack *next = chain->next;

			stacks[count] = (u64)chain;
			low = MIN(low, stacks[count]);
			high = MAX(high, stacks[count] + KERNEL_STACK_SIZE);
			vmap_unmap(stacks[count], KERNEL_STACK_SIZE, &frames);
			chain = next;
		}
		tlb_flush_kernel(low, high);
		atomic_sub(&stack_count, count);
		while (count--)
			slot_free(stacks[count]);
	}
	frames_free(&frames);
}

u64 vmap_stack_count(void)
{
	long count = (long)atomic_read(&stack_count);

	for (unsigned int cpu = 0; cpu < cpu_count(); cpu++)
		count -= READ_ONCE(per_cpu_ptr(stack_cache, cpu)->count);
	return (u64)MAX(count, 0L);
}

/* --- Areas -------------------------------------------------------------------------------------------------------- */

/* First fit. vmap_lock held. */
static bool area_place(struct vmap_area *area)
{
	struct vmap_area *at;
	u64 start = AREA_BASE;
	struct list *behind = &areas;

	list_for_each_entry (at, &areas, link) {
		if (at->start - start > area->size)
			break;
		start = at->start + at->size + PAGE_SIZE;
		behind = &at->link;
	}
	if (area->size >= AREA_END - start)
		return false;
	area->start = start;
	list_add(&area->link, behind);
	return true;
}

/* NULL: no memory or no room. */
static struct vmap_area *area_alloc(size_t size)
{
	struct vmap_area *area;
	unsigned long flags;
	bool placed;

	if (!size || size > AREA_END - AREA_BASE)
		return NULL;
	area = kmalloc(sizeof(*area), 0);
	if (!area)
		return NULL;
	area->size = ALIGN_UP(size, PAGE_SIZE);
	flags = spin_lock_irq(&vmap_lock);
	placed = area_place(area);
	spin_unlock_irq(&vmap_lock, flags);
	if (placed)
		return area;
	kfree(area);
	return NULL;
}

static struct vmap_area *area_find(u64 start)
{
	struct vmap_area *area;
	unsigned long flags = spin_lock_irq(&vmap_lock);

	list_for_each_entry (area, &areas, link)
		if (area->start == start)
			break;
	spin_unlock_irq(&vmap_lock, flags);
	return &area->link == &areas ? NULL : area;
}

static void area_free(struct vmap_area *area)
{
	unsigned long flags = spin_lock_irq(&vmap_lock);

	list_del(&area->link);
	spin_unlock_irq(&vmap_lock, flags);
	kfree(area);
}

/* Unmaps what is mapped of it and frees all. */
static void area_destroy(struct vmap_area *area)
{
	struct list frames = LIST_INIT(frames);

	vmap_unmap(area->start, area->size, &frames);
	tlb_flush_kernel(area->start, area->start + area->size);
	frames_free(&frames);
	area_free(area);
}

void *vmalloc(size_t size)
{
	struct vmap_area *area = area_alloc(size);

	if (!area)
		return NULL;
	if (!vmap_fill(area->start, area->size, PAGE_ZERO))
		return (void *)area->start;
	area_destroy(area);
	return NULL;
}

void vfree(void *address)
{
	struct vmap_area *area;

	if (!address)
		return;
	area = area_find((u64)address);
	if (!area)
		panic("vfree: %p is no area", address);
	area_destroy(area);
}

void *vmap_device(paddr_t phys, size_t size, enum memory_type type)
{
	u64 offset = phys.raw & (PAGE_SIZE - 1);
	struct vmap_area *area = area_alloc(size + offset);

	if (!area)
		return NULL;
	if (!vmap_map(area->start, paddr(phys.raw - offset), area->size, type))
		return (void *)(area->start + offset);
	kernel_unmap(area->start, area->size);
	area_free(area);
	return NULL;
}

void vmap_init(void)
{
	work_init(&stacks_work, stacks_unmap);
}
