/* What the loader (PVH or multiboot2) told us. Filled by platform/x86_64/boot, read-only from kernel_main on. */
#pragma once

#include <platform/memory.h>

struct boot_info {
	const char *loader; /* "PVH", "GRUB 2.06" */
	const char *command_line; /* NUL-terminated copy in boot memory, never NULL */
	paddr_t initramfs; /* first module; size 0 if there is none */
	size_t initramfs_size;
	paddr_t rsdp; /* ACPI root pointer, raw 0 if unknown */
};

extern struct boot_info boot_info;

/* The boot CPU's idle stack, KERNEL_STACK_SIZE bytes over an unmapped page. */
extern char boot_stack[], boot_stack_top[];

/*
 * The kernel provides: called once by the boot CPU, on its idle task's stack, interrupts off, in the final address space.
 * By then: serial console, boot memory, ACPI tables, per-CPU data, cpu_init_this, traps_init, local and I/O APIC, clock_init.
 */
__attribute__((noreturn)) void kernel_main(void);
/*
 * The kernel provides: each further CPU's first C call in the kernel proper, on its idle task's stack, interrupts off.
 * Its per-CPU data, traps and local APIC are set up; it counts as online.
 */
__attribute__((noreturn)) void kernel_secondary_main(void);

/*
 * Starts every CPU of the MADT up to `max` (including this one), one after the other; each calls kernel_secondary_main.
 * Returns the number of CPUs that came up. `stack_of(cpu)` gives each its idle stack top.
 */
unsigned int cpus_start(unsigned int max, void *(*stack_of)(unsigned int cpu));

/* Makes .text, .rodata and .data.ro_after_init what they are to be, unmaps the identity map. End of boot. */
void kernel_image_protect(void);
/* The page frames of .init sections, now free: [start, end) bytes, physical. */
void kernel_image_init_range(paddr_t *start, paddr_t *end);
