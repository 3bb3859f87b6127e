/*
 * Where the CPU enters the kernel, and where it leaves it for user mode.
 *
 *	The kernel stack of a task, entered from user mode (struct trap_frame, platform/trap.h):
 *
 *	kernel_stack_top ->  +----------------+
 *	                     | ss             |
 *	                     | rsp            |  by the CPU (exceptions, interrupts),
 *	                     | rflags         |  from RSP, R11, RCX and constants (system call)
 *	                     | cs             |
 *	                     | rip            |
 *	                     +----------------+
 *	                     | orig_rax       |  system call number, error code, or -1
 *	                     | rdi rsi rdx    |
 *	                     | rcx rax        |  caller-saved: every entry, fewer in ENTRY_SAVE_MINIMAL
 *	                     | r8 r9 r10 r11  |
 *	                     +----------------+
 *	                     | rbx rbp        |  callee-saved: at entry (ENTRY_SAVE_ALL), or when trap_exit_work
 *	                     | r12 ... r15    |  or a system call of full_frame.S needs them
 *	frame ->             +----------------+
 *	RSP ->               | (8 bytes)      |  alignment for calls
 *	                     +----------------+
 *	                     | C code         |
 *
 * Slots that an entry leaves out hold old bytes. An exception or interrupt of kernel code has the same layout, further
 * down on the same stack. Every entry clears DF (cld, or the mask of SYSCALL): C code relies on it. Every entry but
 * SYSCALL, whose mask does it, clears AC.
 *
 * GS. The kernel's GS base is in place from an entry's swapgs to the swapgs before its return. An exception that can come
 * outside of that while CS is the kernel's has a stack of its own and asks nothing of GS ("paranoid"): NMI and #MC come
 * anywhere; #DB comes after the first instruction of the system call entry, if the program's last instruction before
 * SYSCALL was a `mov ss` under a watchpoint; #DF is the end anyway. The only other exception outside is the one of
 * an IRET to user mode (iret_to_user, and that of fault_fast.inc), which is known by its address: the program's frame was bad.
 *
 * NMI. Its handler touches only memory that is always mapped and cannot fault, so no IRET but its own ends it and the CPU
 * holds back the next NMI until then: its stack is never entered twice. A #MC in it is the end.
 *
 * Page-table isolation. There are two sets of entries from the same text (paths.inc): _plain and _pti. Which one the IDT
 * and LSTAR point to is decided once (entry_points()). With _pti an entry begins on the user's page tables, which map
 * only this section, the IDT and struct entry_area; the CPU pushes to the entry stack there. Each entry loads CR3, moves to
 * the task's stack, and from there on the two sets do the same.
 */
#include "entry.inc"

	.section .entry.text, "ax"

	.balign 2
verw_selector:
	.short SEL_KERNEL_DATA

#define ERROR_CODE_VECTORS                                                                         \
	(1 << VECTOR_DOUBLE_FAULT | 1 << VECTOR_INVALID_TSS | 1 << VECTOR_SEGMENT |                \
	 1 << VECTOR_STACK | 1 << VECTOR_PROTECTION | 1 << VECTOR_PAGE_FAULT |                     \
	 1 << VECTOR_ALIGNMENT | 1 << VECTOR_CONTROL_PROTECTION | 1 << 29 | 1 << 30)

#define PTI 0
#define PATH(name) name##_plain
#define LOCAL(name) .L##name##_plain
#include "paths.inc"
#undef PTI
#undef PATH
#undef LOCAL

#define PTI 1
#define PATH(name) name##_pti
#define LOCAL(name) .L##name##_pti
#include "paths.inc"

	.text

/*
 * First code of a new kernel thread (context_init_kernel), interrupts off.
 *	in: rax = task that ran before, rbx = function, r12 = its argument; stack as at a call
 *	out: does not return, and the function must not
 */
FUNCTION kernel_task_start
	movq %rax, %rdi
	call sched_finish_switch
	sti
	movq %r12, %rdi
	CALL_REGISTER rbx
	ud2
FUNCTION_END kernel_task_start
