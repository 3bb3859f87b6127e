/* What the kernel's page tables and control registers forbid, read back from the machine after boot. */
#include <kunit/kunit.h>
#include <platform/cpu.h>
#include <platform/page_table.h>
#include <platform/percpu.h>
#include <profile/usercopy.h>
#include <x86/entry.h>
#include <x86/image.h>
#include <x86/msr.h>
#include <x86/pti.h>
#include <x86/setup.h>

struct leaves {
	u64 count, executable;
	u64 writable_code; /* may be written and run */
	u64 writable_constants; /* maps text or constants, under whatever address, and may be written */
	u64 user; /* a program may use it */
};

static bool is_constant(paddr_t at)
{
	return at.raw >= virt_to_paddr(__text_start).raw &&
	       at.raw < virt_to_paddr(__ro_after_init_end).raw;
}

static void leaf_count(pte_t leaf, unsigned int level, struct leaves *seen)
{
	bool writable = pte_has(leaf, PTE_WRITE), executable = !pte_has(leaf, PTE_NX);
	paddr_t at = paddr(pte_address(leaf).raw & ~(pt_entry_size(level) - 1));

	seen->count++;
	seen->executable += executable;
	seen->writable_code += writable && executable;
	seen->writable_constants += writable && is_constant(at);
	seen->user += pte_has(leaf, PTE_USER);
}

/* Entries [first, PT_ENTRIES) of a table and all below. Intermediate entries allow everything: only leaves count. */
static void table_count(const pte_t *table, unsigned int first, unsigned int level,
			struct leaves *seen)
{
	for (unsigned int i = first; i < PT_ENTRIES; i++) {
		pte_t entry = pte_read(&table[i]);

		if (!pte_present(entry))
			continue;
		if (level == 1 || pte_has(entry, PTE_HUGE))
			leaf_count(entry, level, seen);
		else
			table_count(pte_table_of(entry), 0, level - 1, seen);
	}
}

static void half_check(const pte_t *root, struct leaves *seen)
{
	table_count(root, PT_ENTRIES / 2, 4, seen);
	KEXPECT(seen->count > 0 && seen->executable > 0);
	if (cpu_has(CPU_NX))
		KEXPECT_EQ(seen->writable_code, 0);
	KEXPECT_EQ(seen->writable_constants, 0);
}

KUNIT(protection_nothing_writable_runs)
{
	struct leaves kernel = {}, isolated = {};

	half_check(kernel_root.table, &kernel);
	KEXPECT_EQ(kernel.user, 0);
	if (!pti_enabled())
		return;
	/* A program's view has the entries' code and data, a small part of all. */
	half_check(pti_user_root, &isolated);
	KEXPECT_EQ(isolated.user, 0);
	KEXPECT(isolated.executable * 4 < kernel.executable);
}

KUNIT(protection_control_registers)
{
	u64 cr4 = cr4_read();

	KEXPECT((cr0_read() & (CR0_WP | CR0_PG)) == (CR0_WP | CR0_PG));
	KEXPECT_EQ(!!(cr4 & CR4_SMEP), cpu_has(CPU_SMEP));
	KEXPECT_EQ(!!(cr4 & CR4_UMIP), cpu_has(CPU_UMIP));
	KEXPECT_EQ(!!(cr4 & CR4_SMAP), cpu_has(CPU_SMAP) && usercopy_smap());
	KEXPECT_EQ(!!(cr4 & CR4_PGE), cpu_has(CPU_PGE) && !pti_enabled());
	KEXPECT_EQ(!!(msr_read(MSR_EFER) & EFER_NX), cpu_has(CPU_NX));
}

KUNIT(protection_stacks_are_guarded)
{
	u64 bottom = this_cpu(cpu_stack_top) - KERNEL_STACK_SIZE;

	KEXPECT(kernel_mapped(bottom) && kernel_mapped(bottom + KERNEL_STACK_SIZE - 1));
	KEXPECT(!kernel_mapped(bottom - 1) && !kernel_mapped(bottom - PAGE_SIZE));
	KEXPECT(!kernel_mapped((u64)__boot_stack_guard));
	KEXPECT(!kernel_mapped(0) && !kernel_mapped((u64)__init_text_start));
}
