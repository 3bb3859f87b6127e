/*
 * The trap frame and the calls that the entry code makes upward.
 *
 * One layout in all profiles and for all entries. Which of the slots are written depends on the profile:
 *
 *	rip..ss			by the CPU (exceptions) or from RCX, R11, RSP (system call)
 *	rdi..r11, orig_rax	always, except in ENTRY_SAVE_MINIMAL, where an entry writes only what its path reads
 *	rbx..r15		ENTRY_SAVE_ALL: at entry. Otherwise the registers themselves keep the values through the C
 *				code, and the entry code stores them before it calls trap_exit_work, or before one of the
 *				system calls that need a whole frame (entry.S: FULL_FRAME table)
 *
 * So a frame may be copied to user memory, or to a child, only inside trap_exit_work or a full-frame system call. To
 * change user registers other than RAX, set them in the frame there, and return through trap_exit_work's full restore.
 */
#pragma once

#include <lib/compiler.h>

struct trap_frame {
	u64 r15, r14, r13, r12, rbp, rbx; /* callee-saved: see above */
	u64 r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	u64 orig_rax; /* system call number, else -1; exception of kernel code: the error code */
	u64 rip, cs, rflags, rsp, ss; /* as the CPU pushes them */
};
_Static_assert(sizeof(struct trap_frame) == 21 * 8, "trap_frame has no padding");
_Static_assert(offsetof(struct trap_frame, rip) == 16 * 8, "what the CPU pushes comes last");

static inline bool trap_from_user(const struct trap_frame *frame)
{
	return frame->cs & 3;
}

/*
 * Work flags, in thread_flags (the first word that struct task shows to assembly, see task_offsets below). The exit path
 * to user mode tests the word once with interrupts off and, if any is set, calls trap_exit_work.
 */
#define WORK_RESCHEDULE (1u << 0)
#define WORK_SIGNAL (1u << 1)
#define WORK_FULL_RESTORE (1u << 2) /* frame was rewritten: load all registers from it, use IRET */
#define WORK_NOTIFY (1u << 3) /* task_work (kernel/task_work.h): deferred fput and the like */
#define WORK_TRACE (1u << 4) /* system-call entry and exit tracing */
#define WORK_FPU_LOAD (1u << 5) /* user FPU registers are in memory: load before returning */

/* What assembly knows of a task: struct task begins with this. */
struct task_head {
	u32 work; /* [A] WORK_* */
	u32 kernel_flags; /* [S] reserved */
	void *kernel_sp; /* [rq] saved stack pointer while not running */
	void *kernel_stack_top; /* [I] */
	unsigned long stack_guard; /* [I] canary */
	u64 faults_minor; /* [S] page faults that were resolved without I/O */
};

/* The frame of the task's entry from user mode: at the top of its kernel stack. */
static inline struct trap_frame *task_user_frame(const struct task_head *task)
{
	return (struct trap_frame *)task->kernel_stack_top - 1;
}

/* --- The upward interface: the kernel provides ----------------------------------------------------------- */

/*
 * What a page fault was: bits where x86's error code, and a signal frame, has them, so that nothing is translated on the way.
 * Bits besides these may be set.
 */
#define TRAP_FAULT_PRESENT (1u << 0) /* the entry was there, but did not permit it */
#define TRAP_FAULT_WRITE (1u << 1)
#define TRAP_FAULT_USER (1u << 2) /* by user code */
#define TRAP_FAULT_EXEC (1u << 4)

/*
 * A page fault of code that had interrupts on. They are off, and off at the end; meanwhile the kernel may turn them on.
 * Returns true when resolved (retry), or after queueing a signal for user code. False only for a fault from kernel code
 * that no mapping resolves: the caller then tries the exception table, else it is an oops.
 */
bool trap_page_fault(u64 address, u32 fault);

/* Any other exception of user mode: queues signal `signo` with si_code `code` and si_addr `address`. Interrupts on. */
void trap_user_exception(struct trap_frame *frame, int signo, int code, u64 address);

/*
 * Interrupts off; loops until no work flag is left but WORK_TRACE, which stays as long as the task is traced and makes
 * every return come here. Clears WORK_FULL_RESTORE. Returns with interrupts off. May switch tasks, or never return.
 */
void trap_exit_work(struct trap_frame *frame);

/* An interrupt handler has run and interrupted preemptible kernel code; interrupts off. */
void trap_preempt(void);

/*
 * Around every interrupt handler (devices, timer, IPIs; not exceptions): irq_begin before, irq_end after it, interrupts
 * off. `from_user`: user code was interrupted.
 */
void irq_begin(bool from_user);
void irq_end(void);

/* Device or timer interrupt `vector`, interrupts off, on the current kernel stack, between irq_enter/irq_exit. */
void irq_timer(void); /* this CPU's one-shot timer fired */
void irq_ipi_reschedule(void);
void irq_ipi_call(void);
void irq_device(unsigned int line); /* line: index given by irq_line_open */

/* A bug in the kernel: prints registers and backtrace on all consoles. Never returns for a fault outside a task. */
void trap_oops(struct trap_frame *frame, const char *what, u64 address);

/* System calls: assembly calls syscall_table[number](rdi, rsi, rdx, r10, r8, r9); syscall_count entries. */
typedef long (*syscall_fn)(u64, u64, u64, u64, u64, u64);
extern const syscall_fn syscall_table[];
extern const unsigned int syscall_count;
/*
 * In place of sys_<name>, calls that need a whole frame have full_frame_<name> of entry/full_frame.S in that table, which
 * calls the kernel's sys_fork, sys_vfork, sys_clone, sys_clone3, sys_execve, sys_execveat, sys_rt_sigreturn or sys_missing.
 */
/* A number outside the table. */
long syscall_unknown(u64 number);
/*
 * WORK_TRACE: before and after each call, whole frame, which may be edited. `enter` returns the number to run; -1: none,
 * the frame's rax (-ENOSYS so far) is the result.
 */
u64 syscall_trace_enter(struct trap_frame *frame);
void syscall_trace_exit(struct trap_frame *frame);

/* --- Downward: platform provides -------------------------------------------------------------------------- */

void traps_init(void); /* IDT, per-CPU GDT/TSS/IST, MSRs of the system call; on each CPU */

/* Addresses fixed up by the exception table (EXTABLE in usercopy.S and friends): true if frame->rip was redirected. */
bool trap_fixup(struct trap_frame *frame);
