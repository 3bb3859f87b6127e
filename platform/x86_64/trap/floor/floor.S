/* The steps that floor.c takes time of. Boot, one CPU, interrupts off; the gates and LSTAR point here meanwhile. */
#include "floor_times.h"

#include "../../entry/entry.inc"

	.section .init.text, "ax"

.macro READ_COUNTER				/* rax, rdx */
	lfence
	rdtsc
	shlq $32, %rdx
	orq %rdx, %rax
.endm

/*
 * u64 floor_user(u64 rip, u64 address)
 *	in: rdi = code in user memory that ends in UD2, rsi = what it finds in rdi; the gate of #UD = floor_user_end
 *	out: rax = ticks from before the IRET to after the #UD
 *	clobbered: all that a call may change
 */
FUNCTION floor_user
	PUSH_CALLEE_SAVED
	movq %rsp, floor_rsp(%rip)
	PUSH_USER_FRAME %rdi
	movq %rsi, %rdi
	READ_COUNTER
	movq %rax, floor_start(%rip)
	swapgs
	iretq

	.globl floor_user_end
floor_user_end:
	swapgs
	READ_COUNTER
	subq floor_start(%rip), %rax
	movq floor_rsp(%rip), %rsp
	POP_CALLEE_SAVED
	ret
FUNCTION_END floor_user

/* Where SYSCALL leads: straight back. */
FUNCTION floor_sysret
	sysretq
FUNCTION_END floor_sysret

/* #PF of `movb (%rdi), %al`, two bytes: on to the next. */
FUNCTION floor_fault
	addq $8, %rsp				/* error code */
	addq $2, (%rsp)				/* rip */
	iretq
FUNCTION_END floor_fault

/* void floor_kernel_faults(u64 address): FLOOR_TIMES of them. */
FUNCTION floor_kernel_faults
	.rept FLOOR_TIMES
	movb (%rdi), %al
	.endr
	ret
FUNCTION_END floor_kernel_faults

/* void floor_irets(void): FLOOR_TIMES, each with the frame that it needs. */
FUNCTION floor_irets
	.rept FLOOR_TIMES
	movq %rsp, %rax
	pushq $SEL_KERNEL_DATA
	pushq %rax
	pushq $2
	pushq $SEL_KERNEL_CODE
	leaq 1f(%rip), %rcx
	pushq %rcx
	iretq
1:
	.endr
	ret
FUNCTION_END floor_irets

	.section .init.data, "aw"
	.balign 8
floor_rsp:
	.quad 0
floor_start:
	.quad 0
