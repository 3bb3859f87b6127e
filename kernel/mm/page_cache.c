/*
 * The page cache: one radix tree of pages for each inode. A page is in the tree only when it is up to date, so a lookup
 * that finds one is done. Its reference for being cached belongs to the tree.
 *
 * Lookup without a lock: under RCU a page found in the tree may be freed and reused at any moment; page_try_get fails on a
 * free one, and a page that got a new owner is recognised by its cache and index, which are looked at with the reference.
 */
#include "internal.h"

#include <kernel/file.h>
#include <kernel/slab.h>
#include <kernel/vfs.h>
#include <lib/err.h>
#include <lib/hash.h>
#include <lib/string.h>
#include <profile/bounds.h>

atomic_long_t page_cache_count, page_shmem_count, page_dirty_count;

#define MARK_DIRTY 0
#define FILL_LOCK_BITS 6

/* Who reads a missing page holds the one of its hash. */
static struct mutex fill_locks[1u << FILL_LOCK_BITS];
static struct slab_cache *node_slab;

static struct radix_node *node_alloc(void)
{
	return slab_alloc(node_slab, SLAB_ZERO | SLAB_ATOMIC);
}

static void node_free_now(struct rcu_head *head)
{
	slab_free(node_slab, container_of((void *)head, struct radix_node, deferred));
}

static void node_free(struct radix_node *node)
{
	_Static_assert(sizeof(node->deferred) >= sizeof(struct rcu_head), "room for the callback");
	rcu_call((struct rcu_head *)node->deferred, node_free_now);
}

static const struct radix_ops node_ops = { node_alloc, node_free };

void __init page_cache_init_slab(void)
{
	node_slab = slab_cache_create("radix_tree_node", sizeof(struct radix_node), 0);
	slab_cache_set_reclaimable(node_slab);
	for (size_t i = 0; i < ARRAY_LEN(fill_locks); i++)
		mutex_init(&fill_locks[i], RANK_PAGE_CACHE_FILL);
}

void page_cache_init(struct page_cache *cache, struct inode *inode, const struct page_cache_ops *ops)
{
	spin_init(&cache->lock, RANK_MAPPING);
	spin_init(&cache->rmap_lock, RANK_RMAP);
	radix_init(&cache->pages, &node_ops);
	list_init(&cache->vmas);
	cache->page_count = 0;
	cache->inode = inode;
	cache->ops = ops;
}

struct page *page_cache_find(struct page_cache *cache, u64 index)
{
	struct page *page;

	rcu_read_lock();
	while ((page = radix_lookup(&cache->pages, index))) {
		if (!page_try_get(page))
			continue; /* being removed: the tree will say so */
		if (likely(page->owner == PAGE_CACHE && READ_ONCE(page->cache) == cache &&
			   page->index == index))
			break;
		page_put(page);
	}
	rcu_read_unlock();
	return page;
}

/* Consumes the caller's reference on failure; on success the tree has one, and the caller keeps its own. */
static int cache_insert(struct page_cache *cache, struct page *page)
{
	const bool memory = page->flags & PAGE_FLAG_SHMEM;
	int error;

	atomic_inc(&page->ref);
	spin_lock(&cache->lock);
	error = radix_insert(&cache->pages, page->index, page);
	if (!error)
		cache->page_count++;
	spin_unlock(&cache->lock);
	if (error) {
		page_put(page);
		page_put(page);
		return error;
	}
	atomic_inc(&page_cache_count);
	if (memory)
		atomic_inc(&page_shmem_count);
	return 0;
}

/* A page of the cache that is not in the tree yet, with its contents. */
static struct page *cache_make_page(struct page_cache *cache, u64 index)
{
	bool read = cache->ops && cache->ops->read_page;
	struct page *page = page_alloc(0, PAGE_USER | (read ? 0 : PAGE_ZERO), PAGE_CACHE);
	int error = 0;

	if (!page)
		return ERR_PTR(-ENOMEM);
	page->cache = cache;
	page->index = index;
	/* Nobody else sees it yet. */
	page->flags = PAGE_FLAG_UPTODATE | (cache_is_memory(cache) ? PAGE_FLAG_SHMEM : 0);
	if (read)
		error = cache->ops->read_page(cache->inode, page);
	if (!error)
		return page;
	page_put(page);
	return ERR_PTR(error);
}

static int cache_charge(struct page_cache *cache)
{
	return cache->ops && cache->ops->charge ? cache->ops->charge(cache->inode, 1) : 0;
}

static void cache_uncharge(struct page_cache *cache, u64 pages)
{
	if (cache->ops && cache->ops->uncharge)
		cache->ops->uncharge(cache->inode, pages);
}

/* A new page in the tree. -EEXIST: somebody else was faster. */
static struct page *cache_add_page(struct page_cache *cache, u64 index)
{
	struct page *page;
	int error = cache_charge(cache);

	if (error)
		return ERR_PTR(error);
	page = cache_make_page(cache, index);
	error = IS_ERR(page) ? (int)PTR_ERR(page) : cache_insert(cache, page);
	if (!error)
		return page;
	cache_uncharge(cache, 1);
	return ERR_PTR(error);
}

static struct page *cache_fill(struct page_cache *cache, u64 index)
{
	struct page *page;

	do {
		page = cache_add_page(cache, index);
		if (PTR_ERR(page) != -EEXIST)
			return page;
		page = page_cache_find(cache, index);
	} while (!page);
	return page;
}

/* Of a file in memory: 2 MiB at a time, if that may be. */
static __noinline struct page *cache_fill_huge(struct page_cache *cache, u64 index,
					       const struct vma *vma)
{
	struct page *page;

	page_cache_fill_huge(cache, index, vma);
	page = page_cache_find(cache, index);
	return page ? page : cache_fill(cache, index);
}

struct page *page_cache_get_for(struct page_cache *cache, u64 index, const struct vma *vma)
{
	struct page *page = page_cache_find(cache, index);
	struct mutex *lock;

	if (likely(page))
		return page;
	if (!cache->ops || !cache->ops->read_page) {
		if (unlikely(READ_ONCE(vm_huge_used)))
			return cache_fill_huge(cache, index, vma);
		return cache_fill(cache, index);
	}
	lock = &AT(fill_locks, hash_bucket(hash_u64((u64)cache + index), FILL_LOCK_BITS));
	mutex_lock(lock);
	page = page_cache_find(cache, index);
	if (!page)
		page = cache_fill(cache, index);
	mutex_unlock(lock);
	return page;
}

void page_cache_dirty(struct page *page)
{
	struct page_cache *cache = READ_ONCE(page->cache);

	if (page_flag(page, PAGE_FLAG_DIRTY))
		return;
	if (!cache || cache_is_memory(cache))
		return;
	spin_lock(&cache->lock);
	if (page->cache == cache && !page_flag(page, PAGE_FLAG_DIRTY)) {
		page_flag_set(page, PAGE_FLAG_DIRTY);
		radix_set_mark(&cache->pages, page->index, MARK_DIRTY);
		atomic_inc(&page_dirty_count);
	}
	spin_unlock(&cache->lock);
}

/* cache->lock held: what few pages that leave the cache need. */
static __noinline void cache_remove_flags(struct page *page)
{
	if (page_flag(page, PAGE_FLAG_HUGE))
		page_cache_break_huge(page);
	if (!page_flag(page, PAGE_FLAG_DIRTY))
		return;
	atomic_dec(&page_dirty_count);
	page_flag_clear(page, PAGE_FLAG_DIRTY);
}

/* cache->lock held. The tree's reference passes to the caller. */
static void cache_remove(struct page_cache *cache, struct page *page)
{
	radix_delete(&cache->pages, page->index);
	cache->page_count--;
	atomic_dec(&page_cache_count);
	if (cache_is_memory(cache))
		atomic_dec(&page_shmem_count);
	if (page_flag(page, PAGE_FLAG_DIRTY | PAGE_FLAG_HUGE))
		cache_remove_flags(page);
	/* A full barrier: a fault counts its mapping before it looks whether the page still is in the cache. */
	(void)xchg(&page->cache, NULL);
}

#define REMOVE_BATCH 32

/* Up to a batch of pages of [*index, end). */
static u32 cache_remove_batch(struct page_cache *cache, u64 *index, u64 end, struct page **pages)
{
	u32 count = 0;
	struct page *page;

	spin_lock(&cache->lock);
	while (count < REMOVE_BATCH && (page = radix_next(&cache->pages, index)) && *index < end) {
		cache_remove(cache, page);
		pages[count++] = page;
	}
	spin_unlock(&cache->lock);
	return count;
}

/* `all`: mappings of private copies go too. */
static void cache_remove_range(struct page_cache *cache, u64 index, u64 end, bool all)
{
	struct page *pages[REMOVE_BATCH];
	u32 count;

	while ((count = cache_remove_batch(cache, &index, end, pages))) {
		for (u32 i = 0; i < count; i++) {
			/* A fault that looked at the old file size may have mapped it after the caller unmapped. */
			if (unlikely(atomic_read(&pages[i]->mapcount) > 0))
				vm_unmap_inode(cache->inode, pages[i]->index, pages[i]->index + 1,
					       all);
			page_put(pages[i]);
		}
		cache_uncharge(cache, count);
	}
}

/* Bytes [start, end) of one page. */
static void clear_part(struct page_cache *cache, u64 start, u64 end)
{
	struct page *page = start < end ? page_cache_find(cache, start >> PAGE_SHIFT) : NULL;

	if (!page)
		return;
	memset((char *)page_virt(page) + (start & (PAGE_SIZE - 1)), 0, end - start);
	page_cache_dirty(page);
	page_put(page);
}

void page_cache_truncate(struct page_cache *cache, u64 new_size)
{
	u64 first = DIV_ROUND_UP(new_size, PAGE_SIZE);

	cache_remove_range(cache, first, ~0UL, true);
	clear_part(cache, new_size, first << PAGE_SHIFT);
}

void page_cache_punch(struct page_cache *cache, u64 start, u64 end)
{
	u64 first = DIV_ROUND_UP(start, PAGE_SIZE), last = end >> PAGE_SHIFT;

	clear_part(cache, start, MIN(first << PAGE_SHIFT, end));
	if (first > last)
		return;
	cache_remove_range(cache, first, last, false);
	clear_part(cache, last << PAGE_SHIFT, end);
}

void page_cache_destroy(struct page_cache *cache)
{
	cache_remove_range(cache, 0, ~0UL, true);
	radix_destroy(&cache->pages);
}

u64 page_cache_pages(void)
{
	return (u64)atomic_read(&page_cache_count);
}
