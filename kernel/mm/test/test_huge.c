/* Groups of frames: each frame goes when its own last reference does, and all at once where they can. */
#include "../huge.h"

#include <kernel/file.h>
#include <kernel/shmem.h>
#include <kernel/vfs.h>
#include <kunit/kunit.h>
#include <lib/string.h>

KUNIT(page_group_is_single_frames)
{
	struct page *group = page_group_alloc();
	u64 before;

	KEXPECT(group);
	if (!group)
		return;
	KEXPECT(IS_ALIGNED(page_frame(group), (u64)PT_ENTRIES));
	KEXPECT(mem_is_zero(page_virt(group), HUGE_PAGE_SIZE));
	for (unsigned int i = 0; i < PT_ENTRIES; i++) {
		KEXPECT_EQ(atomic_read(&group[i].ref), 1);
		KEXPECT_EQ(group[i].owner, PAGE_ANON);
		KEXPECT_EQ(group[i].order, 0);
	}
	/* Somebody looks at three of them while the group goes. */
	memset(page_virt(group), 0xa5, HUGE_PAGE_SIZE);
	page_get(group);
	page_get(group + 77);
	page_get(group + 511);
	before = page_free_count();
	pt_table_put(group);
	KEXPECT(page_free_count() - before >= PT_ENTRIES - 3 - 64);
	KEXPECT_EQ(atomic_read(&group[0].ref), 1);
	KEXPECT_EQ(atomic_read(&group[77].ref), 1);
	KEXPECT_EQ(atomic_read(&group[511].ref), 1);
	KEXPECT_EQ(*(u8 *)page_virt(group + 77), 0xa5);
	page_put(group);
	page_put(group + 77);
	page_put(group + 511);
}

/* Of a file: all single pages of its cache, until one of them goes; then the others stay. */
KUNIT(page_cache_takes_huge)
{
	struct file *file = shmem_file_create("test", 4 * HUGE_PAGE_SIZE, false);
	const u64 before = vm_shmem_huge_pages();
	const bool used = vm_huge_used;
	struct page_cache *cache;
	struct page *page;

	KEXPECT(!IS_ERR(file));
	if (IS_ERR(file))
		return;
	cache = &file->inode->cache;
	shmem_huge_set("always");
	page = page_cache_get(cache, PT_ENTRIES + 7);
	shmem_huge_set("never"); /* as it is at boot */
	vm_huge_used = used;
	KEXPECT(!IS_ERR(page));
	if (IS_ERR(page))
		return;
	KEXPECT_EQ(vm_shmem_huge_pages(), before + PT_ENTRIES);
	KEXPECT_EQ(cache->page_count, PT_ENTRIES);
	KEXPECT(page_flag(page, PAGE_FLAG_HUGE));
	KEXPECT_EQ(page_frame(page) % PT_ENTRIES, 7);
	KEXPECT_EQ(atomic_read(&page->ref), 2);
	KEXPECT_EQ(atomic_read(&page[-7].ref), 1);
	KEXPECT(mem_is_zero(page_virt(page - 7), HUGE_PAGE_SIZE));
	page_cache_punch(cache, (PT_ENTRIES + 9) * PAGE_SIZE, (PT_ENTRIES + 10) * PAGE_SIZE);
	KEXPECT_EQ(vm_shmem_huge_pages(), before);
	KEXPECT_EQ(cache->page_count, PT_ENTRIES - 1);
	KEXPECT(!page_flag(page, PAGE_FLAG_HUGE));
	page_put(page);
	file_put(file);
}

/* What comes back as one block can be handed out as one. */
KUNIT(page_group_comes_back_whole)
{
	u64 mapped = vm_huge_pages();

	for (unsigned int i = 0; i < 100; i++) {
		struct page *group = page_group_alloc();

		KEXPECT(group);
		if (!group)
			return;
		KEXPECT_EQ(vm_huge_pages(), mapped + PT_ENTRIES);
		KEXPECT(mem_is_zero(page_virt(group), HUGE_PAGE_SIZE));
		memset(page_virt(group), 0x5a, HUGE_PAGE_SIZE);
		pt_table_put(group);
		KEXPECT_EQ(vm_huge_pages(), mapped);
	}
}
