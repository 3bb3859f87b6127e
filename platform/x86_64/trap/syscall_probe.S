/* One trip to user mode and back, at boot: syscall_probe.c. */
#include "../entry/entry.inc"

	.section .init.text, "ax"

/*
 * bool syscall_probe_run(u64 rip)
 *	in: rdi = address of a SYSCALL instruction in user memory; LSTAR = syscall_probe_arrived, and the gate of #PF =
 *	    syscall_probe_fault; interrupts off
 *	out: al = 1 if SYSCALL came here, 0 if user mode got a page fault
 *	clobbered: all that a call may change
 */
FUNCTION syscall_probe_run
	PUSH_CALLEE_SAVED
	movq %rsp, probe_rsp(%rip)
	PUSH_USER_FRAME %rdi
	swapgs
	iretq

	.globl syscall_probe_arrived
syscall_probe_arrived:
	movl $1, %eax
	jmp .Lback
	.globl syscall_probe_fault
syscall_probe_fault:
	xorl %eax, %eax
.Lback:
	swapgs
	movq probe_rsp(%rip), %rsp
	POP_CALLEE_SAVED
	ret
FUNCTION_END syscall_probe_run

	.section .init.data, "aw"
	.balign 8
probe_rsp:
	.quad 0
