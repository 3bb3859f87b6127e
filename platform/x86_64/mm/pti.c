/*
 * Page-table isolation: what of the kernel the page tables of user mode show. That is the text of the entries, the IDT and
 * each CPU's struct entry_area, all at their usual addresses, and never written again after pti_init: so these tables are
 * one set, which every user-visible root points to.
 */
#include <x86/pti.h>

#include <platform/cpu.h>
#include <platform/percpu.h>
#include <x86/entry.h>
#include <x86/image.h>
#include <x86/setup.h>

pte_t *pti_user_root __ro_after_init;

static pte_t *__init table_alloc(void)
{
	paddr_t frame = page_table_frame_alloc();

	if (!frame.raw)
		boot_fail("not enough memory: no room for page tables");
	return paddr_to_virt(frame);
}

static void __init page_show(const char *page, u64 bits)
{
	pte_t *table = pti_user_root;

	for (unsigned int level = 4; level > 1; level--) {
		pte_t *entry = &table[pt_index((u64)page, level)];

		if (pte_none(*entry))
			pte_store(entry, pte_table(virt_to_paddr(table_alloc())));
		table = pte_table_of(*entry);
	}
	/* Not global: the kernel's root has larger pages there. */
	pte_store(&table[pt_index((u64)page, 1)], pte_make(virt_to_paddr(page), bits));
}

static void __init range_show(const char *start, size_t size, u64 bits)
{
	for (size_t at = 0; at < size; at += PAGE_SIZE)
		page_show(start + at, bits);
}

void __init pti_init(void)
{
	const u64 read = PTE_PRESENT | PTE_ACCESSED, write = read | PTE_WRITE | PTE_DIRTY;
	const u64 no_exec = cpu_has(CPU_NX) ? PTE_NX : 0;

	if (!pti_enabled())
		return;
	pti_user_root = table_alloc();
	range_show(__entry_text_start, (size_t)(__entry_text_end - __entry_text_start), read);
	range_show((const char *)idt, PAGE_SIZE, read | no_exec);
	for (unsigned int cpu = 0; cpu < cpu_count(); cpu++)
		range_show((const char *)per_cpu_ptr(entry_area, cpu), sizeof(struct entry_area),
			   write | no_exec);
}
