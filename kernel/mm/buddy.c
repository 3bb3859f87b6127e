/*
 * The buddy lists: all free frames that are in no CPU's array.
 *
 * The frames of a block of 2^order are aligned to it; its buddy is the other half of the block of twice the size. Only the
 * head of a free block says PAGE_FREE_BUDDY, with its order; so whether two blocks merge is one look at the buddy's struct
 * page. That struct exists for each frame of an aligned block of the largest size that holds any RAM (page_init.c); where
 * there is no RAM it says PAGE_RESERVED.
 *
 * Blocks merge whatever their kind: a clean one and a dirty one are a dirty one. So clearing ahead never keeps large blocks
 * from forming, and nothing that was cleared is forgotten: each frame keeps its PAGE_FLAG_ZEROED.
 */
#include "internal.h"

#include "page_internal.h"

#include <kernel/page.h>

struct buddy buddy = { .lock = SPINLOCK_INIT(RANK_PAGE_ALLOC) };

static void buddy_insert(struct page *page, unsigned int order, enum page_kind kind)
{
	page->owner = PAGE_FREE_BUDDY;
	page->order = (u8)order;
	page->kind = (u8)kind;
	list_add(&page->link, &buddy.free[kind][order]);
	if (page_zero_ahead() && kind == PAGES_CLEAN)
		buddy.clean_pages += 1UL << order;
}

static void buddy_remove(struct page *page)
{
	list_del(&page->link);
	page->owner = PAGE_RESERVED;
	if (page_zero_ahead() && page->kind == PAGES_CLEAN)
		buddy.clean_pages -= 1UL << page->order;
}

/* Inlined for single frames, of which there are many. */
static __always_inline void buddy_add_locked(struct page *page, unsigned int order,
					     enum page_kind kind)
{
	u64 frame = page_frame(page);

	page->owner = PAGE_RESERVED;
	for (; order < PAGE_MAX_ORDER; order++) {
		struct page *other = frame_page(frame ^ (1UL << order));

		if (other->owner != PAGE_FREE_BUDDY || other->order != order)
			break;
		buddy_remove(other);
		if (page_zero_ahead() && other->kind == PAGES_DIRTY)
			kind = PAGES_DIRTY;
		frame &= ~(1UL << order);
	}
	buddy_insert(frame_page(frame), order, kind);
}

void buddy_free_locked(struct page *page, unsigned int order, enum page_kind kind)
{
	buddy.free_pages += 1UL << order;
	buddy_add_locked(page, order, kind);
}

/* Of that kind alone. */
static struct page *buddy_take_kind_locked(unsigned int order, enum page_kind kind)
{
	unsigned int found = order;
	struct page *page;

	while (found <= PAGE_MAX_ORDER && list_empty(&buddy.free[kind][found]))
		found++;
	if (found > PAGE_MAX_ORDER)
		return NULL;
	page = list_first_entry(&buddy.free[kind][found], struct page, link);
	buddy_remove(page);
	while (found-- > order)
		buddy_insert(page + (1UL << found), found, kind);
	buddy.free_pages -= 1UL << order;
	return page;
}

static struct page *buddy_take_locked(unsigned int order, enum page_kind kind)
{
	struct page *page = buddy_take_kind_locked(order, kind);

	if (page_zero_ahead() && !page)
		page = buddy_take_kind_locked(order, kind ^ 1u);
	return page;
}

struct page *buddy_take_dirty_locked(void)
{
	for (unsigned int order = PAGE_MAX_ORDER + 1; order-- > 0;) {
		struct page *page = buddy_take_kind_locked(order, PAGES_DIRTY);

		if (page)
			return page;
	}
	return NULL;
}

struct page *buddy_take(unsigned int order, enum page_kind kind, u64 keep)
{
	struct page *page = NULL;
	unsigned long flags = spin_lock_irq(&buddy.lock);

	if (buddy.free_pages >= keep + (1UL << order))
		page = buddy_take_locked(order, kind);
	spin_unlock_irq(&buddy.lock, flags);
	return page;
}

/* Of `kind`, or of any if that is dirty. */
static struct page *buddy_take_for_batch(unsigned int order, enum page_kind kind)
{
	return kind == PAGES_CLEAN ? buddy_take_kind_locked(order, kind)
				   : buddy_take_locked(order, kind);
}

unsigned int buddy_take_batch(struct page **pages, enum page_kind kind)
{
	unsigned int order = PAGE_BATCH_ORDER, got = 0;
	unsigned long flags = spin_lock_irq(&buddy.lock);

	if (buddy.free_pages >= buddy.reserve + PAGE_BATCH &&
	    (kind == PAGES_DIRTY || buddy.clean_pages >= PAGE_BATCH)) {
		while (got < PAGE_BATCH) {
			struct page *page;

			while (!(page = buddy_take_for_batch(order, kind)))
				order--; /* order 0 is there: enough frames are free */
			for (unsigned int i = 1u << order; i-- > 0;) {
				page[i].owner = PAGE_FREE_CPU;
				pages[got++] = page + i;
			}
		}
	}
	spin_unlock_irq(&buddy.lock, flags);
	return got;
}

void buddy_give(struct page **pages, unsigned int count)
{
	unsigned long flags = spin_lock_irq(&buddy.lock);

	buddy.free_pages += count;
	while (count--)
		buddy_add_locked(pages[count], 0,
				 page_kind_for(pages[count]->flags & PAGE_FLAG_ZEROED));
	spin_unlock_irq(&buddy.lock, flags);
}
