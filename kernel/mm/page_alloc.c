/*
 * The page allocator: small arrays of single frames for each CPU, and behind them the buddy lists (buddy.c).
 *
 * CPU arrays: touched with preemption off, by tasks only. An interrupt handler goes to the buddy lists, so tasks need not
 * turn interrupts off. Whoever has preemption off for a reason of his own takes frames without turning it off once more
 * (page_alloc_pinned). An operation of cmpxchg16b on a list, which would need no such thing, costs more than the two
 * instructions that it saves.
 *
 * With PAGE_ZERO_AHEAD there are two arrays: frames known to be all zero, which come from blocks that were cleared in idle
 * time (page_zero.c) and go to whoever wants zeros; and all others. Each frame says itself whether it is cleared
 * (PAGE_FLAG_ZEROED), wherever it lies, so no frame is cleared twice.
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

DEFINE_PER_CPU(struct frame_stack[FRAME_STACKS], cpu_frames);
_Static_assert(PAGE_KINDS == FRAME_STACKS, "one for each kind");
static DEFINE_PER_CPU(u64[PAGE_OWNERS],
		      page_owner_count); /* [C] frames handed out here minus frames freed here */

#define REFILL_MAX (FRAME_STACK_MAX / 4 * 3u)

static DEFINE_PER_CPU(u32, refill_wanted); /* [C] frames; 0: not known yet */

static __cold __noreturn void page_bad(const struct page *page, const char *what)
{
	panic("page: frame %llx %s (owner %u, order %u, ref %d)",
	      (unsigned long long)page_frame(page), what, page->owner, page->order,
	      atomic_read(&page->ref));
}

/* --- CPU arrays. Preemption off. ------------------------------------------------------------------------------- */

static inline struct frame_stack *cpu_list(enum page_kind kind)
{
	return this_cpu_ptr(cpu_frames[kind]);
}

static inline void cpu_list_push(struct page *page, enum page_kind kind)
{
	u32 count = this_cpu(cpu_frames[kind].count);

	page->owner = PAGE_FREE_CPU;
	this_cpu(cpu_frames[kind].frames[count]) = page;
	this_cpu(cpu_frames[kind].count) = count + 1;
}

static inline struct page *cpu_list_pop(enum page_kind kind)
{
	u32 count = this_cpu(cpu_frames[kind].count) - 1;

	this_cpu(cpu_frames[kind].count) = count;
	return this_cpu(cpu_frames[kind].frames[count]);
}

/*
 * Batches for an array that has room for one. A CPU that takes pages and frees none gets twice as many each time: it asks less
 * often, and the page-fault entry, which takes what is at hand, finds them. False: there is none of that kind.
 */
static __noinline bool cpu_list_refill(enum page_kind kind)
{
	struct frame_stack *list = cpu_list(kind);
	unsigned int wanted = this_cpu(refill_wanted), got, sum = 0;

	event_count(EVENT_PAGE_REFILL);
	do {
		got = buddy_take_batch(list->frames + list->count, kind);
		list->count += got;
		sum += got;
	} while (got && sum < wanted && list->count <= FRAME_STACK_MAX - PAGE_BATCH);
	this_cpu(refill_wanted) = MAX(MIN(2 * wanted, REFILL_MAX), 2 * PAGE_BATCH);
	return sum;
}

/* The half that was freed longest ago. */
static __noinline void cpu_list_flush(enum page_kind kind)
{
	struct frame_stack *list = cpu_list(kind);
	const unsigned int half = FRAME_STACK_MAX / 2;

	event_count(EVENT_PAGE_FLUSH);
	this_cpu(refill_wanted) = PAGE_BATCH;
	buddy_give(list->frames, half);
	memmove(list->frames, list->frames + half,
		(FRAME_STACK_MAX - half) * sizeof(list->frames[0]));
	list->count -= half;
}

/* Whether the array of cleared frames has one, or can have. */
static inline bool cpu_list_has_clean(void)
{
	return this_cpu(cpu_frames[PAGES_CLEAN].count) ||
	       (unlikely(buddy_has_clean_batch()) && cpu_list_refill(PAGES_CLEAN));
}

/* NULL: also in an interrupt. */
static inline struct page *cpu_list_take(bool zero)
{
	if (page_zero_ahead() && zero && cpu_list_has_clean())
		return cpu_list_pop(PAGES_CLEAN);
	if (likely(this_cpu(cpu_frames[PAGES_DIRTY].count) || cpu_list_refill(PAGES_DIRTY)))
		return cpu_list_pop(PAGES_DIRTY);
	if (page_zero_ahead() && this_cpu(cpu_frames[PAGES_CLEAN].count))
		return cpu_list_pop(PAGES_CLEAN);
	return NULL;
}

static void cpu_list_drain(enum page_kind kind)
{
	struct frame_stack *list = cpu_list(kind);

	buddy_give(list->frames, list->count);
	list->count = 0;
}

void page_drain_cpu_list(void)
{
	preempt_disable();
	cpu_list_drain(PAGES_DIRTY);
	if (page_zero_ahead())
		cpu_list_drain(PAGES_CLEAN);
	this_cpu(refill_wanted) = PAGE_BATCH;
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
	const enum page_kind kind = page_kind_for(flags & PAGE_ZERO);
	struct page *page = buddy_take(order, kind, page_reserve_for(flags));

	if (page || (flags & (PAGE_ATOMIC | PAGE_AT_HAND)))
		return page;
	event_count(EVENT_PAGE_SLOW);
	for (;;) {
		page_drain_cpu_list();
		slab_shrink();
		page_zero_settle();
		page = buddy_take(order, kind, page_reserve_for(flags));
		if (page || (flags & PAGE_NO_RECLAIM) || !(flags & PAGE_USER) ||
		    signal_is_fatal_pending(current))
			return page;
		if (!oom_kill())
			return NULL;
	}
}

/* One frame leaves the free state. */
static inline void page_take_frame(struct page *page, bool zero)
{
	bool zeroed = page->flags & PAGE_FLAG_ZEROED;

	if (page_verify() && zeroed)
		page_verify_zero(page);
	if (zero && !zeroed)
		page_zero_raw(page_virt(page));
	else if (page_zero_ahead() && zero)
		event_count(EVENT_PAGE_CLEAN_HIT);
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

static __noinline struct page *page_alloc_block(unsigned int order, unsigned int flags, bool zero,
						enum page_owner owner)
{
	struct page *page = page_alloc_slow(order, flags);

	if (!page)
		return NULL;
	this_cpu(page_owner_count[owner]) += 1UL << order;
	if (order == 0) {
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

struct page *page_alloc(unsigned int order, unsigned int flags, enum page_owner owner)
{
	bool zero = (flags & PAGE_ZERO) || (init_on_alloc() && owner == PAGE_KERNEL);
	struct page *page;

	if (!(flags & PAGE_ATOMIC))
		sleep_check();
	if (fail_alloc())
		return NULL;
	if (unlikely(order || in_interrupt()))
		return page_alloc_block(order, flags, zero, owner);
	preempt_disable();
	page = cpu_list_take(zero);
	if (likely(page))
		this_cpu(page_owner_count[owner])++;
	preempt_enable();
	if (unlikely(!page))
		return page_alloc_block(0, flags, zero, owner);
	page_hand_out(page, zero, owner);
	return page;
}

struct page *page_alloc_pinned(void)
{
	struct page *page;

	/* The n-th allocation that is to fail is one of page_alloc's. */
	if (config_on(CONFIG_FAIL_ALLOC))
		return NULL;
	page = cpu_list_take(true);
	if (unlikely(!page))
		return NULL;
	this_cpu(page_owner_count[PAGE_ANON])++;
	page_hand_out(page, true, PAGE_ANON);
	return page;
}

/* Up to `count` from the end of an array: in the order in which page_alloc would hand them out. */
static unsigned int cpu_list_pop_many(enum page_kind kind, struct page **pages, unsigned int count)
{
	struct frame_stack *list = cpu_list(kind);
	struct page **last;

	if (unlikely(list->count < count) && list->count <= FRAME_STACK_MAX - PAGE_BATCH &&
	    (kind == PAGES_DIRTY || buddy_has_clean_batch()))
		(void)cpu_list_refill(kind);
	count = MIN(count, list->count);
	list->count -= count;
	last = list->frames + list->count;
	for (unsigned int i = count; i-- > 0;)
		*pages++ = last[i];
	return count;
}

unsigned int page_alloc_batch(struct page **pages, unsigned int count, unsigned int flags,
			      enum page_owner owner)
{
	bool zero = flags & PAGE_ZERO;
	unsigned int got = 0;

	sleep_check();
	preempt_disable();
	if (page_zero_ahead() && zero)
		got = cpu_list_pop_many(PAGES_CLEAN, pages, count);
	got += cpu_list_pop_many(PAGES_DIRTY, pages + got, count - got);
	this_cpu(page_owner_count[owner]) += got;
	preempt_enable();
	for (unsigned int i = 0; i < got; i++)
		page_hand_out(pages[i], zero, owner);
	return got;
}

/* --- Freeing ---------------------------------------------------------------------------------------------------- */

static void page_scrub(struct page *page, unsigned int order)
{
	for (unsigned int i = 0; i < 1u << order; i++) {
		page_zero_raw(page_virt(page + i));
		page[i].flags = PAGE_FLAG_ZEROED;
	}
}

/* No reference is left. `zeroed`: a single frame that is all zero. It is counted out, and says whether it is clear. */
static inline void page_retire(struct page *page, unsigned int order, bool zeroed)
{
	if (unlikely(page->owner < PAGE_KERNEL || page->owner >= PAGE_TAIL))
		page_bad(page, "is freed though nobody owns it");
	if (pte_verify() && unlikely(atomic_read(&page->mapcount)))
		page_bad(page, "is freed while a page table maps it");
	this_cpu(page_owner_count[page->owner]) -= 1UL << order;
	page->flags = 0;
	if (zeroed)
		page->flags = PAGE_FLAG_ZEROED;
	else if (init_on_free())
		page_scrub(page, order);
}

/* Preemption off, no interrupt: into this CPU's array. */
static inline void page_give_cpu(struct page *page, enum page_kind kind)
{
	if (unlikely(this_cpu(cpu_frames[kind].count) == FRAME_STACK_MAX))
		cpu_list_flush(kind);
	cpu_list_push(page, kind);
}

/* The head's was looked at as every frame's is. */
static void tails_check_unmapped(const struct page *head)
{
	for (const struct page *page = head + 1; page < head + (1UL << head->order); page++)
		if (atomic_read(&page->mapcount))
			page_bad(page, "is freed while a page table maps it");
}

static void page_give_buddy(struct page *page, enum page_kind kind)
{
	unsigned long flags;

	if (pte_verify())
		tails_check_unmapped(page);
	flags = spin_lock_irq(&buddy.lock);

	buddy_free_locked(page, page->order, kind);
	spin_unlock_irq(&buddy.lock, flags);
}

static inline void page_release(struct page *page, bool zeroed)
{
	const enum page_kind kind = page_kind_for(zeroed);

	page_retire(page, page->order, zeroed);
	if (unlikely(page->order || in_interrupt())) {
		page_give_buddy(page, kind);
		return;
	}
	preempt_disable();
	page_give_cpu(page, kind);
	preempt_enable();
}

/* True: the last reference went. */
static inline bool page_drop(struct page *page)
{
	int left = atomic_sub_return(&page->ref, 1);

	if (unlikely(left < 0))
		page_bad(page, "is freed twice");
	return left == 0;
}

void page_put(struct page *page)
{
	page = page_head(page);
	if (likely(page_drop(page)))
		page_release(page, false);
}

/* Clearing takes too long to be done for all with preemption off: first that, then all of the single frames go at once. */
static void page_put_many_cleared(struct page **pages, unsigned int count)
{
	unsigned int frames = 0;

	for (unsigned int i = 0; i < count; i++) {
		struct page *page = page_head(pages[i]);

		if (unlikely(!page_drop(page)))
			continue;
		if (unlikely(page->order)) {
			page_release(page, false);
			continue;
		}
		page_retire(page, 0, false);
		pages[frames++] = page;
	}
	preempt_disable();
	for (unsigned int i = 0; i < frames; i++)
		page_give_cpu(pages[i], PAGES_DIRTY);
	preempt_enable();
}

void page_put_many(struct page **pages, unsigned int count)
{
	if (init_on_free()) {
		page_put_many_cleared(pages, count);
		return;
	}
	preempt_disable();
	for (unsigned int i = 0; i < count; i++) {
		struct page *page = page_head(pages[i]);

		if (unlikely(!page_drop(page)))
			continue;
		page_retire(page, page->order, false);
		if (likely(!page->order))
			page_give_cpu(page, PAGES_DIRTY);
		else
			page_give_buddy(page, PAGES_DIRTY);
	}
	preempt_enable();
}

/*
 * That it is zero is believed here, and verified when it is allocated, as of every frame that says so of itself: whether it was
 * no zero page or was written later, nobody can own it before the kernel stops.
 */
void page_free_zeroed(struct page *page)
{
	/* A lock-free lookup may have the frame for a moment: then it is the one to free it, as any other. */
	if (likely(page_drop(page)))
		page_release(page, true);
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
	u64 sum = READ_ONCE(buddy.free_pages) + READ_ONCE(buddy.being_zeroed);
	unsigned int cpu;

	for (cpu = 0; cpu < cpu_count(); cpu++)
		for (unsigned int kind = 0; kind < PAGE_KINDS; kind++)
			sum += READ_ONCE((*per_cpu_ptr(cpu_frames, cpu))[kind].count);
	return sum;
}

/* Frames that `owner` has. */
u64 page_owned(enum page_owner owner)
{
	unsigned int cpu;
	u64 sum = 0;

	for (cpu = 0; cpu < cpu_count(); cpu++)
		sum += READ_ONCE((*per_cpu_ptr(page_owner_count, cpu))[owner]);
	/* The page-fault entry counts what it takes by itself. */
	for (cpu = 0; owner == PAGE_ANON && cpu < cpu_count(); cpu++)
		sum += READ_ONCE(per_cpu_ptr(fault_counts, cpu)->frames);
	return (s64)sum > 0 ? sum : 0;
}
