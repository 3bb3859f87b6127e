/* Makes a CPU able to take exceptions, interrupts and system calls. */
#include <platform/cpu.h>
#include <platform/floor.h>
#include <platform/percpu.h>
#include <platform/trap.h>
#include <profile/config.h>
#include <x86/entry.h>
#include <x86/msr.h>
#include <x86/tlb.h>

/* Once, on the boot CPU, before any exception. Text and tables that are read-only already are edited here. */
static void __init traps_init_once(void)
{
	u64 cr0 = cr0_read();

	cr0_write(cr0 & ~(u64)CR0_WP);
	sites_init();
	extable_init();
	cr0_write(cr0);
	idt_init();
	tlb_init();
}

void traps_init(void)
{
	if (this_cpu_number() == 0)
		traps_init_once();
	gdt_init_this();
	idt_load_this();
	syscall_init_this();
	mitigations_init_this();
	cr4_write(cr4_read() | CR4_MCE);
	if (this_cpu_number() == 0 && config_on(CONFIG_FLOOR_PROBE))
		floor_probe();
}
