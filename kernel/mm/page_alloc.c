/*
 * The page allocator: a buddy system, and in front of it a small array of single frames for each CPU.
 *
 * Buddies: the frames of a block of 2^order are aligned to it; its buddy is the other half of the block of twice the size.
 * Only the head of a free block says PAGE_FREE_BUDDY, with its order; so whether two blocks merge is one look at the
 * buddy's struct page. That struct exists for each frame of an aligned block of the largest size that holds any RAM
 * (page_init.c); where there is no RAM it says PAGE_RESERVED.
 *
 * CPU arrays: touched with preemption off, by tasks only. An interrupt handler goes to the buddy lists, so tasks need not
 * turn interrupts off.
 */
#include "internal.h"

#include "page_internal.h"

#include <kernel/event.h>
#include <kernel/fail_alloc.h>
#include <kernel/page.h>
#include <kernel/printk.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <lib/string.h>
#include <profile/check.h>
#include <profile/init.h>

#define CPU_LIST_MAX 128
#define CPU_LIST_BATCH_ORDER 5
#define CPU_LIST_BATCH (1u << CPU_LIST_BATCH_ORDER)

struct page_cpu_list {
	u32 count;
	struct page *pages[CPU_LIST_MAX]; /* a stack: what was freed last is warm and goes first */
};

static DEFINE_PER_CPU(struct page_cpu_list, page_cpu_list); /* [C] */
static DEFINE_PER_CPU(u64[PAGE_OWNERS],
		      page_owner_count); /* [C] frames handed out here minus frames freed here */

struct buddy buddy = { .lock = SPINLOCK_INIT(RANK_PAGE_ALLOC) };

static __cold __noreturn void page_bad(const struct page *page, const char *what)
{
	panic("page: frame %llx %s (owner %u, order %u, ref %d)",
	      (unsigned long long)page_frame(page), what, page->owner, page->order,
	      atomic_read(&page->ref));
}

/* --- Buddy lists. buddy.lock held. ----------------------------------------------------------------------------- */

static void buddy_insert(struct page *page, unsigned int order)
{
	page->owner = PAGE_FREE_BUDDY;
	page->order = (u8)order;
	list_add(&page->link, &buddy.free[order]);
}

static void buddy_remove(struct page *page)
{
	list_del(&page->link);
	page->owner = PAGE_RESERVED;
}

void buddy_free_locked(struct page *page, unsigned int order)
{
	u64 frame = page_frame(page);

	buddy.free_pages += 1UL << order;
	page->owner = PAGE_RESERVED;
	for (; order < PAGE_MAX_ORDER; order++) {
		struct page *other = frame_page(frame ^ (1UL << order));

		if (other->owner != PAGE_FREE_BUDDY || other->order != order)
			break;
		buddy_remove(other);
		frame &= ~(1UL << order);
	}
	buddy_insert(frame_page(frame), order);
}

static struct page *buddy_take_locked(unsigned int order)
{
	unsigned int found = order;
	struct page *page;

	while (found <= PAGE_MAX_ORDER && list_empty(&buddy.free[found]))
		found++;
	if (found > PAGE_MAX_ORDER)
		return NULL;
	page = list_first_entry(&buddy.free[found], struct page, link);
	buddy_remove(page);
	while (found-- > order)
		buddy_insert(page + (1UL << found), found);
	buddy.free_pages -= 1UL << order;
	return page;
}

/* Leaves at least `keep` frames. */
static struct page *buddy_take(unsigned int order, u64 keep)
{
	struct page *page = NULL;
	unsigned long flags = spin_lock_irq(&buddy.lock);

	if (buddy.free_pages >= keep + (1UL << order))
		page = buddy_take_locked(order);
	spin_unlock_irq(&buddy.lock, flags);
	return page;
}

static void buddy_give(struct page **pages, unsigned int count)
{
	unsigned long flags = spin_lock_irq(&buddy.lock);

	while (count--)
		buddy_free_locked(pages[count], 0);
	spin_unlock_irq(&buddy.lock, flags);
}

/* --- CPU arrays. Preemption off. ------------------------------------------------------------------------------- */

static void cpu_list_push(struct page *page)
{
	page->owner = PAGE_FREE_CPU;
	this_cpu(page_cpu_list).pages[this_cpu(page_cpu_list).count] = page;
	this_cpu(page_cpu_list).count++;
}

/* A batch out of blocks as large as possible, to be handed out in rising order of their frames. */
static __noinline bool cpu_list_refill(void)
{
	struct page_cpu_list *list = this_cpu_ptr(page_cpu_list);
	unsigned int order = CPU_LIST_BATCH_ORDER, got = 0;
	unsigned long flags = spin_lock_irq(&buddy.lock);

	event_count(EVENT_PAGE_REFILL);
	if (buddy.free_pages >= buddy.reserve + CPU_LIST_BATCH) {
		for (; got < CPU_LIST_BATCH; got += 1u << order) {
			struct page *page;

			while (!(page = buddy_take_locked(order)))
				order--; /* order 0 is there: enough frames are free */
			for (unsigned int i = 1u << order; i-- > 0; list->count++) {
				page[i].owner = PAGE_FREE_CPU;
				list->pages[list->count] = page + i;
			}
		}
	}
	spin_unlock_irq(&buddy.lock, flags);
	return got;
}

/* The half that was freed longest ago. */
static __noinline void cpu_list_flush(void)
{
	struct page_cpu_list *list = this_cpu_ptr(page_cpu_list);
	const unsigned int half = CPU_LIST_MAX / 2;

	event_count(EVENT_PAGE_FLUSH);
	buddy_give(list->pages, half);
	memmove(list->pages, list->pages + half, (CPU_LIST_MAX - half) * sizeof(list->pages[0]));
	list->count -= half;
}

static inline struct page *cpu_list_take(void)
{
	struct page *page = NULL;

	if (unlikely(in_interrupt()))
		return NULL;
	preempt_disable();
	if (likely(this_cpu(page_cpu_list).count) || cpu_list_refill())
		page = this_cpu(page_cpu_list).pages[--this_cpu(page_cpu_list).count];
	preempt_enable();
	return page;
}

void page_drain_cpu_list(void)
{
	struct page_cpu_list *list;

	preempt_disable();
	list = this_cpu_ptr(page_cpu_list);
	buddy_give(list->pages, list->count);
	list->count = 0;
	preempt_enable();
}

/* --- Allocation ------------------------------------------------------------------------------------------------- */

/* A task that is to die may use all: it frees more than it takes. */
static u64 page_reserve_for(unsigned int flags)
{
	const struct task *task = current;

	if ((task->flags & TASK_FLAG_MEMORY_RESERVE) ||
	    (task->mm && READ_ONCE(task->mm->oom_victim)))
		return 0;
	return flags & PAGE_ATOMIC ? buddy.reserve / 4 : buddy.reserve;
}

static __noinline struct page *page_alloc_slow(unsigned int order, unsigned int flags)
{
	struct page *page = buddy_take(order, page_reserve_for(flags));

	if (page || (flags & PAGE_ATOMIC))
		return page;
	event_count(EVENT_PAGE_SLOW);
	for (;;) {
		page_drain_cpu_list();
		slab_shrink();
		page = buddy_take(order, page_reserve_for(flags));
		if (page || (flags & PAGE_NO_RECLAIM) || !(flags & PAGE_USER) ||
		    signal_is_fatal_pending(current))
			return page;
		if (!oom_kill())
			return NULL;
	}
}

/* Two cache lines a round: a loop of 8 bytes a round costs four times the instructions. */
static bool page_is_zero(const u64 *at)
{
	const u64 *end = at + PAGE_SIZE / sizeof(*at);
	u64 any = 0;

	for (; at < end && !any; at += 16)
		any = at[0] | at[1] | at[2] | at[3] | at[4] | at[5] | at[6] | at[7] | at[8] |
		      at[9] | at[10] | at[11] | at[12] | at[13] | at[14] | at[15];
	return !any;
}

static void page_verify_zero(struct page *page)
{
	const void *found;

	if (likely(page_is_zero(page_virt(page))))
		return;
	found = mem_find_other(page_virt(page), 0, PAGE_SIZE);
	if (found)
		panic("page: frame %llx was written after it was freed, at offset %lu",
		      (unsigned long long)page_frame(page),
		      (unsigned long)((const char *)found - (char *)page_virt(page)));
}

/* One frame leaves the free state. */
static inline void page_take_frame(struct page *page, bool zero)
{
	bool zeroed = page->flags & PAGE_FLAG_ZEROED;

	if (page_verify() && zeroed)
		page_verify_zero(page);
	if (zero && !zeroed)
		page_zero_raw(page_virt(page));
	page->flags = 0;
}

/* One frame of order 0 becomes the caller's. Its owner_count is the caller's too. */
static inline void page_hand_out(struct page *page, bool zero, enum page_owner owner)
{
	page_take_frame(page, zero);
	page->owner = owner;
	page->order = 0;
	atomic_set(&page->mapcount, 0);
	/* A lock-free lookup that still has the frame from its last life may take a reference from here on. */
	atomic_set_release(&page->ref, 1);
}

static __noinline void page_take_tails(struct page *page, unsigned int order, unsigned int flags,
				       bool zero)
{
	for (unsigned int i = 1; i < 1u << order; i++) {
		page_take_frame(page + i, zero);
		if (flags & PAGE_COMPOUND) {
			page[i].owner = PAGE_TAIL;
			page[i].head = page;
		}
	}
	if (flags & PAGE_COMPOUND)
		page->flags |= PAGE_FLAG_COMPOUND;
}

struct page *page_alloc(unsigned int order, unsigned int flags, enum page_owner owner)
{
	bool zero = (flags & PAGE_ZERO) || (init_on_alloc() && owner == PAGE_KERNEL);
	struct page *page = NULL;

	if (!(flags & PAGE_ATOMIC))
		sleep_check();
	if (fail_alloc())
		return NULL;
	if (likely(order == 0))
		page = cpu_list_take();
	if (unlikely(!page)) {
		page = page_alloc_slow(order, flags);
		if (!page)
			return NULL;
	}
	this_cpu(page_owner_count[owner]) += 1UL << order;
	if (likely(order == 0)) {
		page_hand_out(page, zero, owner);
		return page;
	}
	page_take_frame(page, zero);
	page_take_tails(page, order, flags, zero);
	page->owner = owner;
	page->order = (u8)order;
	atomic_set(&page->mapcount, 0);
	atomic_set_release(&page->ref, 1);
	return page;
}

/* From the end of the CPU's array, refilled once: the frames go out in the order in which page_alloc would hand them out. */
static unsigned int cpu_list_take_batch(struct page **pages, unsigned int count,
					enum page_owner owner)
{
	struct page_cpu_list *list;
	struct page **last;

	preempt_disable();
	list = this_cpu_ptr(page_cpu_list);
	if (unlikely(list->count < count) && list->count <= CPU_LIST_MAX - CPU_LIST_BATCH)
		(void)cpu_list_refill();
	count = MIN(count, list->count);
	list->count -= count;
	this_cpu(page_owner_count[owner]) += count;
	last = list->pages + list->count;
	for (unsigned int i = count; i-- > 0;)
		*pages++ = last[i];
	preempt_enable();
	return count;
}

unsigned int page_alloc_batch(struct page **pages, unsigned int count, unsigned int flags,
			      enum page_owner owner)
{
	bool zero = flags & PAGE_ZERO;

	sleep_check();
	count = cpu_list_take_batch(pages, count, owner);
	for (unsigned int i = 0; i < count; i++)
		page_hand_out(pages[i], zero, owner);
	return count;
}

/* --- Freeing ---------------------------------------------------------------------------------------------------- */

static void page_scrub(struct page *page, unsigned int order)
{
	for (unsigned int i = 0; i < 1u << order; i++) {
		page_zero_raw(page_virt(page + i));
		page[i].flags = PAGE_FLAG_ZEROED;
	}
}

/* No reference is left. `zeroed`: a single frame that is all zero. */
static inline void page_release(struct page *page, bool zeroed)
{
	unsigned int order = page->order;
	unsigned long flags;

	if (unlikely(page->owner < PAGE_KERNEL || page->owner >= PAGE_TAIL))
		page_bad(page, "is freed though nobody owns it");
	this_cpu(page_owner_count[page->owner]) -= 1UL << order;
	page->flags = 0;
	if (zeroed)
		page->flags = PAGE_FLAG_ZEROED;
	else if (init_on_free())
		page_scrub(page, order);
	if (likely(order == 0 && !in_interrupt())) {
		preempt_disable();
		if (unlikely(this_cpu(page_cpu_list).count == CPU_LIST_MAX))
			cpu_list_flush();
		cpu_list_push(page);
		preempt_enable();
		return;
	}
	flags = spin_lock_irq(&buddy.lock);
	buddy_free_locked(page, order);
	spin_unlock_irq(&buddy.lock, flags);
}

void page_put(struct page *page)
{
	int left;

	page = page_head(page);
	left = atomic_sub_return(&page->ref, 1);
	if (likely(left == 0))
		page_release(page, false);
	else if (unlikely(left < 0))
		page_bad(page, "is freed twice");
}

void page_free_zeroed(struct page *page)
{
	int left;

	if (page_verify())
		page_verify_zero(page);
	left = atomic_sub_return(&page->ref, 1);
	/* A lock-free lookup may have the frame for a moment: then it is the one to free it, as any other. */
	if (likely(left == 0))
		page_release(page, true);
	else if (unlikely(left < 0))
		page_bad(page, "is freed twice");
}

void page_free(struct page *page, unsigned int order)
{
	if (unlikely(page->order != order))
		page_bad(page, "is freed with another size");
	page_put(page);
}

bool page_try_get(struct page *page)
{
	int ref;

	page = page_head(page);
	ref = atomic_read(&page->ref);
	do {
		if (ref <= 0)
			return false;
	} while (!atomic_try_cmpxchg(&page->ref, &ref, ref + 1));
	return true;
}

/* --- Figures ---------------------------------------------------------------------------------------------------- */

u64 page_free_count(void)
{
	u64 sum = READ_ONCE(buddy.free_pages);
	unsigned int cpu;

	for (cpu = 0; cpu < cpu_count(); cpu++)
		sum += READ_ONCE(per_cpu_ptr(page_cpu_list, cpu)->count);
	return sum;
}

/* Frames that `owner` has. */
u64 page_owned(enum page_owner owner)
{
	unsigned int cpu;
	u64 sum = 0;

	for (cpu = 0; cpu < cpu_count(); cpu++)
		sum += READ_ONCE((*per_cpu_ptr(page_owner_count, cpu))[owner]);
	return (s64)sum > 0 ? sum : 0;
}
