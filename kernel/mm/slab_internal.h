/* Between slab.c, slab_debug.c and kmalloc.c: what a cache is, and where the parts of an object lie. */
#pragma once

#include <kernel/locks.h>
#include <kernel/page.h>
#include <kernel/slab.h>

/* Per-CPU lists are a static array. Creating one cache more halts at boot, with a line. */
#define SLAB_CACHES_MAX 96
#define SLAB_ORDER_MAX 3

struct slab_cache {
	const char *name; /* [I] */
	u32 size; /* [I] what the owner of an object may use */
	u32 stride; /* [I] from one object to the next */
	u32 reciprocal; /* [I] 2^32 / stride, rounded up */
	u32 trailer; /* [I] offset of struct slab_trailer; 0: there is none */
	u32 link; /* [I] offset of the free list's link */
	u32 objects; /* [I] in a slab */
	u32 cpu_limit, batch; /* [I] of the per-CPU lists */
	u16 id; /* [I] */
	u8 order; /* [I] of a slab's pages */
	bool reclaimable; /* [I after boot] */
	u64 secret; /* [I] of the hidden free list */
	struct spinlock lock; /* RANK_SLAB */
	struct list partial; /* [lock] page->lru of slabs with a free object, empty ones at the end */
	u32 empty; /* [lock] slabs without an object in use: at most one is kept */
	u64 slabs; /* [lock] */
	u64 in_use; /* [lock] objects out of their slab; those in per-CPU lists count */
};

/* One entry each; they are never removed. */
extern struct slab_cache slab_caches[SLAB_CACHES_MAX];
extern u32 slab_cache_count; /* [slab.c: slab_list_lock] */

#define SLAB_LIVE 0x4556494cu
#define SLAB_FREE 0x45455246u
#define SLAB_REDZONE_BYTE 0xcc
#define SLAB_POISON_BYTE 0x6b

/* Behind an object, where red zones or poison are on. */
struct slab_trailer {
	u8 redzone[8];
	void *link; /* of the free list: the object itself is all poison */
	u32 state; /* SLAB_LIVE or SLAB_FREE */
	u32 used; /* bytes asked for; the red zone begins there */
};

static inline struct slab_trailer *slab_trailer(const struct slab_cache *cache, void *object)
{
	return (struct slab_trailer *)((char *)object + cache->trailer);
}

/* slab_debug.c. Each returns NULL, or in a few words what is wrong. */
const char *slab_check_redzone(const struct slab_cache *cache, void *object);
const char *slab_check_poison(const struct slab_cache *cache, void *object);
const char *slab_check_address(const struct slab_cache *cache, const void *object);
void slab_set_redzone(const struct slab_cache *cache, void *object, size_t used);
void slab_set_poison(const struct slab_cache *cache, void *object);
__cold __noreturn void slab_fail(const struct slab_cache *cache, const void *object,
				 const char *what);
/* A kmalloc of `used` bytes was served from a larger class: the red zone begins right behind them. */
void slab_set_used(struct slab_cache *cache, void *object, size_t used);
