/* PAGE_VERIFY: a free frame that was all zero, or was said to be (page_free_zeroed), is. */
#include "internal.h"

#include "page_internal.h"

#include <kernel/printk.h>
#include <lib/string.h>
#include <profile/init.h>

/*
 * Eight cache lines between one branch and the next: a look at each word is one instruction, and a frame 547, where a loop of one
 * word a round takes 2,560.
 */
static bool page_is_zero(const u64 *at)
{
#define OR_4(i) (at[i] | at[(i) + 1] | at[(i) + 2] | at[(i) + 3])
#define OR_16(i) (OR_4(i) | OR_4((i) + 4) | OR_4((i) + 8) | OR_4((i) + 12))
	const u64 *end = at + PAGE_SIZE / sizeof(*at);

	for (; at < end; at += 64)
		if (unlikely(OR_16(0) | OR_16(16) | OR_16(32) | OR_16(48)))
			return false;
	return true;
#undef OR_16
#undef OR_4
}

void page_verify_zero(struct page *page)
{
	const char *base = page_virt(page), *found;

	if (!page_verify() || likely(page_is_zero(page_virt(page))))
		return;
	found = mem_find_other(base, 0, PAGE_SIZE);
	if (found)
		panic("page: frame %llx was written after it was freed, at offset %lu, or was not zero when it was freed as zero",
		      (unsigned long long)page_frame(page), (unsigned long)(found - base));
}
