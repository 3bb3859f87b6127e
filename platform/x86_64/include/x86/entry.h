/*
 * What the entry code and the C around it share: the memory of a CPU that user mode's page tables map as well, and the
 * places where the CPU enters the kernel.
 */
#pragma once

#include <platform/layout.h>
#include <platform/percpu.h>
#include <platform/trap.h>

/* SDM vol. 3, 8.7. Placed at 4 mod 8, so that the stack pointers are aligned. */
struct tss {
	u32 reserved0;
	u64 rsp[3];
	u64 reserved1;
	u64 ist[7]; /* [n] is what an IDT entry calls n + 1 */
	u64 reserved2;
	u16 reserved3;
	u16 io_map; /* = size: no port is open to user mode */
} __packed;
_Static_assert(sizeof(struct tss) == 104, "TSS as the CPU wants it");

/*
 * Stacks for exceptions that may come where the stack pointer or the GS base is not the kernel's. The CPU starts pushing
 * below `unused`; the entry code finds this CPU's GS base above, without trusting any register.
 */
enum ist { IST_NMI, IST_DOUBLE_FAULT, IST_MACHINE_CHECK, IST_DEBUG, IST_COUNT };

#define IST_STACK_SIZE (2 * PAGE_SIZE)

struct ist_stack {
	u8 bytes[IST_STACK_SIZE - 16];
	u64 unused; /* keeps the start 16-byte aligned */
	u64 gs_base; /* [I] */
};
_Static_assert(sizeof(struct ist_stack) == IST_STACK_SIZE, "stacks are whole pages");

/*
 * Lies at the same address in the kernel's page tables and, with page-table isolation, in those of user mode: nothing here
 * is secret but what passes over the stacks, and that is the program's own.
 */
struct entry_area {
	u32 unused;
	struct tss tss;
	u64 gdt[SEL_CPU_NUMBER / 8 + 1];
	u64 user_rsp; /* [C] system-call entry and exit, interrupts off */
	u64 kernel_cr3; /* [C] of the address space that runs */
	u64 user_cr3; /* [C] */
	u8 stack[2048] __aligned(16); /* entry stack: pti only */
	struct ist_stack ist[IST_COUNT] __aligned(PAGE_SIZE);
} __aligned(PAGE_SIZE);
_Static_assert(offsetof(struct entry_area, ist) == PAGE_SIZE, "all but the stacks is one page");

DECLARE_PER_CPU(struct entry_area, entry_area);
DECLARE_PER_CPU(unsigned long, cpu_stack_top); /* [C] of the running task */
DECLARE_PER_CPU(u32, cpu_syscall_limit); /* [C] syscall_count; 0: every call looks for a tracer */
DECLARE_PER_CPU(u32, pagefault_off); /* [C] depth of pagefault_disable */

/* One set of entries: two are built from the same text, without and with page-table isolation. */
struct entry_points {
	char *syscall;
	char *stubs; /* STUB_SIZE bytes for each of 256 vectors */
	char *page_fault, *nmi, *debug, *double_fault, *machine_check;
	char *user_task_start; /* first code of a new user task, after context_switch */
	void (*enter_user)(void) __noreturn;
};
extern const struct entry_points entry_points_plain, entry_points_pti;
const struct entry_points *entry_points(void);

#define STUB_SIZE 16

/* Of the error code, besides TRAP_FAULT_*: an entry has bits that must be 0. */
#define PAGE_FAULT_RESERVED (1 << 3)

/* First code of a new kernel thread, after context_switch: rbx = function, r12 = its argument. */
void kernel_task_start(void);

/* What the entries call: trap/trap.c. All with interrupts off, and return so; exception: kernel page faults. */
void trap_user(struct trap_frame *frame, unsigned int vector);
void trap_kernel(struct trap_frame *frame, unsigned int vector);
/* A user's page fault says that an entry is corrupt. */
void trap_page_table_corrupt(struct trap_frame *frame, u64 address) __noreturn;
void trap_kernel_page_fault(struct trap_frame *frame, u64 address);
void trap_user_interrupt(unsigned int vector);
void trap_kernel_interrupt(unsigned int vector);
void trap_nmi(struct trap_frame *frame);
void trap_kernel_debug(struct trap_frame *frame);
void trap_double_fault(struct trap_frame *frame) __noreturn;
void trap_machine_check(struct trap_frame *frame) __noreturn;

/*
 * Decides from the command line and the CPU's features which mitigations are used. Boot CPU, after cpu_features_init,
 * before the first page_root_init and traps_init.
 */
void mitigations_init(const char *command_line);
void mitigations_init_this(void); /* each CPU: its MSRs */

/* Parts of traps_init. */
void gdt_init_this(void); /* GDT, TSS and IST stacks */
void idt_init(void); /* boot CPU: fills the table */
void idt_gate_set(unsigned int vector, const char *handler);
void idt_load_this(void);
void syscall_init_this(void);
void sites_init(void); /* boot CPU: see platform/asm.h; CR0.WP is clear */
void extable_init(void); /* boot CPU: sorts the exception table; CR0.WP is clear */
void syscall_probe(
	void); /* boot CPU, interrupts off: powers off, with a line, if SYSCALL does not work */
void pti_init(void); /* boot CPU, after percpu_init */

struct idt_gate {
	u16 offset_low;
	u16 selector;
	u8 ist; /* 0: the stack of TSS.rsp0 or the present one */
	u8 type;
	u16 offset_middle;
	u32 offset_high;
	u32 reserved;
};
_Static_assert(sizeof(struct idt_gate) == 16, "as the CPU reads it");

/* A page of its own, which user mode's page tables map as well with page-table isolation. */
extern struct idt_gate idt[256];
