/* The checks of slab.c that look at bytes: red zones and poison. Whether they are made is decided there. */
#include "internal.h"

#include "slab_internal.h"

#include <kernel/printk.h>
#include <lib/string.h>

void slab_set_redzone(const struct slab_cache *cache, void *object, size_t used)
{
	struct slab_trailer *trailer = slab_trailer(cache, object);

	trailer->used = (u32)used;
	memset((char *)object + used, SLAB_REDZONE_BYTE, cache->trailer - used);
	memset(trailer->redzone, SLAB_REDZONE_BYTE, sizeof(trailer->redzone));
}

const char *slab_check_redzone(const struct slab_cache *cache, void *object)
{
	const struct slab_trailer *trailer = slab_trailer(cache, object);
	size_t used = trailer->used;

	if (used > cache->size || mem_find_other((char *)object + used, SLAB_REDZONE_BYTE,
						 cache->trailer - used + sizeof(trailer->redzone)))
		return "red zone overwritten: a store behind its end";
	return NULL;
}

void slab_set_poison(const struct slab_cache *cache, void *object)
{
	memset(object, SLAB_POISON_BYTE, cache->size);
}

const char *slab_check_poison(const struct slab_cache *cache, void *object)
{
	return mem_find_other(object, SLAB_POISON_BYTE, cache->size)
		       ? "poison overwritten: written after it was freed"
		       : NULL;
}

const char *slab_check_address(const struct slab_cache *cache, const void *object)
{
	const struct page *page = page_head(virt_page(object));
	u32 offset, index;

	if (page->owner != PAGE_SLAB || page->slab_cache != cache)
		return "freed to a cache that it is not from";
	offset = (u32)((const char *)object - (const char *)page_virt(page));
	index = (u32)(((u64)offset * cache->reciprocal) >> 32);
	if (index * cache->stride != offset || index >= cache->objects)
		return "freed, but not the start of an object";
	return NULL;
}

/* What the object holds, and what is behind it: who wrote there may be recognised. */
static void show_object(const struct slab_cache *cache, const void *object)
{
	const u64 *words = object;

	for (u32 i = 0; i + 4 <= cache->stride / sizeof(*words) && i < 64; i += 4)
		pr_err("%4zu: %016llx %016llx %016llx %016llx", i * sizeof(*words),
		       (unsigned long long)words[i], (unsigned long long)words[i + 1],
		       (unsigned long long)words[i + 2], (unsigned long long)words[i + 3]);
}

void slab_fail(const struct slab_cache *cache, const void *object, const char *what)
{
	if ((u64)object - DIRECT_MAP_BASE < page_frames_end() << PAGE_SHIFT)
		show_object(cache, object);
	panic("slab %s: object %p: %s", cache->name, object, what);
}
