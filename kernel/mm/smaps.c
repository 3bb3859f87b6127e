/* /proc/<pid>/smaps: what of each mapping is resident, and how, in Linux's format. */
#include "huge.h"

#include <kernel/seq_file.h>

#define PSS_SHIFT 12 /* parts of a byte, so that a page shared by three counts right in the sum */

/* Bytes. */
struct residence {
	u64 rss, pss, pss_dirty; /* pss: << PSS_SHIFT */
	u64 clean[2], dirty[2]; /* by whether somebody else maps it */
	u64 anon, huge, shmem_huge;
};

static void count_part(struct residence *r, u64 size, unsigned int sharers, bool dirty)
{
	u64 part = (size << PSS_SHIFT) / sharers;

	r->rss += size;
	r->pss += part;
	if (dirty)
		r->pss_dirty += part;
	(dirty ? r->dirty : r->clean)[sharers > 1] += size;
}

/* `sharers`: of the table. What is looked at now may change at once: an estimate, as on Linux. */
static void count_entry(struct residence *r, pte_t value, unsigned int sharers)
{
	const struct page *page;
	int maps;

	/* What PROT_NONE made absent is resident all the same. */
	if (!pte_maps_page(value))
		return;
	page = pte_page(value);
	if (page->owner == PAGE_ANON) {
		r->anon += PAGE_SIZE;
		maps = atomic_read(&page->ref);
		count_part(r, PAGE_SIZE, sharers * (unsigned int)MAX(maps, 1), true);
	} else {
		maps = atomic_read(&page->mapcount);
		count_part(r, PAGE_SIZE, (unsigned int)MAX(maps, 1),
			   page_flag(page, PAGE_FLAG_DIRTY));
	}
}

static void count_entries(struct residence *r, const pte_t *entry, u64 pages, unsigned int sharers)
{
	for (; pages--; entry++)
		count_entry(r, pte_read(entry), sharers);
}

/* Each of its pages may be mapped by others alone. */
static void count_shmem_huge(struct residence *r, pte_t value)
{
	r->shmem_huge += HUGE_PAGE_SIZE;
	for (u64 offset = 0; offset < HUGE_PAGE_SIZE; offset += PAGE_SIZE)
		count_entry(r, huge_part(value, offset), 1);
}

/* The directory's lock is held: what it points to stays. False: an ordinary table. */
static bool count_special(struct residence *r, pte_t value, u64 start, u64 end)
{
	if (pte_is_own_table(value))
		return false;
	if (pte_is_huge(value) && huge_is_shmem(value)) {
		count_shmem_huge(r, value);
	} else if (pte_is_huge(value)) {
		const unsigned int sharers = (unsigned int)atomic_read(&pte_page(value)->table_refs);

		r->anon += HUGE_PAGE_SIZE;
		r->huge += HUGE_PAGE_SIZE;
		count_part(r, HUGE_PAGE_SIZE, MAX(sharers, 1U), true);
	} else if (pte_table_is_shared(value)) {
		count_entries(r, &pte_table_of(value)[pt_index(start, 1)],
			      (end - start) >> PAGE_SHIFT,
			      (unsigned int)atomic_read(&pte_page(value)->table_refs));
	}
	return true;
}

/* [start, end) is within one span. */
static void count_span(struct residence *r, struct mm *mm, u64 start, u64 end)
{
	pte_t *directory = pt_entry_find(mm, start, 2), *entry;
	bool done;

	if (!directory)
		return;
	spin_lock(page_table_lock(directory));
	done = count_special(r, pte_read(directory), start, end);
	spin_unlock(page_table_lock(directory));
	if (done)
		return;
	/* mm->lock keeps it, and keeps it this address space's own. */
	entry = &pte_table_of(pte_read(directory))[pt_index(start, 1)];
	spin_lock(page_table_lock(entry));
	count_entries(r, entry, (end - start) >> PAGE_SHIFT, 1);
	spin_unlock(page_table_lock(entry));
}

static void count_vma(struct residence *r, const struct vma *vma)
{
	u64 at = vma->start, end;

	for (; vma->touched && at < vma->end; at = end) {
		end = table_span_end(at, 2, vma->end);
		count_span(r, vma->mm, at, end);
	}
}

static void line(struct seq_file *out, const char *name, u64 bytes)
{
	seq_printf(out, "%-16s%8llu kB\n", name, (unsigned long long)bytes / KIB);
}

static void show_flags(struct seq_file *out, u32 flags)
{
	static const struct {
		u32 flag;
		char name[3];
	} names[] = {
		{ VM_READ, "rd" },	 { VM_WRITE, "wr" },	    { VM_EXEC, "ex" },
		{ VM_SHARED, "sh" },	 { VM_MAY_READ, "mr" },	    { VM_MAY_WRITE, "mw" },
		{ VM_MAY_EXEC, "me" },	 { VM_SHARED, "ms" },	    { VM_STACK, "gd" },
		{ VM_SPECIAL, "pf" },	 { VM_LOCKED, "lo" },	    { VM_SEQUENTIAL, "sr" },
		{ VM_RANDOM, "rr" },	 { VM_NO_FORK, "dc" },	    { VM_ACCOUNT, "ac" },
		{ VM_NO_RESERVE, "nr" }, { VM_WIPE_ON_FORK, "wf" }, { VM_NO_DUMP, "dd" },
		{ VM_HUGE, "hg" },	 { VM_NO_HUGE, "nh" },	    { VM_MERGEABLE, "mg" },
	};

	seq_puts(out, "VmFlags: ");
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (flags & names[i].flag)
			seq_printf(out, "%s ", names[i].name);
	seq_putc(out, '\n');
}

static void show_residence(struct seq_file *out, const struct vma *vma, const struct residence *r)
{
	line(out, "Size:", vma->end - vma->start);
	line(out, "KernelPageSize:", PAGE_SIZE);
	line(out, "MMUPageSize:", PAGE_SIZE);
	line(out, "Rss:", r->rss);
	line(out, "Pss:", r->pss >> PSS_SHIFT);
	line(out, "Pss_Dirty:", r->pss_dirty >> PSS_SHIFT);
	line(out, "Shared_Clean:", r->clean[true]);
	line(out, "Shared_Dirty:", r->dirty[true]);
	line(out, "Private_Clean:", r->clean[false]);
	line(out, "Private_Dirty:", r->dirty[false]);
	line(out, "Referenced:", r->rss);
	line(out, "Anonymous:", r->anon);
	line(out, "LazyFree:", 0);
	line(out, "AnonHugePages:", r->huge);
	line(out, "ShmemPmdMapped:", r->shmem_huge);
	line(out, "FilePmdMapped:", 0);
	line(out, "Shared_Hugetlb:", 0);
	line(out, "Private_Hugetlb:", 0);
	line(out, "Swap:", 0);
	line(out, "SwapPss:", 0);
	line(out, "Locked:", vma->flags & VM_LOCKED ? r->pss >> PSS_SHIFT : 0);
	seq_printf(out, "THPeligible:    %d\n", huge_eligible(vma) || huge_shmem_eligible(vma));
	show_flags(out, vma->flags);
}

void vm_show_smaps(struct seq_file *out, struct mm *mm)
{
	struct vma *vma;

	rwsem_read_lock(&mm->lock);
	for (vma = vma_first(mm); vma; vma = vma_next(vma)) {
		struct residence r = { 0 };

		count_vma(&r, vma);
		vma_show(out, mm, vma);
		show_residence(out, vma, &r);
	}
	rwsem_read_unlock(&mm->lock);
}
