/*
 * PAGE_ZERO_AHEAD: a CPU that has nothing to do clears free pages, so that whoever wants zeros need not wait for it.
 *
 * The idle task does it, between looking for work and halting: there is no lower priority, and it takes nothing from anybody.
 * A thread of SCHED_IDLE has its share, however small, of a busy CPU, and would be switched to and from.
 *
 * Below vm_zero_ahead_low frames in clean blocks it begins, at vm_zero_ahead_high it ends; while few other frames are free it
 * does not: there is nothing to give back when memory is short, for clean blocks are free blocks like all others. The
 * largest dirty block is taken out, a few of its frames are cleared, and it is put back as what it is then. Preemption is off
 * meanwhile, so that such a block is out for some microseconds only.
 */
#include "internal.h"

#include "page_internal.h"

#include <kernel/event.h>
#include <kernel/page.h>

#define CHUNK 16u

int vm_zero_ahead_low = CONFIG_PAGE_ZERO_AHEAD_LOW, vm_zero_ahead_high = CONFIG_PAGE_ZERO_AHEAD_HIGH;

static bool filling; /* [A] low was passed, high not yet: a hint */
static DEFINE_PER_CPU(struct page *,
		      zero_next); /* [C] behind the last frame that was cleared here: a hint */

/* Without a block of the largest size there still is the reserve, of frames that nobody is clearing. */
static bool zero_leaves_enough(u64 clean, u64 free)
{
	return free >= clean + buddy.reserve + (1u << PAGE_MAX_ORDER);
}

bool page_zero_wanted(void)
{
	u64 clean = READ_ONCE(buddy.clean_pages), free = READ_ONCE(buddy.free_pages);
	int limit = READ_ONCE(filling) ? vm_zero_ahead_high : vm_zero_ahead_low;

	return clean < (u64)limit && zero_leaves_enough(clean, free);
}

/* Clears up to CHUNK frames of a block. True: all of it is clear. */
static bool zero_frames(struct page *block)
{
	const u64 size = 1u << block->order;
	struct page *next = this_cpu(zero_next);
	u64 first = next >= block && next < block + size ? (u64)(next - block) : 0;
	unsigned int left = CHUNK;

	for (u64 i = 0; i < size; i++) {
		struct page *page = block + ((first + i) & (size - 1));

		if (page->flags & PAGE_FLAG_ZEROED)
			continue;
		if (!left--) {
			this_cpu(zero_next) = page;
			return false;
		}
		page_zero_stream(page_virt(page));
		page->flags = PAGE_FLAG_ZEROED;
		event_count(EVENT_PAGE_CLEANED);
	}
	return true;
}

void page_zero_some(void)
{
	struct page *block;
	unsigned long flags;
	bool clear;

	preempt_disable();
	flags = spin_lock_irq(&buddy.lock);
	/* Other CPUs may have taken theirs since this one was told to. */
	block = zero_leaves_enough(buddy.clean_pages, buddy.free_pages) ? buddy_take_dirty_locked()
									: NULL;
	if (block)
		buddy.being_zeroed += 1UL << block->order;
	spin_unlock_irq(&buddy.lock, flags);
	if (block) {
		clear = zero_frames(block);
		flags = spin_lock_irq(&buddy.lock);
		buddy.being_zeroed -= 1UL << block->order;
		buddy_free_locked(block, block->order, page_kind_for(clear));
		spin_unlock_irq(&buddy.lock, flags);
	}
	WRITE_ONCE(filling, true);
	WRITE_ONCE(filling, page_zero_wanted());
	preempt_enable();
}

void page_zero_settle(void)
{
	while (page_zero_ahead() && READ_ONCE(buddy.being_zeroed))
		cpu_relax();
}
