/* Between buddy.c, page_alloc.c, page_verify.c, page_zero.c and page_init.c. */
#pragma once

#include <kernel/locks.h>
#include <kernel/page.h>

/*
 * Free blocks and arrays are of two kinds, with PAGE_ZERO_AHEAD: in a clean one each frame has PAGE_FLAG_ZEROED. In a dirty one
 * some may have it. Without PAGE_ZERO_AHEAD all are taken for dirty.
 */
enum page_kind { PAGES_DIRTY, PAGES_CLEAN, PAGE_KINDS };

struct buddy {
	struct spinlock lock; /* RANK_PAGE_ALLOC */
	struct list free[PAGE_KINDS][PAGE_MAX_ORDER + 1]; /* [lock] page->link of the heads */
	u64 free_pages; /* [lock] frames in the lists */
	u64 clean_pages; /* [lock] of these, frames in clean blocks */
	u64 being_zeroed; /* [lock] frames of blocks that page_zero.c has taken out for a moment */
	u64 reserve; /* [I] frames that are for interrupts and dying tasks */
	u64 total; /* [lock] frames of RAM */
	u64 frames_end; /* [I] no struct page from this frame on */
	u64 managed; /* [lock] frames that were ever given to the lists */
};
extern struct buddy buddy;

#define PAGE_BATCH_ORDER 5
#define PAGE_BATCH (1u << PAGE_BATCH_ORDER)

static inline bool page_zero_ahead(void)
{
	return config_on(CONFIG_PAGE_ZERO_AHEAD);
}

static inline enum page_kind page_kind_for(bool zero)
{
	return page_zero_ahead() && zero ? PAGES_CLEAN : PAGES_DIRTY;
}

/* A guess. */
static inline bool buddy_has_clean_batch(void)
{
	return page_zero_ahead() && READ_ONCE(buddy.clean_pages) >= PAGE_BATCH;
}

/* `kind`: of the block alone; it may merge with others. */
void buddy_free_locked(struct page *page, unsigned int order, enum page_kind kind);
/* The largest dirty block, with its order; NULL if there is none. */
struct page *buddy_take_dirty_locked(void);
/* A block, rather of that kind, if at least `keep` frames are left. */
struct page *buddy_take(unsigned int order, enum page_kind kind, u64 keep);
/*
 * PAGE_BATCH frames out of blocks as large as possible, for a CPU's array, which hands them out in rising order; none if they
 * were the reserve's. Clean ones, or rather dirty ones. How many.
 */
unsigned int buddy_take_batch(struct page **pages, enum page_kind kind);
void buddy_give(struct page **pages, unsigned int count); /* single frames */
u64 page_owned(enum page_owner owner);
/* Stops the kernel if it is not all zero. */
void page_verify_zero(struct page *page);
/* Returns when no block is out for being cleared that was when it was called: microseconds. */
void page_zero_settle(void);
