/* The end: panics, oopses and what the command line wants done then. */
#include <kernel/param.h>
#include <kernel/printk.h>
#include <kernel/task.h>
#include <lib/printf.h>
#include <platform/cpu.h>
#include <platform/power.h>
#include <platform/symbols.h>
#include <platform/trap.h>
#include <profile/bounds.h>
#include <profile/check.h>
#include <profile/refcount.h>

#define BACKTRACE_MAX 24
#define PANIC_EXIT_CODE                                                                            \
	0x2a /* on the debug-exit port, where the command line asks for it: exit status 85 */

static u32 panicking; /* [A] */

static void print_address(u64 address)
{
	u64 offset;
	const char *name = symbol_find(address, &offset);

	printk(LOG_EMERG, " [<%016llx>] %s+0x%llx", (unsigned long long)address, name ? name : "?",
	       (unsigned long long)(name ? offset : 0));
}

static void print_backtrace(u64 rbp)
{
	u64 addresses[BACKTRACE_MAX];
	u64 low = (u64)__builtin_frame_address(0);
	size_t count =
		stack_walk(rbp, low, low + KERNEL_STACK_SIZE, addresses, ARRAY_LEN(addresses));

	for (size_t i = 0; i < count; i++)
		print_address(addresses[i]);
}

void dump_stack(void)
{
	printk(LOG_EMERG, "Call trace:");
	print_backtrace((u64)__builtin_frame_address(0));
}

/* panic=N: reboots after N seconds, at once if N < 0, and halts without it or with 0. `debugexit`: QEMU's exit port. */
static __noreturn void panic_end(void)
{
	const char *action = param_get("panic");
	u64 seconds = 0;

	if (param_flag("debugexit"))
		machine_debug_exit(PANIC_EXIT_CODE);
	if (action && *action == '-')
		machine_reboot();
	if (param_u64("panic", &seconds) && seconds) {
		printk(LOG_EMERG, "Rebooting in %llu seconds.", (unsigned long long)seconds);
		for (u64 ms = 0; ms < seconds * 1000; ms++)
			delay_us(1000);
		machine_reboot();
	}
	cpu_halt_forever();
}

/* One CPU reports; a second one that panics meanwhile waits for the end. */
static void panic_begin(void)
{
	irq_disable();
	if (xchg(&panicking, 1))
		cpu_halt_forever();
	printk_console_lock();
	cpus_stop_others();
}

void panic(const char *format, ...)
{
	static char message[256];
	__builtin_va_list args;

	panic_begin();
	__builtin_va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	__builtin_va_end(args);
	printk(LOG_EMERG, "Kernel panic - not syncing: %s", message);
	dump_stack();
	printk(LOG_EMERG, "---[ end Kernel panic - not syncing: %s ]---", message);
	panic_end();
}

static void print_registers(const struct trap_frame *f)
{
#define REG(r) ((unsigned long long)f->r)
	printk(LOG_EMERG, "RIP: %04llx:%016llx RSP: %04llx:%016llx RFLAGS: %08llx error: %llx",
	       REG(cs), REG(rip), REG(ss), REG(rsp), REG(rflags), REG(orig_rax));
	printk(LOG_EMERG, "RAX: %016llx RBX: %016llx RCX: %016llx", REG(rax), REG(rbx), REG(rcx));
	printk(LOG_EMERG, "RDX: %016llx RSI: %016llx RDI: %016llx", REG(rdx), REG(rsi), REG(rdi));
	printk(LOG_EMERG, "RBP: %016llx R08: %016llx R09: %016llx", REG(rbp), REG(r8), REG(r9));
	printk(LOG_EMERG, "R10: %016llx R11: %016llx R12: %016llx", REG(r10), REG(r11), REG(r12));
	printk(LOG_EMERG, "R13: %016llx R14: %016llx R15: %016llx", REG(r13), REG(r14), REG(r15));
#undef REG
}

void trap_oops(struct trap_frame *frame, const char *what, u64 address)
{
	panic_begin();
	printk(LOG_EMERG, "Oops: %s, address %016llx, CPU %u, task %d (%s)", what,
	       (unsigned long long)address, this_cpu_number(), current->tid, current->comm);
	print_registers(frame);
	printk(LOG_EMERG, "Call trace:");
	print_address(frame->rip);
	print_backtrace(frame->rbp);
	printk(LOG_EMERG, "Kernel panic - not syncing: %s", what);
	panic_end();
}

void check_fail(const char *condition, const char *file, int line)
{
	panic("check failed: %s at %s:%d", condition, file, line);
}

void bounds_fail(size_t index, size_t length)
{
	panic("index %zu out of bounds %zu", index, length);
}

void refcount_fail(struct refcount *ref, const char *what)
{
	warn_at(__FILE__, __LINE__, "reference count %p: %s", (void *)ref, what);
}

void __stack_chk_fail(void);
void __stack_chk_fail(void)
{
	panic("stack smashed in %p", __builtin_return_address(0));
}
