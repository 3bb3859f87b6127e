/*
 * Starting the other CPUs, one after the other, so that the trampoline page and its parameters have one user. A CPU that
 * does not answer in time is sent back to wait (INIT), so that it cannot wake up later in a page that is something else.
 */
#include <platform/boot.h>

#include <abi/errno.h>
#include <lib/atomic.h>
#include <lib/string.h>
#include <platform/cpu.h>
#include <platform/page_table.h>
#include <platform/percpu.h>
#include <platform/time.h>
#include <platform/trap.h>
#include <x86/apic.h>
#include <x86/msr.h>
#include <x86/setup.h>

#include "internal.h"

#define NS_PER_MS 1000000ULL
/* SDM vol. 3, 9.4.4.1 wants 10 ms after INIT; a hypervisor and any CPU of this century need none. */
#define INIT_WAIT_US 10
#define INIT_WAIT_SLOW_US 10000
#define STARTUP_WAIT (20 * NS_PER_MS)
/* A virtual CPU may wait for a real one. */
#define ANSWER_WAIT (5000 * NS_PER_MS)
/* Reports of the TSC that go back and forth. */
#define TSC_ROUNDS 8

static u64 trampoline; /* physical */
/* Boot CPU and new CPU in turn write their TSC: even values of turn are the boot CPU's to write. */
static u32 turn; /* [A] */
static u64 turn_tsc;
static bool tsc_differs; /* [A] */

void __init smp_init(void)
{
	/* The whole page must be addressable from real mode. */
	void *page = boot_memory_alloc_aligned(PAGE_SIZE, PAGE_SIZE, 0xa0000);

	trampoline = virt_to_paddr(page).raw;
}

/* Each reading must be later than the other CPU's before it. Both CPUs run this; `parity`: who. */
static void __init tsc_compare(u32 parity)
{
	u32 round;

	for (round = parity; round < 2 * TSC_ROUNDS; round += 2) {
		u64 now;

		while (load_acquire(&turn) != round)
			cpu_relax();
		__asm__ volatile("lfence" : : : "memory");
		now = cpu_cycles();
		if (now < turn_tsc)
			WRITE_ONCE(tsc_differs, true);
		turn_tsc = now;
		store_release(&turn, round + 1);
	}
}

/* A new CPU's first C function; on its idle stack, with the kernel's page tables and its own per-CPU data. */
void __noreturn __init smp_secondary_main(void)
{
	cpu_init_this();
	traps_init();
	lapic_init_this();
	if (cpu_has(CPU_TSC))
		tsc_compare(1);
	cpu_set_online(this_cpu_number(), true);
	kernel_secondary_main();
}

static void __init trampoline_fill(unsigned int cpu, void *stack_top)
{
	smp_trampoline_root = virt_to_paddr(kernel_root.table).raw;
	smp_trampoline_efer = EFER_LME | (cpu_has(CPU_NX) ? EFER_NX : 0);
	smp_trampoline_stack = (u64)stack_top;
	smp_trampoline_gs_base = percpu_offsets[cpu];
	memcpy(paddr_to_virt(paddr(trampoline)), smp_trampoline,
	       smp_trampoline_end - smp_trampoline);
}

/* The new CPU has reached tsc_compare, or is online if there is no TSC. */
static bool __init answered(unsigned int cpu)
{
	return cpu_online(cpu) || load_acquire(&turn) > 1;
}

static bool __init answer_wait(unsigned int cpu, u64 ns)
{
	u64 end = clock_ns() + ns;

	while (!answered(cpu)) {
		if (clock_ns() >= end)
			return false;
		cpu_relax();
	}
	return true;
}

static bool __init cpu_start(unsigned int cpu, void *stack_top)
{
	u32 apic_id = cpu_apic_id(cpu);
	bool slow = !cpu_has(CPU_HYPERVISOR) && cpu_family() < 6;

	trampoline_fill(cpu, stack_top);
	/* The boot CPU's first reading; the new CPU waits for turn 1. */
	turn_tsc = cpu_has(CPU_TSC) ? cpu_cycles() : 0;
	store_release(&turn, 1);
	lapic_send_init(apic_id);
	delay_us(slow ? INIT_WAIT_SLOW_US : INIT_WAIT_US);
	lapic_send_startup(apic_id, trampoline >> PAGE_SHIFT);
	if (!answer_wait(cpu, STARTUP_WAIT)) {
		lapic_send_startup(apic_id, trampoline >> PAGE_SHIFT);
		if (!answer_wait(cpu, ANSWER_WAIT)) {
			lapic_send_init(apic_id);
			return false;
		}
	}
	if (cpu_has(CPU_TSC))
		tsc_compare(2);
	while (!cpu_online(cpu))
		cpu_relax();
	return true;
}

unsigned int __init cpus_start(unsigned int max, void *(*stack_of)(unsigned int cpu))
{
	unsigned int cpu, started = 1;

	if (max <= 1 || cpu_count() <= 1 || identity_map(trampoline))
		return started;
	for (cpu = 1; cpu < cpu_count() && started < max; cpu++) {
		void *stack_top = lapic_reaches(cpu_apic_id(cpu)) ? stack_of(cpu) : NULL;

		if (stack_top && cpu_start(cpu, stack_top))
			started++;
	}
	identity_unmap();
	if (tsc_differs)
		clock_tsc_distrust();
	return started;
}
