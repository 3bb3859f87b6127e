/*
 * Slab allocator. A slab is a block of pages cut into objects of one size, with a list of its free ones. In front of the
 * slabs each CPU has a list of free objects, which tasks use with preemption off; interrupt handlers go to the slabs.
 *
 * Where the profile wants them (slab_debug.c does the work):
 *
 *	| object: `size` bytes, poison while free | redzone | link | state | used |	SLAB_REDZONE, SLAB_POISON
 *	| link, object: `size` bytes              |				else
 *
 * SLAB_QUARANTINE: a freed object waits in a ring of the CPU before it becomes free. SLAB_HIDDEN_FREELIST: the link is
 * stored combined with a secret and its own address. SLAB_DOUBLE_FREE: an address that is no object, the object on top of
 * the CPU's list, or one whose state is not SLAB_LIVE, stops the kernel.
 */
#include "internal.h"

#include "slab_internal.h"

#include <kernel/fail_alloc.h>
#include <kernel/printk.h>
#include <lib/hash.h>
#include <lib/string.h>
#include <platform/cpu.h>
#include <platform/percpu.h>
#include <profile/bounds.h>
#include <profile/config.h>
#include <profile/init.h>

#define HAVE_TRAILER (config_on(CONFIG_SLAB_REDZONE) || config_on(CONFIG_SLAB_POISON))
#define QUARANTINE_OBJECTS 128
#define QUARANTINE_SIZE_MAX 2048

struct slab_cpu {
	void *head;
	u32 count;
};

struct quarantine {
	u32 next;
	void *objects[QUARANTINE_OBJECTS]; /* oldest at `next` */
};

static DEFINE_PER_CPU(struct slab_cpu[SLAB_CACHES_MAX], slab_cpus); /* [C] */
static DEFINE_PER_CPU(struct quarantine, quarantine); /* [C] */
struct slab_cache slab_caches[SLAB_CACHES_MAX];
u32 slab_cache_count; /* [slab_list_lock] */
static u64 slab_memory_size __ro_after_init; /* end of RAM */
static struct spinlock slab_list_lock = SPINLOCK_INIT(RANK_SLAB);

/* --- The free list's link ---------------------------------------------------------------------------------------- */

static inline void **link_of(const struct slab_cache *cache, void *object)
{
	return (void **)((char *)object + (HAVE_TRAILER ? cache->link : 0));
}

static inline void *link_code(const struct slab_cache *cache, void **at, void *value)
{
	if (!config_on(CONFIG_SLAB_HIDDEN_FREELIST))
		return value;
	return (void *)((u64)value ^ cache->secret ^ __builtin_bswap64((u64)at));
}

/* A link that was overwritten decodes to some number, which almost never is the address of any memory. */
static inline void *link_get(const struct slab_cache *cache, void *object)
{
	void **at = link_of(cache, object), *next = link_code(cache, at, *at);

	if (config_on(CONFIG_SLAB_HIDDEN_FREELIST) &&
	    unlikely((u64)next - DIRECT_MAP_BASE >= slab_memory_size) && next)
		slab_fail(cache, object, "free list corrupted");
	return next;
}

static inline void link_set(const struct slab_cache *cache, void *object, void *next)
{
	void **at = link_of(cache, object);

	*at = link_code(cache, at, next);
}

/* --- Checks at the border to the owner ---------------------------------------------------------------------------- */

static inline void object_check(const struct slab_cache *cache, void *object, const char *wrong)
{
	if (unlikely(wrong))
		slab_fail(cache, object, wrong);
}

static inline void object_hand_out(const struct slab_cache *cache, void *object, unsigned int flags)
{
	if (config_on(CONFIG_SLAB_POISON))
		object_check(cache, object, slab_check_poison(cache, object));
	if (HAVE_TRAILER)
		slab_trailer(cache, object)->state = SLAB_LIVE;
	if (config_on(CONFIG_SLAB_REDZONE))
		slab_set_redzone(cache, object, cache->size);
	if ((flags & SLAB_ZERO) || init_on_alloc())
		memset(object, 0, cache->size);
}

static inline void object_take_back(const struct slab_cache *cache, void *object)
{
	if (config_on(CONFIG_SLAB_DOUBLE_FREE)) {
		object_check(cache, object, slab_check_address(cache, object));
		if (unlikely(object == this_cpu(slab_cpus[cache->id]).head))
			slab_fail(cache, object, "double free");
	}
	if (HAVE_TRAILER && unlikely(slab_trailer(cache, object)->state != SLAB_LIVE))
		slab_fail(cache, object, "double free, or overwritten far behind its end");
	if (config_on(CONFIG_SLAB_REDZONE))
		object_check(cache, object, slab_check_redzone(cache, object));
	if (HAVE_TRAILER)
		slab_trailer(cache, object)->state = SLAB_FREE;
	if (config_on(CONFIG_SLAB_POISON))
		slab_set_poison(cache, object);
}

/* --- Slabs. cache->lock held unless said otherwise. ---------------------------------------------------------------- */

/* No lock. All objects free, in the order of their addresses. NULL: out of memory. */
static struct page *slab_make(struct slab_cache *cache, unsigned int flags)
{
	struct page *page = page_alloc(cache->order,
				       PAGE_COMPOUND | (flags & SLAB_ATOMIC ? PAGE_ATOMIC : 0),
				       PAGE_SLAB);
	char *base;
	void *next = NULL;

	if (!page)
		return NULL;
	base = page_virt(page);
	for (u32 i = cache->objects; i-- > 0;) {
		void *object = base + i * cache->stride;

		if (HAVE_TRAILER)
			slab_trailer(cache, object)->state = SLAB_FREE;
		if (config_on(CONFIG_SLAB_POISON))
			slab_set_poison(cache, object);
		link_set(cache, object, next);
		next = object;
	}
	page->slab_cache = cache;
	page->slab_freelist = next;
	page->slab_in_use = 0;
	page->slab_objects = cache->objects;
	return page;
}

static void slab_add(struct slab_cache *cache, struct page *page)
{
	list_add_tail(&page->lru, &cache->partial);
	cache->slabs++;
	cache->empty++;
}

/* NULL: no slab has a free object. */
static void *slab_take_object(struct slab_cache *cache)
{
	struct page *page = list_first_entry_or_null(&cache->partial, struct page, lru);
	void *object;

	if (!page)
		return NULL;
	object = page->slab_freelist;
	page->slab_freelist = link_get(cache, object);
	if (page->slab_in_use++ == 0)
		cache->empty--;
	if (page->slab_in_use == page->slab_objects)
		list_del(&page->lru);
	cache->in_use++;
	return object;
}

/* Returns a slab that the caller frees without the lock, or NULL. */
static struct page *slab_put_object(struct slab_cache *cache, void *object)
{
	struct page *page = page_head(virt_page(object));

	link_set(cache, object, page->slab_freelist);
	page->slab_freelist = object;
	cache->in_use--;
	if (page->slab_in_use-- == page->slab_objects)
		list_add(&page->lru, &cache->partial);
	if (page->slab_in_use)
		return NULL;
	list_del(&page->lru);
	if (cache->empty) {
		cache->slabs--;
		return page;
	}
	list_add_tail(&page->lru, &cache->partial);
	cache->empty++;
	return NULL;
}

/* No lock. A chain of free objects goes back to its slabs. */
static void slab_put_chain(struct slab_cache *cache, void *chain)
{
	while (chain) {
		struct page *done = NULL;
		unsigned long flags = spin_lock_irq(&cache->lock);

		while (chain && !done) {
			void *next = link_get(cache, chain);

			done = slab_put_object(cache, chain);
			chain = next;
		}
		spin_unlock_irq(&cache->lock, flags);
		if (done)
			page_put(done);
	}
}

/* --- Per-CPU lists. Preemption off. -------------------------------------------------------------------------------- */

static inline void cpu_push(struct slab_cache *cache, void *object)
{
	link_set(cache, object, this_cpu(slab_cpus[cache->id]).head);
	this_cpu(slab_cpus[cache->id]).head = object;
	this_cpu(slab_cpus[cache->id]).count++;
}

static inline void *cpu_pop(struct slab_cache *cache)
{
	void *object = this_cpu(slab_cpus[cache->id]).head;

	if (likely(object)) {
		this_cpu(slab_cpus[cache->id]).head = link_get(cache, object);
		this_cpu(slab_cpus[cache->id]).count--;
	}
	return object;
}

/* Takes up to `count` objects out of the list. */
static void *cpu_cut(struct slab_cache *cache, u32 count)
{
	void *chain = NULL, *object;

	while (count-- && (object = cpu_pop(cache))) {
		link_set(cache, object, chain);
		chain = object;
	}
	return chain;
}

/* Objects from the slabs: one for the caller, in a task up to a batch more for its CPU. */
static void *slab_take_batch(struct slab_cache *cache)
{
	u32 more = in_interrupt() ? 0 : cache->batch;
	unsigned long flags = spin_lock_irq(&cache->lock);
	void *first = slab_take_object(cache), *object;

	while (first && more-- && (object = slab_take_object(cache)))
		cpu_push(cache, object);
	spin_unlock_irq(&cache->lock, flags);
	return first;
}

static __noinline void *slab_alloc_slow(struct slab_cache *cache, unsigned int flags)
{
	void *object;

	while (!(object = slab_take_batch(cache))) {
		struct page *page = slab_make(cache, flags);
		unsigned long irq;

		if (!page)
			return NULL;
		irq = spin_lock_irq(&cache->lock);
		slab_add(cache, page);
		spin_unlock_irq(&cache->lock, irq);
	}
	return object;
}

void *slab_alloc(struct slab_cache *cache, unsigned int flags)
{
	void *object = NULL;

	if (!(flags & SLAB_ATOMIC))
		sleep_check();
	if (fail_alloc())
		return NULL;
	if (likely(!in_interrupt())) {
		preempt_disable();
		object = cpu_pop(cache);
		preempt_enable();
	}
	if (unlikely(!object)) {
		object = slab_alloc_slow(cache, flags);
		if (!object)
			return NULL;
	}
	object_hand_out(cache, object, flags);
	return object;
}

/* The object that has waited longest, in exchange for this one; NULL if there is none. May be of another cache. */
static void *quarantine_swap(void *object)
{
	struct quarantine *ring = this_cpu_ptr(quarantine);
	void **slot = &AT(ring->objects, ring->next);
	void *oldest = *slot;

	*slot = object;
	ring->next = (ring->next + 1) % QUARANTINE_OBJECTS;
	return oldest;
}

static void cpu_free(struct slab_cache *cache, void *object)
{
	void *chain = NULL;

	if (config_on(CONFIG_SLAB_QUARANTINE) && cache->size <= QUARANTINE_SIZE_MAX) {
		object = quarantine_swap(object);
		if (!object)
			return;
		cache = slab_cache_of(object);
	}
	if (unlikely(this_cpu(slab_cpus[cache->id]).count >= cache->cpu_limit))
		chain = cpu_cut(cache, cache->cpu_limit / 2);
	cpu_push(cache, object);
	if (unlikely(chain))
		slab_put_chain(cache, chain);
}

void slab_free(struct slab_cache *cache, void *object)
{
	if (unlikely(!object))
		return;
	object_take_back(cache, object);
	if (unlikely(in_interrupt())) {
		link_set(cache, object, NULL);
		slab_put_chain(cache, object);
		return;
	}
	preempt_disable();
	cpu_free(cache, object);
	preempt_enable();
}

/* This CPU's. Preemption off. */
static void quarantine_flush(void)
{
	void *object;

	for (u32 i = 0; i < QUARANTINE_OBJECTS; i++) {
		object = quarantine_swap(NULL);
		if (object)
			cpu_push(slab_cache_of(object), object);
	}
}

void slab_shrink(void)
{
	if (config_on(CONFIG_SLAB_QUARANTINE)) {
		preempt_disable();
		quarantine_flush();
		preempt_enable();
	}
	for (u32 i = 0; i < READ_ONCE(slab_cache_count); i++) {
		void *chain;

		preempt_disable();
		chain = cpu_cut(&slab_caches[i], ~0u);
		preempt_enable();
		slab_put_chain(&slab_caches[i], chain);
	}
}

/* --- Caches ------------------------------------------------------------------------------------------------------- */

/* Orders from 0 up until at most an eighth is wasted and there are a few objects. */
static u8 cache_order(u32 stride)
{
	u8 order = 0;

	for (; order < SLAB_ORDER_MAX; order++) {
		u32 bytes = (u32)PAGE_SIZE << order;

		if (bytes / stride >= 4 && bytes % stride <= bytes / 8)
			break;
	}
	return order;
}

static void cache_layout(struct slab_cache *cache, size_t size, size_t align)
{
	u32 end = (u32)ALIGN_UP(size, sizeof(void *));

	cache->size = (u32)size;
	if (HAVE_TRAILER) {
		cache->trailer = end;
		cache->link = end + offsetof(struct slab_trailer, link);
		end += sizeof(struct slab_trailer);
	}
	cache->stride = (u32)ALIGN_UP((size_t)end, align);
	cache->reciprocal = (u32)((1ULL << 32) / cache->stride + 1);
	cache->order = cache_order(cache->stride);
	cache->objects = ((u32)PAGE_SIZE << cache->order) / cache->stride;
	cache->cpu_limit = cache->size <= 256 ? 128 : cache->size <= 1024 ? 48 : 12;
	cache->batch = cache->cpu_limit / 4;
}

static u64 cache_secret(const struct slab_cache *cache)
{
	u64 value;

	if (!cpu_random(&value))
		value = cpu_cycles();
	return hash_u64(value ^ (u64)cache);
}

struct slab_cache *slab_cache_create(const char *name, size_t size, size_t align)
{
	struct slab_cache *cache;
	unsigned long flags = spin_lock_irq(&slab_list_lock);
	u32 id = slab_cache_count;

	if (id == SLAB_CACHES_MAX || size == 0 || size > SLAB_SIZE_MAX)
		panic("slab: no cache \"%s\" of %zu bytes: there are %u", name, size, id);
	cache = &slab_caches[id];
	if (!slab_memory_size) /* read-only after boot */
		slab_memory_size = page_frames_end() << PAGE_SHIFT;
	cache->name = name;
	cache->id = (u16)id;
	cache_layout(cache, MAX(size, sizeof(void *)), align ? align : 16);
	cache->secret = cache_secret(cache);
	spin_init(&cache->lock, RANK_SLAB);
	list_init(&cache->partial);
	WRITE_ONCE(slab_cache_count, id + 1);
	spin_unlock_irq(&slab_list_lock, flags);
	return cache;
}

struct slab_cache *slab_cache_of(const void *object)
{
	struct page *page = page_head(virt_page(object));

	return page->owner == PAGE_SLAB ? page->slab_cache : NULL;
}

void slab_object_range(struct slab_cache *cache, const void *inside, u64 *start, u64 *end)
{
	u64 base = (u64)page_virt(page_head(virt_page(inside)));
	u64 index = ((u64)inside - base) / cache->stride;
	void *object = (void *)(base + index * cache->stride);

	*start = (u64)object;
	*end = *start +
	       (config_on(CONFIG_SLAB_REDZONE) ? slab_trailer(cache, object)->used : cache->size);
}

void slab_set_used(struct slab_cache *cache, void *object, size_t used)
{
	if (config_on(CONFIG_SLAB_REDZONE))
		slab_set_redzone(cache, object, used);
}
