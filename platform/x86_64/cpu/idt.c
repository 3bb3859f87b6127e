/* The interrupt descriptor table (SDM vol. 3, 6.14): one for all CPUs, filled once. */
#include <lib/compiler.h>
#include <platform/layout.h>
#include <x86/entry.h>
#include <x86/vectors.h>

#define GATE_INTERRUPT 0x8e /* present, DPL 0; clears IF */
#define GATE_USER 0x60 /* DPL 3: int n may use it */

struct idt_gate idt[256] __aligned(PAGE_SIZE) __ro_after_init;
_Static_assert(sizeof(idt) == PAGE_SIZE, "nothing else is on that page");

static void __init gate_set(unsigned int vector, const char *handler, u8 type)
{
	u64 address = (u64)handler;

	idt[vector] = (struct idt_gate){
		.offset_low = (u16)address,
		.offset_middle = (u16)(address >> 16),
		.offset_high = (u32)(address >> 32),
		.selector = SEL_KERNEL_CODE,
		.type = type,
	};
}

void __init idt_gate_set(unsigned int vector, const char *handler)
{
	gate_set(vector, handler, GATE_INTERRUPT);
}

static void __init gate_set_ist(unsigned int vector, const char *handler, enum ist stack)
{
	gate_set(vector, handler, GATE_INTERRUPT);
	idt[vector].ist = (u8)(stack + 1);
}

void __init idt_init(void)
{
	const struct entry_points *entries = entry_points();

	for (unsigned int vector = 0; vector < ARRAY_LEN(idt); vector++)
		gate_set(vector, entries->stubs + vector * STUB_SIZE, GATE_INTERRUPT);
	gate_set(VECTOR_BREAKPOINT, entries->stubs + VECTOR_BREAKPOINT * STUB_SIZE,
		 GATE_INTERRUPT | GATE_USER);
	gate_set(VECTOR_OVERFLOW, entries->stubs + VECTOR_OVERFLOW * STUB_SIZE,
		 GATE_INTERRUPT | GATE_USER);
	gate_set(VECTOR_PAGE_FAULT, entries->page_fault, GATE_INTERRUPT);
	gate_set_ist(VECTOR_NMI, entries->nmi, IST_NMI);
	gate_set_ist(VECTOR_DEBUG, entries->debug, IST_DEBUG);
	gate_set_ist(VECTOR_DOUBLE_FAULT, entries->double_fault, IST_DOUBLE_FAULT);
	gate_set_ist(VECTOR_MACHINE_CHECK, entries->machine_check, IST_MACHINE_CHECK);
}

void idt_load_this(void)
{
	const struct {
		u16 limit;
		u64 base;
	} __packed idtr = { sizeof(idt) - 1, (u64)idt };

	__asm__ volatile("lidt %0" : : "m"(idtr));
}
