/*
 * What this machine takes for a page fault, IRET, SYSCALL and SYSRET, a page-table root, INVLPG and clearing a page, with the
 * least code around them: what no kernel can be faster than. Each is done FLOOR_TIMES between two readings of the counter;
 * the least of FLOOR_TRIES counts.
 */
#include "floor_times.h"

#include <lib/string.h>
#include <platform/boot.h>
#include <platform/cpu.h>
#include <platform/floor.h>
#include <platform/memory.h>
#include <platform/page_table.h>
#include <platform/tlb.h>
#include <x86/entry.h>
#include <x86/msr.h>
#include <x86/setup.h>
#include <x86/vectors.h>

#define FLOOR_TRIES 15
#define PAGE_ADDRESS 0x1000UL
#define ABSENT_ADDRESS 0x3000UL

/* floor.S */
u64 floor_user(u64 rip, u64 address);
void floor_kernel_faults(u64 address);
void floor_irets(void);
extern char floor_user_end[], floor_sysret[], floor_fault[];

struct floor floors[] = {
	{ .name = "page_fault_user", .times = FLOOR_TIMES },
	{ .name = "page_fault_kernel", .times = FLOOR_TIMES },
	{ .name = "iret", .times = FLOOR_TIMES },
	{ .name = "syscall_sysret", .times = FLOOR_TIMES },
	{ .name = "root_load", .times = FLOOR_TIMES },
	{ .name = "invlpg", .times = FLOOR_TIMES },
	{ .name = "page_zero", .times = FLOOR_TIMES },
};
const unsigned int floor_count = ARRAY_LEN(floors);

/* The user page: FLOOR_TIMES of a two-byte instruction, then UD2. */
static void __init code_write(u8 *page, u8 first, u8 second)
{
	for (unsigned int i = 0; i < FLOOR_TIMES; i++) {
		page[2 * i] = first;
		page[2 * i + 1] = second;
	}
	page[2 * FLOOR_TIMES] = 0x0f;
	page[2 * FLOOR_TIMES + 1] = 0x0b;
}

static u64 __init user_least(u64 rip)
{
	u64 least = ~0ULL;

	for (unsigned int i = 0; i < FLOOR_TRIES; i++)
		least = MIN(least, floor_user(rip, ABSENT_ADDRESS));
	return least;
}

/* Without the way there and back. */
static u64 __init user_run(u8 *page, u8 first, u8 second)
{
	code_write(page, first, second);
	return user_least(PAGE_ADDRESS) - user_least(PAGE_ADDRESS + 2UL * FLOOR_TIMES);
}

static void __init step_faults(void *page __unused)
{
	floor_kernel_faults(ABSENT_ADDRESS);
}

static void __init step_irets(void *page __unused)
{
	floor_irets();
}

static void __init step_roots(void *page __unused)
{
	u64 cr3 = cr3_read();

	for (unsigned int i = 0; i < FLOOR_TIMES; i++)
		cr3_write(cr3);
}

static void __init step_invlpgs(void *page __unused)
{
	for (unsigned int i = 0; i < FLOOR_TIMES; i++)
		tlb_flush_local_page(PAGE_ADDRESS);
}

static void __init step_zeros(void *page)
{
	for (unsigned int i = 0; i < FLOOR_TIMES; i++)
		page_zero_raw(page);
}

static u64 __init kernel_run(void (*step)(void *page), void *page)
{
	u64 least = ~0ULL;

	for (unsigned int i = 0; i < FLOOR_TRIES; i++) {
		u64 start = cpu_cycles();

		step(page);
		least = MIN(least, cpu_cycles() - start);
	}
	return least;
}

void __init floor_probe(void)
{
	u8 *page = boot_memory_alloc(PAGE_SIZE);
	struct page_root root;
	unsigned int i = 0;

	probe_space_make(&root, page);
	idt_gate_set(VECTOR_PAGE_FAULT, floor_fault);
	idt_gate_set(VECTOR_INVALID_OPCODE, floor_user_end);
	msr_write(MSR_LSTAR, (u64)floor_sysret);
	cr3_write(virt_to_paddr(root.table).raw);
	floors[i++].ticks = user_run(page, 0x8a, 0x07); /* movb (%rdi), %al */
	floors[i++].ticks = kernel_run(step_faults, page);
	floors[i++].ticks = kernel_run(step_irets, page);
	floors[i++].ticks = user_run(page, 0x0f, 0x05); /* syscall */
	floors[i++].ticks = kernel_run(step_roots, page);
	floors[i++].ticks = kernel_run(step_invlpgs, page);
	floors[i++].ticks = kernel_run(step_zeros, page);
	cr3_write(virt_to_paddr(kernel_root.table).raw);
	syscall_init_this();
	idt_init();
}
