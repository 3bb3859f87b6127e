/*
 * USERCOPY_OBJECT_BOUNDS: a user copy whose kernel side begins in a slab object, or in a block of pages, ends there too.
 * What is neither (stacks, the image, vmalloc) is not looked at.
 */
#include "internal.h"

#include <kernel/printk.h>
#include <platform/usercopy.h>

static void copy_fail(const void *object, size_t size, u64 start, u64 end)
{
	panic("usercopy: %zu bytes at %p, but the object is %llu bytes at %p", size, object,
	      (unsigned long long)(end - start), (void *)start);
}

void usercopy_check_object(const void *object, size_t size)
{
	u64 from = (u64)object, start, end;
	struct page *page;

	if (from < DIRECT_MAP_BASE || from >= DIRECT_MAP_BASE + (page_frames_end() << PAGE_SHIFT))
		return;
	page = page_head(virt_page(object));
	if (page->owner == PAGE_SLAB) {
		slab_object_range(page->slab_cache, object, &start, &end);
	} else if (page->owner < PAGE_KERNEL) {
		return;
	} else {
		start = (u64)page_virt(page);
		end = start + ((u64)PAGE_SIZE << page->order);
	}
	if (unlikely(from < start || from + size > end))
		copy_fail(object, size, start, end);
}
