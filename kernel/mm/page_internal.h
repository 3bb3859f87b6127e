/* Between page_alloc.c and page_init.c. */
#pragma once

#include <kernel/locks.h>
#include <kernel/page.h>

struct buddy {
	struct spinlock lock; /* RANK_PAGE_ALLOC */
	struct list free[PAGE_MAX_ORDER + 1]; /* [lock] page->link of the heads */
	u64 free_pages; /* [lock] frames in the lists */
	u64 reserve; /* [I] frames that are for interrupts and dying tasks */
	u64 total; /* [lock] frames of RAM */
	u64 frames_end; /* [I] no struct page from this frame on */
	u64 managed; /* [lock] frames that were ever given to the lists */
};
extern struct buddy buddy;

void buddy_free_locked(struct page *page, unsigned int order);
u64 page_owned(enum page_owner owner);
