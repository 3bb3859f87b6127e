/* Switching kernel stacks: platform/context.h. */
#include "entry.inc"

	.text

/*
 * struct task_head *context_switch(struct task_head *prev, struct task_head *next)
 *	in: rdi = prev, rsi = next; interrupts off
 *	out: rax = the task that ran before, on next's stack with next's callee-saved registers
 *	clobbered: rcx; flags
 *	must be true: next is not running; its stack holds a struct context_frame at kernel_sp. It is never inlined, and the
 *	compiler sees only the call, so nothing in memory or registers is carried over.
 * RFLAGS need no switch: interrupts are off on both sides, DF and AC are clear in all kernel code.
 */
FUNCTION context_switch
	pushq %rbp				/* context_frame.rbp */
	pushq %rbx
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15				/* context_frame.r15 */
	movq %rsp, TASK_KERNEL_SP(%rdi)
	movq TASK_KERNEL_SP(%rsi), %rsp
	movq %rsi, %gs:current_task
	movq TASK_KERNEL_STACK_TOP(%rsi), %rcx
	movq %rcx, %gs:cpu_stack_top
	SITE SITE_TASK_STACK, movq %rcx, AREA(TSS_RSP0)
	movq TASK_STACK_GUARD(%rsi), %rcx
	movq %rcx, %gs:cpu_stack_guard
	movq %rdi, %rax
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbx
	popq %rbp
	ret
FUNCTION_END context_switch
