/*
 * A hypervisor that runs programs natively and interprets the kernel may take SYSCALL for something of its own: instead of
 * the kernel's entry in kernel mode comes a page fault of user mode at that address. Nothing can be done about it, so it is
 * found out at boot, by one SYSCALL, and said.
 */
#include <lib/string.h>
#include <platform/boot.h>
#include <platform/cpu.h>
#include <platform/page_table.h>
#include <x86/entry.h>
#include <x86/msr.h>
#include <x86/setup.h>
#include <x86/vectors.h>

#define PROBE_ADDRESS 0x1000UL

/* syscall_probe.S */
bool syscall_probe_run(u64 rip);
extern char syscall_probe_arrived[], syscall_probe_fault[];

void __init probe_space_make(struct page_root *root, void *page)
{
	const size_t size = PAGE_SIZE << page_root_order();
	pte_t *table = page;
	u64 bits = PTE_PRESENT | PTE_USER | PTE_ACCESSED;

	page_root_init(root, boot_memory_alloc_aligned(size, size, ~0ULL));
	for (unsigned int level = 1; level < 4; level++) {
		pte_t *above = boot_memory_alloc(PAGE_SIZE);

		pte_store(&above[pt_index(PROBE_ADDRESS, level)],
			  pte_make(virt_to_paddr(table), bits));
		table = above;
		bits |= PTE_WRITE;
	}
	page_root_set(root, pt_index(PROBE_ADDRESS, 4), pte_table(virt_to_paddr(table)));
}

void __init syscall_probe(void)
{
	static const u8 syscall_instruction[] = { 0x0f, 0x05 };
	struct page_root root;
	u8 *page;
	bool arrived;

	if (!cpu_has(CPU_HYPERVISOR))
		return;
	page = boot_memory_alloc(PAGE_SIZE);
	memcpy(page, syscall_instruction, sizeof(syscall_instruction));
	probe_space_make(&root, page);
	idt_gate_set(VECTOR_PAGE_FAULT, syscall_probe_fault);
	msr_write(MSR_LSTAR, (u64)syscall_probe_arrived);
	cr3_write(virt_to_paddr(root.table).raw);
	arrived = syscall_probe_run(PROBE_ADDRESS);
	cr3_write(virt_to_paddr(kernel_root.table).raw);
	if (!arrived)
		boot_fail(
			"this hypervisor does not deliver SYSCALL to a kernel that is not its own: no program can run");
	syscall_init_this();
	idt_init();
}
