/*
 * 2 MiB of shared memory at once: in the page cache of a file that lives in memory, and in entries of the page directory that map
 * it for shared mappings.
 *
 * The page cache takes 512 frames that lie side by side, aligned, where a page is missing, nothing is cached of the 2 MiB of the
 * file around it, and the file system permits it (page_cache_ops.huge). Each is a page of the cache like any other, with its own
 * reference. PAGE_FLAG_HUGE says of each of them that all 512 are in the cache; it goes, from all, before the first one leaves
 * (under the cache's lock). Whoever looks pages up need not know any of this.
 *
 * A directory entry maps them where vma and file lie the same way within 2 MiB, and the vma and the file have all of it. It has a
 * reference of each frame, and counts in the mapcount of each, as 512 entries would: so truncation, smaps and PTE_VERIFY find
 * what they look for. What concerns a part of it (a border of a vma, truncation, madvise) takes the entry out: the pages are
 * found again in the cache, by faults of 4 KiB or of 2 MiB. Nothing has to be split, and nobody needs memory for it.
 *
 *	made		by faults, under the locks of the cache (the 512 are there, and stay) and of its vmas: truncation, which
 *			does not have mm->lock, finds mm->huge set, and every entry, once it has the latter
 *	changed, taken	under the lock of the directory, at any time: so who meets one looks again under that lock
 *	out
 *
 * An entry is made absent and flushed before it becomes empty: another thread's fault may put a page table in its place at once, and
 * both sizes must not be cached for one address (huge.c).
 */
#include "fault_internal.h"
#include "huge.h"

#include <kernel/file.h>
#include <kernel/vfs.h>
#include <platform/tlb.h>

bool vm_huge_used;

static atomic_long_t cached_pages, mapped_pages;

u64 vm_shmem_huge_pages(void)
{
	return (u64)atomic_read(&cached_pages);
}

u64 vm_shmem_huge_mapped(void)
{
	return (u64)atomic_read(&mapped_pages);
}

static struct page *group_first(struct page *page)
{
	return page - (page->index & (PT_ENTRIES - 1));
}

/* --- In the page cache --------------------------------------------------------------------------------------------------- */

static bool range_is_empty(struct page_cache *cache, u64 start)
{
	u64 index = start;
	bool empty;

	rcu_read_lock();
	empty = !radix_next(&cache->pages, &index) || index - start >= PT_ENTRIES;
	rcu_read_unlock();
	return empty;
}

/*
 * cache->lock held. All or nothing: the first page, which alone has a reference, comes last; the others cannot be had before all are
 * there, as who finds one without a reference looks again.
 */
static int group_insert(struct page_cache *cache, struct page *first)
{
	const u64 start = first->index;
	unsigned int i = PT_ENTRIES;
	int error = 0;

	while (i && !error) {
		i--;
		error = radix_insert(&cache->pages, start + i, first + i);
	}
	if (error) {
		while (++i < PT_ENTRIES)
			radix_delete(&cache->pages, start + i);
		return error;
	}
	cache->page_count += PT_ENTRIES;
	for (i = 1; i < PT_ENTRIES; i++)
		atomic_set_release(&first[i].ref, 1);
	return 0;
}

static int group_add(struct page_cache *cache, u64 start)
{
	struct page *first = page_group_alloc_cached(cache, start);
	int error;

	if (!first)
		return -ENOMEM;
	spin_lock(&cache->lock);
	error = group_insert(cache, first);
	if (!error) {
		atomic_add(&page_cache_count, PT_ENTRIES);
		atomic_add(&page_shmem_count, PT_ENTRIES);
		atomic_add(&cached_pages, PT_ENTRIES);
	}
	spin_unlock(&cache->lock);
	if (error)
		page_group_free_cached(first);
	return error;
}

void page_cache_fill_huge(struct page_cache *cache, u64 index, const struct vma *vma)
{
	const struct page_cache_ops *ops = cache->ops;
	const u64 start = ALIGN_DOWN(index, (u64)PT_ENTRIES);

	if (!ops || !ops->huge || !ops->huge(cache->inode, vma, index) ||
	    !range_is_empty(cache, start))
		return;
	if (!ops->charge(cache->inode, PT_ENTRIES)) {
		if (!group_add(cache, start)) {
			event_count(EVENT_SHMEM_HUGE_ALLOC);
			return;
		}
		ops->uncharge(cache->inode, PT_ENTRIES);
	}
	event_count(EVENT_SHMEM_HUGE_FALLBACK);
}

void page_cache_break_huge(struct page *page)
{
	struct page *first = group_first(page);

	for (page = first; page < first + PT_ENTRIES; page++)
		page_flag_clear(page, PAGE_FLAG_HUGE);
	atomic_sub(&cached_pages, PT_ENTRIES);
}

/* --- In page directories ------------------------------------------------------------------------------------------------- */

static void group_map(struct page *first)
{
	for (struct page *page = first; page < first + PT_ENTRIES; page++) {
		atomic_inc(&page->ref);
		atomic_inc(&page->mapcount);
	}
	if (atomic_add_return(&first->huge_maps, 1) == 1)
		atomic_add(&mapped_pages, PT_ENTRIES);
}

/* No CPU has the entry cached. */
static void group_unmap(struct page *first)
{
	if (!atomic_sub_return(&first->huge_maps, 1))
		atomic_sub(&mapped_pages, PT_ENTRIES);
	for (struct page *page = first; page < first + PT_ENTRIES; page++) {
		atomic_dec(&page->mapcount);
		page_put(page);
	}
}

struct page *huge_shmem_take(struct mm *mm, pte_t *directory, u64 address)
{
	const u64 start = ALIGN_DOWN(address, (u64)HUGE_PAGE_SIZE);
	const pte_t value = pte_read(directory);

	pte_write(directory, pte_unset(value, PTE_PRESENT));
	tlb_flush_range(&mm->mmu, start, start + HUGE_PAGE_SIZE);
	pte_clear_open(directory);
	atomic_dec(&mm->special_spans);
	return pte_page(value);
}

void huge_shmem_put(struct mm *mm, struct page *taken)
{
	atomic_sub(&mm->rss_shmem, PT_ENTRIES);
	group_unmap(taken);
}

bool huge_shmem_drop(struct mm *mm, pte_t *directory, u64 address)
{
	struct page *taken = NULL;
	pte_t value;

	spin_lock(page_table_lock(directory));
	value = pte_read(directory);
	if (pte_is_huge(value) && huge_is_shmem(value))
		taken = huge_shmem_take(mm, directory, address);
	spin_unlock(page_table_lock(directory));
	if (taken)
		huge_shmem_put(mm, taken);
	return taken || pte_none(value);
}

/* --- Faults -------------------------------------------------------------------------------------------------------------- */

bool huge_shmem_eligible(const struct vma *vma)
{
	const struct page_cache *cache = vma_cache(vma);
	const u64 skew = (vma->start - (vma->page_offset << PAGE_SHIFT)) & (HUGE_PAGE_SIZE - 1);

	if (vma->ops != &vm_page_cache_ops || !cache->ops || !cache->ops->huge || skew ||
	    ALIGN_DOWN(vma->end, (u64)HUGE_PAGE_SIZE) < vma->start + HUGE_PAGE_SIZE)
		return false;
	return cache->ops->huge(cache->inode, vma, vma->page_offset);
}

static bool shmem_fits(const struct vma *vma, u64 start)
{
	const struct page_cache *cache = vma_cache(vma);
	u64 index;

	if (start < vma->start || start + HUGE_PAGE_SIZE > vma->end ||
	    vma->ops != &vm_page_cache_ops || !cache_is_memory(cache))
		return false;
	index = vma_index(vma, start);
	return IS_ALIGNED(index, (u64)PT_ENTRIES) &&
	       index + PT_ENTRIES <= DIV_ROUND_UP(READ_ONCE(cache->inode->size), (u64)PAGE_SIZE);
}

/* The cache's lock and that of its vmas held. False: another fault was faster. */
static bool shmem_install_locked(struct vma *vma, pte_t *directory, struct page *first)
{
	struct mm *mm = vma->mm;

	group_map(first);
	mm_expect_huge(mm);
	if (pte_try_replace(directory, (pte_t){ 0 },
			    pte_make(page_paddr(first), vma->pte_bits | PTE_HUGE)))
		return true;
	atomic_dec(&mm->special_spans);
	group_unmap(first);
	return false;
}

/* `page` is in the cache, or was. False: it is not one of 512 that are. */
static bool shmem_install(struct vma *vma, pte_t *directory, struct page *page)
{
	struct page_cache *cache = vma_cache(vma);
	bool installed = false, whole;

	spin_lock(&cache->lock);
	whole = page_flag(page, PAGE_FLAG_HUGE);
	if (whole) {
		spin_lock(&cache->rmap_lock);
		installed = shmem_install_locked(vma, directory, group_first(page));
		spin_unlock(&cache->rmap_lock);
	}
	spin_unlock(&cache->lock);
	if (installed) {
		atomic_add(&vma->mm->rss_shmem, PT_ENTRIES);
		event_count(EVENT_FAULT_FILE);
		event_count(EVENT_SHMEM_HUGE_MAPPED);
	}
	return whole;
}

/* True: an entry is there that permits what the vma does. */
static bool shmem_permit(const struct vma *vma, pte_t *directory, u64 address, bool write)
{
	pte_t value;
	bool huge;

	spin_lock(page_table_lock(directory));
	value = pte_read(directory);
	huge = pte_is_huge(value);
	if (huge && write && !pte_has(value, PTE_WRITE))
		pte_write(directory, pte_set(value, vma->pte_bits));
	spin_unlock(page_table_lock(directory));
	if (!huge)
		return false;
	event_count(EVENT_FAULT_SPURIOUS);
	tlb_flush_local_page(address);
	return true;
}

bool huge_shmem_fault(struct vma *vma, pte_t *directory, u64 address, bool write)
{
	const pte_t value = pte_read(directory);
	struct page *page;
	bool done;

	if (pte_is_huge(value))
		return shmem_permit(vma, directory, address, write);
	if (!pte_none(value) || !shmem_fits(vma, ALIGN_DOWN(address, (u64)HUGE_PAGE_SIZE)))
		return false;
	page = vma->ops->fault(vma, vma_index(vma, address));
	/* What went wrong is told by the fault of 4 KiB. */
	if (IS_ERR(page))
		return false;
	done = shmem_install(vma, directory, page);
	page_put(page);
	return done;
}
