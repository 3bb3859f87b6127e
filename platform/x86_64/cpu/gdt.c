/* Segments, task state segment and exception stacks of a CPU: all in its struct entry_area. */
#include <platform/percpu.h>
#include <x86/entry.h>
#include <x86/msr.h>

__section(".percpu.entry") struct entry_area entry_area;
DEFINE_PER_CPU(unsigned long, cpu_stack_top);

/* Descriptors (SDM vol. 3, 3.4.5), accessed bit set: the CPU never writes them. Limit and base count for none of them. */
#define SEGMENT_KERNEL_CODE 0x00af9b000000ffff
#define SEGMENT_KERNEL_DATA 0x00cf93000000ffff
#define SEGMENT_USER_DATA 0x00cff3000000ffff
#define SEGMENT_USER_CODE 0x00affb000000ffff
/* Read-only data for user mode: see SEL_CPU_NUMBER. */
#define SEGMENT_CPU_NUMBER 0x0040f10000000000
#define SEGMENT_TSS 0x0000890000000000 /* available 64-bit TSS, present */

struct table_register {
	u16 limit;
	u64 base;
} __packed;

static void tss_descriptor_write(u64 *slots, const struct tss *tss)
{
	u64 base = (u64)tss;

	slots[0] = SEGMENT_TSS | (sizeof(*tss) - 1) | (base & 0xffffff) << 16 |
		   (base >> 24 & 0xff) << 56;
	slots[1] = base >> 32;
}

/* No 32-bit code segment: a far jump to 32-bit mode is #GP, and there is no system call from it. */
static void gdt_fill(u64 *gdt, const struct tss *tss)
{
	gdt[SEL_KERNEL_CODE / 8] = SEGMENT_KERNEL_CODE;
	gdt[SEL_KERNEL_DATA / 8] = SEGMENT_KERNEL_DATA;
	gdt[SEL_USER_DATA / 8] = SEGMENT_USER_DATA;
	gdt[SEL_USER_CODE / 8] = SEGMENT_USER_CODE;
	gdt[SEL_CPU_NUMBER / 8] = SEGMENT_CPU_NUMBER | this_cpu_number(); /* below 2^16 */
	tss_descriptor_write(&gdt[SEL_TSS / 8], tss);
}

static void tss_fill(struct entry_area *area)
{
	area->tss.io_map = sizeof(area->tss);
	area->tss.rsp[0] = (u64)(area->stack + sizeof(area->stack));
	for (unsigned int i = 0; i < IST_COUNT; i++) {
		area->tss.ist[i] = (u64)&area->ist[i].unused;
		area->ist[i].gs_base = this_cpu(percpu_offset);
	}
}

/* Null selectors in DS..GS are what programs find, as on Linux. Loading GS clears its base on some CPUs. */
static void segments_load(void)
{
	u64 gs_base = msr_read(MSR_GS_BASE);

	__asm__ volatile("pushq %0; leaq 1f(%%rip), %%rax; pushq %%rax; lretq; 1:"
			 :
			 : "i"(SEL_KERNEL_CODE)
			 : "rax", "memory");
	__asm__ volatile("movl %0, %%ss" : : "r"(SEL_KERNEL_DATA));
	__asm__ volatile("movl %0, %%ds; movl %0, %%es; movl %0, %%fs" : : "r"(0));
	__asm__ volatile("movl %0, %%gs" : : "r"(0));
	msr_write(MSR_GS_BASE, gs_base);
}

void gdt_init_this(void)
{
	struct entry_area *area = this_cpu_ptr(entry_area);
	struct table_register gdtr = { sizeof(area->gdt) - 1, (u64)area->gdt };

	gdt_fill(area->gdt, &area->tss);
	tss_fill(area);
	area->kernel_cr3 = cr3_read();
	area->user_cr3 = area->kernel_cr3;
	__asm__ volatile("lgdt %0" : : "m"(gdtr));
	segments_load();
	__asm__ volatile("ltr %w0" : : "r"(SEL_TSS));
}
