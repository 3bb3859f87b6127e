/*
 * Exceptions, and what they mean: to a program a signal, to kernel code a fixup or an oops. Called by the entries of
 * entry/paths.inc.
 */
#include <platform/trap.h>

#include <abi/signal.h>
#include <platform/cpu.h>
#include <platform/usercopy.h>
#include <x86/entry.h>
#include <x86/msr.h>
#include <x86/vectors.h>

#define VECTOR_COPROCESSOR 9
#define EXCEPTIONS 32

#define DEBUG_WATCHPOINTS 0xf
#define DEBUG_STEP (1 << 14)
#define DEBUG_STATUS_CLEAR 0xffff0ff0

/* As Linux reports them (man 2 sigaction, si_code). `at_rip`: si_addr is the instruction, else 0. */
static const struct {
	int signo, code;
	bool at_rip;
} user_signals[EXCEPTIONS] = {
	[VECTOR_DIVIDE] = { SIGFPE, FPE_INTDIV, true },
	[VECTOR_BREAKPOINT] = { SIGTRAP, SI_KERNEL, false },
	[VECTOR_OVERFLOW] = { SIGSEGV, SI_KERNEL, false },
	[VECTOR_BOUND] = { SIGSEGV, SI_KERNEL, false },
	[VECTOR_INVALID_OPCODE] = { SIGILL, ILL_ILLOPN, true },
	[VECTOR_COPROCESSOR] = { SIGFPE, SI_KERNEL, false },
	[VECTOR_INVALID_TSS] = { SIGSEGV, SI_KERNEL, false },
	[VECTOR_SEGMENT] = { SIGBUS, SI_KERNEL, false },
	[VECTOR_STACK] = { SIGBUS, SI_KERNEL, false },
	[VECTOR_PROTECTION] = { SIGSEGV, SI_KERNEL, false },
	[VECTOR_ALIGNMENT] = { SIGBUS, BUS_ADRALN, false },
};

static const char *const exception_names[EXCEPTIONS] = {
	[VECTOR_DIVIDE] = "divide error",
	[VECTOR_BREAKPOINT] = "breakpoint",
	[VECTOR_OVERFLOW] = "overflow",
	[VECTOR_BOUND] = "bound range exceeded",
	[VECTOR_INVALID_OPCODE] = "invalid opcode",
	[VECTOR_NO_DEVICE] = "floating point used with no unit",
	[VECTOR_COPROCESSOR] = "coprocessor segment overrun",
	[VECTOR_INVALID_TSS] = "invalid TSS",
	[VECTOR_SEGMENT] = "segment not present",
	[VECTOR_STACK] = "stack segment fault",
	[VECTOR_PROTECTION] = "general protection fault",
	[VECTOR_FPU] = "x87 exception",
	[VECTOR_ALIGNMENT] = "alignment check",
	[VECTOR_SIMD] = "SIMD exception",
	[VECTOR_CONTROL_PROTECTION] = "control protection exception",
};

/* A kernel bug: trap_oops may end the task, or the machine. It does not come back. */
static __noreturn void oops(struct trap_frame *frame, const char *what, u64 address)
{
	irq_disable();
	trap_oops(frame, what, address);
	cpu_halt_forever();
}

static const char *exception_name(unsigned int vector)
{
	const char *name = vector < EXCEPTIONS ? exception_names[vector] : NULL;

	return name ? name : "unexpected exception";
}

/* ud2 is what the compiler's sanitizers and __builtin_trap leave where a check failed. */
static const char *kernel_exception_name(const struct trap_frame *frame, unsigned int vector)
{
	const u8 *code = (const u8 *)frame->rip;

	if (vector == VECTOR_INVALID_OPCODE && code[0] == 0x0f && code[1] == 0x0b)
		return "failed check";
	return exception_name(vector);
}

void trap_kernel(struct trap_frame *frame, unsigned int vector)
{
	if (trap_fixup(frame))
		return;
	oops(frame, kernel_exception_name(frame, vector), 0);
}

/* Interrupts are on until the next line of the entry code, as in the program. */
static void signal_user(struct trap_frame *frame, int signo, int code, u64 address)
{
	irq_enable();
	trap_user_exception(frame, signo, code, address);
	irq_disable();
}

static u64 debug_status_take(void)
{
	u64 status;

	__asm__ volatile("movq %%dr6, %0" : "=r"(status));
	__asm__ volatile("movq %0, %%dr6" : : "r"((u64)DEBUG_STATUS_CLEAR));
	return status;
}

static void user_debug(struct trap_frame *frame)
{
	u64 status = debug_status_take();
	int code = TRAP_BRKPT; /* int1: no bit says why */

	if (status & DEBUG_STEP)
		code = TRAP_TRACE;
	else if (status & DEBUG_WATCHPOINTS)
		code = TRAP_HWBKPT;
	signal_user(frame, SIGTRAP, code, frame->rip);
}

/* Exceptions that are not masked, of both units: x87's numbering. */
static unsigned int x87_exceptions(void)
{
	u16 control, status;

	__asm__ volatile("fnstcw %0" : "=m"(control));
	__asm__ volatile("fnstsw %0" : "=m"(status));
	return status & ~control & 0x3f;
}

static unsigned int simd_exceptions(void)
{
	u32 mxcsr;

	__asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
	return mxcsr & ~(mxcsr >> 7) & 0x3f;
}

/* The unit's registers still are the program's: interrupts are off. Nothing pending: the program retries, as on Linux. */
static void user_floating_point(struct trap_frame *frame, unsigned int pending)
{
	int code;

	if (pending & 0x01)
		code = FPE_FLTINV;
	else if (pending & 0x04)
		code = FPE_FLTDIV;
	else if (pending & 0x08)
		code = FPE_FLTOVF;
	else if (pending & 0x12) /* underflow, denormal operand */
		code = FPE_FLTUND;
	else if (pending & 0x20)
		code = FPE_FLTRES;
	else
		return;
	signal_user(frame, SIGFPE, code, frame->rip);
}

void trap_user(struct trap_frame *frame, unsigned int vector)
{
	/* No exception is a system call. */
	frame->orig_rax = (u64)-1;
	switch (vector) {
	case VECTOR_DEBUG:
		user_debug(frame);
		return;
	case VECTOR_FPU:
		user_floating_point(frame, x87_exceptions());
		return;
	case VECTOR_SIMD:
		user_floating_point(frame, simd_exceptions());
		return;
	}
	/* The rest a program cannot cause: int n is #GP but for 3 and 4. */
	if (!user_signals[vector].signo)
		oops(frame, exception_name(vector), 0);
	signal_user(frame, user_signals[vector].signo, user_signals[vector].code,
		    user_signals[vector].at_rip ? frame->rip : 0);
}

void trap_page_table_corrupt(struct trap_frame *frame, u64 address)
{
	oops(frame, "page table entry is corrupt", address);
}

/* The page below each kernel stack is not mapped. */
static bool in_stack_guard(u64 address)
{
	u64 guard = this_cpu(cpu_stack_top) - KERNEL_STACK_SIZE - PAGE_SIZE;

	return address - guard < PAGE_SIZE;
}

/* Whether kernel code that faults at a user address may do so: only a user copy, and that with AC set. */
static const char *kernel_fault_forbidden(const struct trap_frame *frame, u64 address, u64 error)
{
	if (error & PAGE_FAULT_RESERVED)
		return "page table entry is corrupt";
	if (in_stack_guard(address))
		return "kernel stack overflow";
	if (address >= USER_END)
		return "page fault at a kernel address";
	if (address < PAGE_SIZE && !(frame->rflags & FLAGS_AC))
		return "null pointer";
	if (error & TRAP_FAULT_EXEC)
		return "kernel executes user memory";
	if (usercopy_smap() && cpu_has(CPU_SMAP) && !(frame->rflags & FLAGS_AC))
		return "kernel touches user memory outside of a user copy";
	return NULL;
}

static bool kernel_fault_may_sleep(const struct trap_frame *frame)
{
	return frame->rflags & FLAGS_IF && !pagefault_disabled() && this_cpu(irq_depth) == 0;
}

void trap_kernel_page_fault(struct trap_frame *frame, u64 address)
{
	u64 error = frame->orig_rax;
	const char *what = kernel_fault_forbidden(frame, address, error);

	if (!what && kernel_fault_may_sleep(frame) && trap_page_fault(address, (u32)error))
		return;
	if (!trap_fixup(frame))
		oops(frame, what ? what : "page fault at a user address", address);
}

/* Only a leftover of the program comes here (entry.S, GS): a watchpoint or step that a mov ss delayed. Forget it. */
void trap_kernel_debug(struct trap_frame *frame)
{
	debug_status_take();
	frame->rflags &= ~FLAGS_TF;
}

static DEFINE_PER_CPU(u64, nmi_count);

/* Nobody sends one but a person at a button: must not fault, must not take a lock. */
void trap_nmi(struct trap_frame *frame __unused)
{
	this_cpu(nmi_count)++;
}

/* On a stack of the CPU's own: nothing that needs a task goes on from here. */
void trap_double_fault(struct trap_frame *frame)
{
	u64 address = cr2_read();
	bool overflow = in_stack_guard(address) || in_stack_guard(frame->rsp);

	this_cpu(irq_depth)++;
	oops(frame, overflow ? "kernel stack overflow" : "double fault", address);
}

void trap_machine_check(struct trap_frame *frame)
{
	this_cpu(irq_depth)++;
	oops(frame, "machine check", 0);
}
