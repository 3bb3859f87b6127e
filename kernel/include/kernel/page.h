/*
 * Physical page frames. One struct page (64 bytes) for each frame of RAM, in a virtually contiguous array that has
 * memory only where the map has RAM: page <-> frame number <-> address are arithmetic.
 *
 * Ownership: page_alloc returns a block of 2^order frames with ref 1 held by the caller. page_put drops a reference, and
 * the last one frees the block. Blocks of order > 0 asked for with PAGE_COMPOUND have their references on the head;
 * page_head finds it. Pages of user memory are freed through the TLB gather (vm.h), never by page_free directly.
 */
#pragma once

#include <lib/atomic.h>
#include <lib/list.h>
#include <platform/fault.h>
#include <platform/memory.h>
#include <profile/pte.h>

enum page_owner {
	PAGE_RESERVED, /* firmware, kernel image, inside of a free block: never handed out, never merged */
	PAGE_FREE_BUDDY, /* head of a free block in the buddy lists */
	PAGE_FREE_CPU, /* in a CPU's list */
	PAGE_KERNEL, /* plain allocation */
	PAGE_SLAB,
	PAGE_TABLE, /* page table: `table` below */
	PAGE_ANON, /* user memory without a file */
	PAGE_CACHE, /* in an inode's page cache */
	PAGE_TAIL, /* of a compound block: `head` */
	PAGE_OWNERS
};

/* Bits of page->flags. */
#define PAGE_FLAG_UPTODATE (1u << 0) /* page cache: contents valid */
#define PAGE_FLAG_DIRTY (1u << 1)
#define PAGE_FLAG_WRITEBACK (1u << 2)
#define PAGE_FLAG_LOCKED (1u << 3)
#define PAGE_FLAG_REFERENCED (1u << 4)
#define PAGE_FLAG_COMPOUND (1u << 5) /* head of a compound block */
#define PAGE_FLAG_ZEROED                                                                           \
	(1u << 6) /* free and known to be all zero; kept for each frame of a block */
#define PAGE_FLAG_SHMEM (1u << 7) /* of a cache that has no other home than memory */
#define PAGE_FLAG_SHOWN (1u << 8) /* PAGE_KERNEL: made to be mapped by programs; see page_show() */
#define PAGE_FLAG_HUGE                                                                             \
	(1u << 9) /* [cache lock] one of 512 that make 2 MiB of a file, all in its cache: mm/huge_shmem.c */

struct page_cache;
struct slab_cache;

struct page {
	atomic_t ref; /* [A] 0 while free */
	/*
	 * [A] of a page in a page cache: its user mappings (of a huge one: on the head). With PTE_VERIFY, which counts them, of an
	 * anonymous one: entries of page tables.
	 */
	atomic_t mapcount;
	u32 flags; /* [A] PAGE_FLAG_*, changed by page_flag_set/clear */
	u8 owner; /* enum page_owner; the allocator's or the owner's */
	u8 order; /* of the block, in its head */
	u8 kind; /* of a free block, in its head: whether all of it is known to be zero */
	u8 table_level; /* PTE_VERIFY: [I] 1..4 of a page table of programs, else 0 */
	union {
		struct list link; /* free lists; owner's use while PAGE_KERNEL */
		struct {
			struct page_cache *cache; /* [I] while in the cache */
			u64 index; /* [I] page number within the file */
		};
		struct page *head; /* PAGE_TAIL */
		struct {
			struct slab_cache *slab_cache; /* [I] PAGE_SLAB */
			void *slab_freelist; /* [slab node lock or owning CPU] */
		};
		struct {
			atomic_t table_refs; /* PAGE_TABLE: address spaces that share this table */
			u32 table_entries; /* [table_lock] of level 1: anonymous frames in it */
		};
	};
	union {
		struct list lru; /* slab: partial list; cache: reclaim */
		struct {
			u32 table_lock[2]; /* struct spinlock of a page table, see page_table_lock() */
		};
	};
	u32 slab_in_use, slab_objects; /* [slab lock] */
	union {
		u64 owner_data; /* the owner's */
		atomic_t huge_maps; /* the first of 2 MiB of a file: directory entries that map them */
	};
};
_Static_assert(sizeof(struct page) == 1 << FRAME_HEAD_SHIFT, "struct page is one cache line");
/* What the page-fault entry knows of it. */
_Static_assert(offsetof(struct page, ref) == offsetof(struct frame_head, ref) &&
		       offsetof(struct page, flags) == offsetof(struct frame_head, flags) &&
		       offsetof(struct page, owner) == offsetof(struct frame_head, owner) &&
		       offsetof(struct page, table_entries) ==
			       offsetof(struct frame_head, table_entries) &&
		       offsetof(struct page, table_lock) == offsetof(struct frame_head, table_lock) &&
		       PAGE_ANON == FRAME_OWNER_ANON,
	       "struct page begins with struct frame_head");
/* It writes ref with mapcount, and owner with the three behind it, each in one store. */
_Static_assert(offsetof(struct page, mapcount) == offsetof(struct page, ref) + 4 &&
		       offsetof(struct page, order) == offsetof(struct page, owner) + 1 &&
		       offsetof(struct page, kind) == offsetof(struct page, owner) + 2 &&
		       offsetof(struct page, table_level) == offsetof(struct page, owner) + 3,
	       "neighbours");

#define PAGE_ARRAY ((struct page *)PAGE_ARRAY_BASE)

static inline u64 page_frame(const struct page *page)
{
	return (u64)(page - PAGE_ARRAY);
}

static inline struct page *frame_page(u64 frame)
{
	return PAGE_ARRAY + frame;
}

static inline paddr_t page_paddr(const struct page *page)
{
	return paddr(page_frame(page) << PAGE_SHIFT);
}

static inline struct page *paddr_page(paddr_t p)
{
	return frame_page(p.raw >> PAGE_SHIFT);
}

static inline void *page_virt(const struct page *page)
{
	return paddr_to_virt(page_paddr(page));
}

/* Of a direct-map address. */
static inline struct page *virt_page(const void *v)
{
	return paddr_page(virt_to_paddr(v));
}

static inline struct page *page_head(struct page *page)
{
	return page->owner == PAGE_TAIL ? page->head : page;
}

/* Allocation flags. Default: may sleep and reclaim, contents undefined, no user of it yet. */
#define PAGE_ZERO (1u << 0) /* all bytes zero */
#define PAGE_ATOMIC (1u << 1) /* must not sleep: interrupts, spinlocks */
#define PAGE_COMPOUND (1u << 2) /* order > 0: references on the head */
#define PAGE_NO_RECLAIM (1u << 3) /* fail rather than reclaim or kill */
#define PAGE_USER (1u << 4) /* for user memory: may trigger the out-of-memory killer */

#define PAGE_AT_HAND                                                                               \
	(1u << 5) /* fail unless there is a free block at once; the reserve is not touched */

#define PAGE_MAX_ORDER 10 /* largest block: 4 MiB */

/* NULL when there is none. `owner` becomes page->owner (of the head). */
struct page *page_alloc(unsigned int order, unsigned int flags, enum page_owner owner);
/*
 * Up to `count` single frames that are at hand, as many page_allocs would hand them out: how many, 0 if page_alloc must be asked.
 * Tasks only. Does not reclaim.
 */
unsigned int page_alloc_batch(struct page **pages, unsigned int count, unsigned int flags,
			      enum page_owner owner);
/*
 * A single frame of zeros for PAGE_ANON, if one is at hand; NULL: page_alloc must be asked. Preemption is off, for a reason
 * of the caller's.
 */
struct page *page_alloc_pinned(void);
/* The caller holds the only reference. */
void page_free(struct page *page, unsigned int order);
/* A single frame that is all zero: whoever wants such a one need not clear it, and PAGE_VERIFY sees then that it is. */
void page_free_zeroed(struct page *page);

static inline void page_get(struct page *page)
{
	atomic_inc(&page_head(page)->ref);
}

/* False if the page is free or being freed: for lock-free lookups. */
bool page_try_get(struct page *page);
void page_put(struct page *page);
/* A reference of each; what the array holds afterwards is undefined. Tasks only. */
void page_put_many(struct page **pages, unsigned int count);

static inline void page_flag_set(struct page *page, u32 flag)
{
	__atomic_fetch_or(&page->flags, flag, __ATOMIC_SEQ_CST);
}

static inline void page_flag_clear(struct page *page, u32 flag)
{
	__atomic_fetch_and(&page->flags, ~flag, __ATOMIC_SEQ_CST);
}

/* Programs may map this page of the kernel's: with PTE_VERIFY they may no other. */
static inline void page_show(struct page *page)
{
	if (pte_verify())
		page_flag_set(page, PAGE_FLAG_SHOWN);
}

static inline bool page_flag(const struct page *page, u32 flag)
{
	return READ_ONCE(page->flags) & flag;
}

/* The frame of all zeros that read faults map. Not counted: PTE_SOFT_SPECIAL. */
extern struct page *zero_page;

struct page_counts {
	u64 total, free, reserved;
	u64 cached, anon, slab, page_tables, kernel_stacks, shmem, dirty;
};
void page_counts_read(struct page_counts *counts);
u64 page_free_count(void);

/* --- Clearing ahead of need (PAGE_ZERO_AHEAD) ------------------------------------------------------------------------- */

/* Clean frames among the free ones, below which an idle CPU begins to clear others, and up to which it goes on. */
extern int vm_zero_ahead_low, vm_zero_ahead_high;
bool page_zero_wanted(void);
void page_zero_some(void); /* some microseconds, preemption off */

/* Page array and buddy lists from the boot memory map; afterwards boot_memory_* must not be used. */
void page_init(void);
void page_init_cpu(void); /* on each CPU */
/* Gives frames that were reserved (init sections, initramfs) to the allocator. */
void page_free_boot_range(paddr_t start, paddr_t end);
void page_report(void); /* one dmesg line as Linux's "Memory:" */
