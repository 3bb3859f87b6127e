/* kmalloc: a slab cache for each class of sizes, whole pages above the largest. */
#include "internal.h"

#include "slab_internal.h"

#include <kernel/printk.h>
#include <lib/string.h>
#include <profile/bounds.h>

static const struct {
	u32 size;
	const char *name;
} classes[] = {
	{ 16, "kmalloc-16" },	  { 32, "kmalloc-32" },	  { 48, "kmalloc-48" },
	{ 64, "kmalloc-64" },	  { 96, "kmalloc-96" },	  { 128, "kmalloc-128" },
	{ 192, "kmalloc-192" },	  { 256, "kmalloc-256" }, { 384, "kmalloc-384" },
	{ 512, "kmalloc-512" },	  { 768, "kmalloc-768" }, { 1024, "kmalloc-1k" },
	{ 1536, "kmalloc-1536" }, { 2048, "kmalloc-2k" }, { 3072, "kmalloc-3k" },
	{ 4096, "kmalloc-4k" },	  { 8192, "kmalloc-8k" },
};

#define SMALL_STEP 16
#define SMALL_MAX 1024

static struct slab_cache *class_caches[ARRAY_LEN(classes)] __ro_after_init;
static u8 small_class[SMALL_MAX / SMALL_STEP + 1] __ro_after_init; /* by size, in steps, rounded up */

void slab_init(void)
{
	u32 class = 0;

	for (u32 i = 0; i < ARRAY_LEN(classes); i++)
		class_caches[i] = slab_cache_create(classes[i].name, classes[i].size, 0);
	for (u32 step = 0; step < ARRAY_LEN(small_class); step++) {
		while (classes[class].size < step * SMALL_STEP)
			class ++;
		small_class[step] = (u8) class;
	}
}

void slab_init_cpu(void)
{
}

static struct slab_cache *class_cache(size_t size)
{
	u32 class;

	if (likely(size <= SMALL_MAX))
		return AT(class_caches, AT(small_class, (size + SMALL_STEP - 1) / SMALL_STEP));
	for (class = small_class[ARRAY_LEN(small_class) - 1]; classes[class].size < size;)
		class ++;
	return class_caches[class];
}

static void *kmalloc_pages(size_t size, unsigned int flags)
{
	unsigned int order = ilog2((size - 1) >> PAGE_SHIFT) + 1;
	struct page *page;

	if (order > PAGE_MAX_ORDER)
		return NULL;
	page = page_alloc(order,
			  PAGE_COMPOUND | (flags & SLAB_ZERO ? PAGE_ZERO : 0) |
				  (flags & SLAB_ATOMIC ? PAGE_ATOMIC : 0),
			  PAGE_KERNEL);
	return page ? page_virt(page) : NULL;
}

void *kmalloc(size_t size, unsigned int flags)
{
	struct slab_cache *cache;
	void *object;

	if (unlikely(size == 0))
		return NULL;
	if (unlikely(size > SLAB_SIZE_MAX))
		return kmalloc_pages(size, flags);
	cache = class_cache(size);
	object = slab_alloc(cache, flags);
	if (likely(object))
		slab_set_used(cache, object, size);
	return object;
}

void *kzalloc(size_t size)
{
	return kmalloc(size, SLAB_ZERO);
}

void *kmalloc_array(size_t count, size_t size, unsigned int flags)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		return NULL;
	return kmalloc(bytes, flags);
}

void kfree(const void *object)
{
	struct page *page;

	if (!object)
		return;
	page = page_head(virt_page(object));
	if (likely(page->owner == PAGE_SLAB))
		slab_free(page->slab_cache, (void *)object);
	else if (page->owner == PAGE_KERNEL && object == page_virt(page))
		page_put(page);
	else
		panic("kfree: %p is no object", object);
}

size_t kmalloc_usable_size(const void *object)
{
	struct page *page = page_head(virt_page(object));
	u64 start, end;

	if (page->owner != PAGE_SLAB)
		return (size_t)PAGE_SIZE << page->order;
	slab_object_range(page->slab_cache, object, &start, &end);
	return end - start;
}

void *krealloc(void *object, size_t size, unsigned int flags)
{
	size_t old = object ? kmalloc_usable_size(object) : 0;
	void *copy;

	if (object && size <= old && size > old / 2)
		return object;
	copy = kmalloc(size, flags);
	if (copy && object) {
		memcpy(copy, object, MIN(size, old));
		kfree(object);
	}
	return copy;
}

char *kstrdup(const char *s)
{
	size_t size = strlen(s) + 1;
	char *copy = kmalloc(size, 0);

	return copy ? memcpy(copy, s, size) : NULL;
}
