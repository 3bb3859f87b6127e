/*
 * Faults in anonymous memory where nothing is mapped yet: the zero page for a read, frames of zeros for a write.
 *
 * Fault-around: a write fault fills as many entries from its own on as lie filled right before it, 1, 2, 4, ... up to
 * vm_fault_pages, within the vma and the page table. So a program that walks through its memory soon takes one fault for
 * 16 pages, one that touches single pages gets single pages, and what is filled in advance is never more than what was used
 * before it. The page table says it; remembered is where this CPU's last such walk ended (fault_walk_at), so that it need not begin
 * anew in the next page table. A number that the program has asked for (multi_page_alloc), or its advice (MADV_RANDOM,
 * MADV_SEQUENTIAL), decides at once.
 *
 * Frames are taken and cleared one after the other, and mapped together under one lock of the table.
 */
#include "fault_internal.h"

#define BATCH 32u /* frames that are on their way from the allocator to the page table */

int vm_fault_pages = 16;

/* How many entries from this one on are empty, at most `limit`: a frame for any other would be cleared for nothing. */
static unsigned int empty_run(const pte_t *entry, unsigned int limit)
{
	unsigned int n = 1;

	while (n < limit && pte_none(pte_read(entry + n)))
		n++;
	return n;
}

/*
 * A fault where this CPU's last walk ended goes on with it, also from one page table to the next; else the page table says how far
 * it is. Where it fills as many as a fault ever does, that is where the next one comes.
 */
static inline unsigned int around_walk(const struct fault *f, u64 room)
{
	const unsigned int index = pt_index(f->address, 1);
	const unsigned int most = (unsigned int)READ_ONCE(vm_fault_pages);
	unsigned int n = f->address == this_cpu(fault_walk_at) ? most : 1;

	while (n < most && n <= index && !pte_none(pte_read(f->entry - n)))
		n *= 2;
	room = MIN(room, (u64)most);
	if (n < most || most == 1)
		return (unsigned int)MIN(room, (u64)n);
	this_cpu(fault_walk_at) = f->address + room * PAGE_SIZE;
	return (unsigned int)room;
}

/* How many entries a fault here fills, from its own on. The table's lock is not held: a wrong guess does no harm. */
static inline unsigned int around_pages(const struct fault *f)
{
	const u64 room = MIN((f->vma->end - f->address) >> PAGE_SHIFT,
			     (u64)(PT_ENTRIES - pt_index(f->address, 1)));

	if (unlikely(f->vma->fault_pages))
		return empty_run(f->entry, (unsigned int)MIN(room, (u64)f->vma->fault_pages));
	if (unlikely(f->vma->flags & VM_RANDOM))
		return 1;
	if (unlikely(f->vma->flags & VM_SEQUENTIAL))
		return empty_run(f->entry, (unsigned int)MIN(room, (u64)READ_ONCE(vm_fault_pages)));
	return around_walk(f, room);
}

/* Maps `pages` at the entries from f->entry on that are empty; the others are given back. */
static void install_batch(const struct fault *f, struct page **pages, unsigned int count)
{
	struct spinlock *lock = page_table_lock(f->entry);
	const u64 bits = f->vma->pte_bits;
	unsigned int left = 0;

	vma_set_has_anon(f->vma);
	spin_lock(lock);
	for (unsigned int i = 0; i < count; i++) {
		if (likely(pte_none(pte_read(f->entry + i))))
			pte_write(f->entry + i, pte_make(page_paddr(pages[i]), bits));
		else
			pages[left++] = pages[i];
	}
	table_count_anon(f->entry, (int)(count - left));
	spin_unlock(lock);
	atomic_add(&f->vma->mm->rss_anon, (long)(count - left));
	while (unlikely(left))
		page_put(pages[--left]);
}

static int fault_write_single(const struct fault *f)
{
	struct page *page = page_alloc(0, PAGE_ZERO | PAGE_USER, PAGE_ANON);

	if (unlikely(!page))
		return -ENOMEM;
	vma_set_has_anon(f->vma);
	if (unlikely(!fault_install_begin(f))) {
		page_put(page);
		return 0;
	}
	pte_write(f->entry, pte_make(page_paddr(page), f->vma->pte_bits));
	table_count_anon(f->entry, 1);
	fault_install_end(f);
	atomic_inc(&f->vma->mm->rss_anon);
	return 0;
}

static __noinline int fault_write_batch(const struct fault *f, unsigned int count)
{
	struct page *pages[BATCH];
	struct fault at = *f;

	while (count) {
		unsigned int got = page_alloc_batch(pages, MIN(count, BATCH), PAGE_ZERO, PAGE_ANON);

		if (unlikely(!got))
			break;
		install_batch(&at, pages, got);
		at.entry += got;
		count -= got;
	}
	if (likely(at.entry != f->entry))
		return 0;
	/* Not one was at hand. */
	return fault_write_single(f);
}

/* The zero page costs no memory: all that a run may need is mapped. */
static int fault_read(const struct fault *f, unsigned int count)
{
	const pte_t zero = pte_make(page_paddr(zero_page), vma_read_bits(f->vma) | PTE_SOFT_SPECIAL);
	struct spinlock *lock = page_table_lock(f->entry);

	spin_lock(lock);
	for (unsigned int i = 0; i < count; i++)
		if (pte_none(pte_read(f->entry + i)))
			pte_write(f->entry + i, zero);
	spin_unlock(lock);
	return 0;
}

int vm_fault_anonymous(const struct fault *f)
{
	unsigned int count = around_pages(f);

	if (!f->write)
		return fault_read(f, count);
	return count > 1 ? fault_write_batch(f, count) : fault_write_single(f);
}
