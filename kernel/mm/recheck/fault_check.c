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
	const struct vma *vma;
	u64 sequence; /* of the vma, when the look began */
	pte_t *entry;
	pte_t value;
	bool alone; /* no other thread runs in the address space */
};

/* Once a writer has come to the vma nothing can be said. */
static void require(const struct seen *s, bool holds, const char *what)
{
	if (!holds && vma_look_holds(s->vma, s->sequence))
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

static void check_table(const struct seen *s)
{
	const struct page *table = page_table_page(s->entry);

	require(s, table->owner == PAGE_TABLE && table->table_entries <= PT_ENTRIES,
		"no page table, or its entries are counted wrongly");
}

static void check_frame(const struct seen *s)
{
	const struct page *page = pte_page(s->value);

	require(s, (s->value.raw & ~PTE_ADDRESS) == s->vma->pte_bits, "wrong permissions");
	require(s, page->owner == PAGE_ANON && !page->order && !page->flags,
		"no frame of a program");
	if (!s->alone)
		return;
	require(s, atomic_read(&page->ref) == 1 && !atomic_read(&page->mapcount),
		"somebody has the frame");
	require(s, !mem_find_other(page_virt(page), 0, PAGE_SIZE), "not cleared");
}

static void check_zero_page(const struct seen *s)
{
	const u64 expected = page_paddr(zero_page).raw | PTE_SOFT_SPECIAL | vma_read_bits(s->vma);

	require(s, s->value.raw == expected, "not the zero page");
}

void fault_fast_check(u64 address, u64 error)
{
	const bool write = error & TRAP_FAULT_WRITE;
	struct mm *mm = current->mm;
	struct seen s = { .address = address, .alone = ref_read(&mm->users) == 1 };

	s.vma = vma_look(mm, &s.sequence);
	if (!s.vma)
		return; /* a writer has it */
	s.entry = pt_entry_own(mm, address, 1);
	require(&s, s.entry, "there is no page table");
	if (!s.entry)
		return;
	s.value = pte_read(s.entry);
	check_range(&s, write ? FAULT_RANGE_WRITE : FAULT_RANGE_READ);
	check_table(&s);
	require(&s, !pte_none(s.value) || !s.alone, "nothing is mapped");
	if (pte_none(s.value))
		return;
	if (write)
		check_frame(&s);
	else if (s.alone)
		check_zero_page(&s);
}
