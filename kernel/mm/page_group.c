/* Groups of frames: what a huge page maps. They come and go as one block where they can, and as single frames where not. */
#include "huge.h"

#include <profile/check.h>

#define GROUP_ORDER 9
_Static_assert(1u << GROUP_ORDER == PT_ENTRIES, "a group fills a page table");

static atomic_long_t groups;

u64 vm_huge_pages(void)
{
	return (u64)atomic_read(&groups) * PT_ENTRIES;
}

static struct page *group_alloc(unsigned int flags)
{
	struct page *group = page_alloc(GROUP_ORDER, flags | PAGE_USER | PAGE_AT_HAND, PAGE_ANON);

	if (!group)
		return NULL;
	group->order = 0;
	for (struct page *page = group + 1; page < group + PT_ENTRIES; page++) {
		page->owner = PAGE_ANON;
		page->order = 0;
		atomic_set(&page->mapcount, 0);
		/* A lock-free lookup that still has the frame from its last life may take a reference from here on. */
		atomic_set_release(&page->ref, 1);
	}
	atomic_set(&group->table_refs, 1);
	group->table_entries = PT_ENTRIES;
	atomic_inc(&groups);
	return group;
}

struct page *page_group_alloc(void)
{
	return group_alloc(PAGE_ZERO);
}

struct page *page_group_alloc_raw(void)
{
	return group_alloc(0);
}

void page_group_dissolve(struct page *group)
{
	atomic_set(&group->table_refs, 0);
	atomic_dec(&groups);
}

/* All frames have lost their last reference. */
static void group_free(struct page *group)
{
	for (struct page *page = group + 1; page < group + PT_ENTRIES; page++)
		page->owner = PAGE_RESERVED;
	group->order = GROUP_ORDER;
	atomic_set(&group->ref, 1);
	page_put(group);
}

void page_group_put(struct page *group)
{
	u64 free[PT_ENTRIES / 64] = { 0 };
	unsigned int count = 0;

	for (unsigned int i = 0; i < PT_ENTRIES; i++) {
		int left = atomic_sub_return(&group[i].ref, 1);

		check(left >= 0);
		if (left)
			continue;
		free[i / 64] |= 1ULL << i % 64;
		count++;
	}
	atomic_dec(&groups);
	if (likely(count == PT_ENTRIES)) {
		group_free(group);
		return;
	}
	for (unsigned int i = 0; i < PT_ENTRIES; i++) {
		if (!(free[i / 64] >> i % 64 & 1))
			continue;
		atomic_set(&group[i].ref, 1);
		page_put(group + i);
	}
}

/* --- Of a page cache ----------------------------------------------------------------------------------------------------- */

struct page *page_group_alloc_cached(struct page_cache *cache, u64 index)
{
	struct page *first =
		page_alloc(GROUP_ORDER, PAGE_ZERO | PAGE_USER | PAGE_AT_HAND, PAGE_CACHE);

	if (!first)
		return NULL;
	for (struct page *page = first; page < first + PT_ENTRIES; page++, index++) {
		page->owner = PAGE_CACHE;
		page->order = 0;
		page->flags = PAGE_FLAG_SHMEM | PAGE_FLAG_UPTODATE | PAGE_FLAG_HUGE;
		page->cache = cache;
		page->index = index;
		atomic_set(&page->mapcount, 0);
	}
	atomic_set(&first->huge_maps, 0);
	return first;
}

void page_group_free_cached(struct page *first)
{
	for (struct page *page = first; page < first + PT_ENTRIES; page++) {
		page->owner = PAGE_RESERVED;
		page->flags = 0;
	}
	/* A lock-free lookup may have the first for a moment: the last of us frees the block. */
	first->owner = PAGE_CACHE;
	first->order = GROUP_ORDER;
	page_put(first);
}
