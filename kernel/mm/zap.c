/* Unmapping: takes entries out of page tables and hands what they mapped to a gather. */
#include "huge.h"

void mm_count_rss(struct mm *mm, const struct page *page, long n)
{
	if (page->owner == PAGE_ANON)
		atomic_add(&mm->rss_anon, n);
	else if (page->flags & PAGE_FLAG_SHMEM)
		atomic_add(&mm->rss_shmem, n);
	else
		atomic_add(&mm->rss_file, n);
}

/* Before the resident size shrinks. */
void mm_note_peak(struct mm *mm)
{
	long now = atomic_read(&mm->rss_anon) + atomic_read(&mm->rss_file) +
		   atomic_read(&mm->rss_shmem);

	if (now > READ_ONCE(mm->rss_peak))
		WRITE_ONCE(mm->rss_peak, now);
}

/* Of each walk; all that gets its address is inlined, so that its fields live in registers. */
struct zap {
	struct gather *gather;
	struct mm *mm;
	long anon, file, shmem; /* pages unmapped since the counters of the mm were changed */
};

static __always_inline void zap_count(struct zap *zap)
{
	if (zap->anon)
		atomic_sub(&zap->mm->rss_anon, zap->anon);
	if (zap->file)
		atomic_sub(&zap->mm->rss_file, zap->file);
	if (zap->shmem)
		atomic_sub(&zap->mm->rss_shmem, zap->shmem);
	zap->anon = zap->file = zap->shmem = 0;
}

/*
 * One entry in use, under its table's lock. No exchange: an entry that permits writing has its D bit set from the start,
 * so the CPU has nothing to report in it. True: the gather is full.
 */
static __always_inline bool zap_entry(struct zap *zap, pte_t *entry)
{
	pte_t value = pte_read(entry);
	struct page *page;

	if (pte_has(value, PTE_SOFT_SPECIAL)) {
		pte_write(entry, (pte_t){ 0 });
		return false;
	}
	page = pte_page(value);
	if (page->owner == PAGE_ANON) {
		zap->anon++;
		pte_write(entry, (pte_t){ 0 });
	} else {
		if (page->flags & PAGE_FLAG_SHMEM)
			zap->shmem++;
		else
			zap->file++;
		pte_write(entry, (pte_t){ 0 });
		atomic_dec(&page->mapcount);
	}
	return gather_add_page(zap->gather, page);
}

static __always_inline void zap_dropped(struct zap *zap, struct page *dropped, u64 address, u64 end)
{
	zap->anon += dropped->table_entries;
	gather_range(zap->gather, address, end);
	if (gather_add_table(zap->gather, dropped))
		gather_flush(zap->gather);
}

/* True: [address, end) is done. Else go on at `*entry`: what was a huge page may have been split since it was found. */
static __always_inline bool zap_huge(struct zap *zap, u64 address, u64 end, pte_t **entry)
{
	struct page *group;

	if (!READ_ONCE(zap->mm->huge))
		return false;
	group = huge_drop(zap->mm, address, end, entry);
	if (!IS_ERR_OR_NULL(group))
		zap_dropped(zap, group, address, end);
	return group;
}

/*
 * True: [address, end) was all of a shared table, which was dropped. Else the entry that was found before is still the right
 * one: a fault makes another table of a shared one, but where there are any nobody comes here beside faults (madvise.c).
 */
static __always_inline bool zap_shared(struct zap *zap, u64 address, u64 end)
{
	struct page *table = pt_drop_shared(zap->mm, address, end);

	if (!table)
		return false;
	zap_dropped(zap, table, address, end);
	return true;
}

/*
 * [*address, end) within one table. Stops early, true, when the gather is full. What CPUs are to forget is from the first entry
 * in use to the last.
 */
static __always_inline bool zap_table(struct zap *zap, pte_t *entry, u64 *address, u64 end)
{
	struct spinlock *lock = page_table_lock(entry);
	const long anon = zap->anon;
	pte_t *const first = entry;
	u64 left = (end - *address) >> PAGE_SHIFT, start, behind;
	bool full = false;

	spin_lock(lock);
	left = pt_skip_empty(&entry, left);
	start = left;
	behind = left;
	while (left && !full) {
		full = zap_entry(zap, entry++);
		behind = --left;
		if (likely(!full))
			left = pt_skip_empty(&entry, left);
	}
	*address = end - left * PAGE_SIZE;
	if (start != behind)
		gather_range(zap->gather, end - start * PAGE_SIZE, end - behind * PAGE_SIZE);
	table_count_anon(first, (int)(anon - zap->anon));
	spin_unlock(lock);
	return full;
}

static inline bool entry_is_anon(const pte_t *entry)
{
	const pte_t value = pte_read(entry);

	return !pte_has(value, PTE_SOFT_SPECIAL) && pte_page(value)->owner == PAGE_ANON;
}

/* The same, but anonymous frames stay: what CPUs are to forget is each entry that goes. */
static __always_inline bool zap_table_files(struct zap *zap, pte_t *entry, u64 *address, u64 end)
{
	struct spinlock *lock = page_table_lock(entry);
	u64 left = (end - *address) >> PAGE_SHIFT;
	bool full = false;

	spin_lock(lock);
	while (!full && (left = pt_skip_empty(&entry, left))) {
		const u64 at = end - left * PAGE_SIZE;

		if (!entry_is_anon(entry)) {
			full = zap_entry(zap, entry);
			gather_range(zap->gather, at, at + PAGE_SIZE);
		}
		entry++;
		left--;
	}
	*address = end - left * PAGE_SIZE;
	spin_unlock(lock);
	return full;
}

/* `may_be_huge` is a constant: what few need is kept out of the way of the others. */
static __always_inline void zap_spans(struct gather *gather, struct vma *vma, u64 start, u64 end,
				      bool files_only, bool may_be_huge)
{
	struct zap zap = { .gather = gather, .mm = vma->mm };
	u64 span_end;
	pte_t *entry;

	while ((entry = pt_next_table(vma->mm, &start, end, &span_end))) {
		if (unlikely(atomic_read(&zap.mm->special_spans)) &&
		    zap_shared(&zap, start, span_end))
			start = span_end;
		else if (may_be_huge && zap_huge(&zap, start, span_end, &entry))
			start = span_end;
		else if (files_only ? zap_table_files(&zap, entry, &start, span_end)
				    : zap_table(&zap, entry, &start, span_end))
			gather_flush(gather);
	}
	zap_count(&zap);
}

__noinline void vm_zap_beside_faults(struct gather *gather, struct vma *vma, u64 start, u64 end)
{
	zap_spans(gather, vma, start, end, false, true);
}

static __noinline void zap_files_huge(struct gather *gather, struct vma *vma, u64 start, u64 end)
{
	zap_spans(gather, vma, start, end, true, true);
}

void vm_zap(struct gather *gather, struct vma *vma, u64 start, u64 end, bool files_only)
{
	if (likely(!READ_ONCE(vma->mm->huge)))
		zap_spans(gather, vma, start, end, files_only, false);
	else if (files_only)
		zap_files_huge(gather, vma, start, end);
	else
		vm_zap_beside_faults(gather, vma, start, end);
}
