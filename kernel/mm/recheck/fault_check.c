/*
 * FAULT_FASTPATH_CHECK: after each fault that the entry has resolved by itself, what the handler in C would have left is compared
 * with what is there. Interrupts are off since the fault: vma and page tables stay. Where another thread may have changed the
 * page since, only what it cannot change is compared.
 */
#include "../internal.h"
#include "../vma_lock.h"

#include <kernel/printk.h>
#include <lib/string.h>

struct seen {
	u64 address;
	struct vma *vma;
	u64 sequence; /* of the vma, when the look began */
	pte_t *entry;
	pte_t value;
	bool alone; /* no other thread runs in the address space */
};

static bool is_alone(void)
{
	return ref_read(&current->mm->users) == 1;
}

/* Once a writer has come to the vma, or somebody to the address space, nothing can be said. */
static void require(const struct seen *s, bool holds, const char *what)
{
	if (!holds && vma_look_holds(s->vma, s->sequence) && s->alone == is_alone())
		panic("page-fault entry: %llx, entry %llx: %s", (unsigned long long)s->address,
		      (unsigned long long)s->value.raw, what);
}

static void check_range(const struct seen *s, u32 kind)
{
	const struct vma *vma = s->vma;

	require(s, vma_holds(vma, s->address), "outside of the range");
	require(s, vma->fault_kinds == vma_fault_kinds(vma) && vma->fault_kinds & kind && !vma->file,
		"not a usual fault");
	require(s, vma->touched && (vma->has_anon || kind == FAULT_RANGE_READ),
		"the vma does not know that something is mapped");
}

/* Frames in the table, as the entry has counted them. */
static void check_table(const struct seen *s)
{
	const struct page *table = page_table_page(s->entry);
	const pte_t *entries = page_virt(table);
	unsigned int frames = 0;

	require(s, table->owner == PAGE_TABLE, "no page table");
	if (!s->alone)
		return;
	for (unsigned int i = 0; i < PT_ENTRIES; i++)
		frames += pte_maps_page(entries[i]) && pte_page(entries[i])->owner == PAGE_ANON;
	require(s, table->table_entries == frames, "the table's frames are counted wrongly");
}

static void check_frame(const struct seen *s, pte_t value)
{
	const struct page *page = pte_page(value);

	require(s, (value.raw & ~PTE_ADDRESS) == s->vma->pte_bits, "wrong permissions");
	require(s, page->owner == PAGE_ANON && !page->order && !page->flags,
		"no frame of a program");
	require(s, atomic_read(&page->ref) == 1 && !atomic_read(&page->mapcount),
		"somebody has the frame");
	require(s, !mem_find_other(page_virt(page), 0, PAGE_SIZE), "not cleared");
}

static void check_zero_page(const struct seen *s, pte_t value)
{
	const u64 expected = page_paddr(zero_page).raw | PTE_SOFT_SPECIAL | vma_read_bits(s->vma);

	require(s, value.raw == expected, "not the zero page");
}

/* With an entry in use before it, it was a walk, and that ends here now. */
static u64 filled_end(const struct seen *s)
{
	const u64 page = ALIGN_DOWN(s->address, PAGE_SIZE);

	if (IS_ALIGNED((u64)s->entry, PAGE_SIZE) || pte_none(pte_read(s->entry - 1)))
		return page + PAGE_SIZE;
	require(s, this_cpu(fault_walk_at) - page - 1 < FAULT_WALK_MAX * PAGE_SIZE,
		"the walk does not end behind it");
	return this_cpu(fault_walk_at);
}

/* Nobody else can have touched any of them. */
static void check_filled(struct seen *s, bool write)
{
	const u64 end = filled_end(s);

	require(s, vma_holds(s->vma, end - 1), "a walk goes beyond the range");
	for (u64 at = ALIGN_DOWN(s->address, PAGE_SIZE); at < end; at += PAGE_SIZE, s->entry++) {
		s->value = pte_read(s->entry);
		require(s, !pte_none(s->value), "nothing is mapped");
		if (write)
			check_frame(s, s->value);
		else
			check_zero_page(s, s->value);
	}
}

void fault_fast_check(u64 address, u64 error)
{
	const bool write = error & TRAP_FAULT_WRITE;
	struct mm *mm = current->mm;
	struct seen s = { .address = address, .alone = is_alone() };

	if (!vma_look(mm, &s.vma, &s.sequence))
		return; /* a writer has it */
	s.entry = pt_entry_own(mm, address, 1);
	require(&s, s.entry, "there is no page table");
	if (!s.entry)
		return;
	s.value = pte_read(s.entry);
	check_range(&s, write ? FAULT_RANGE_WRITE : FAULT_RANGE_READ);
	check_table(&s);
	if (s.alone)
		check_filled(&s, write);
}
