/* registers.S - the program of test_registers.py: marks in all registers, then a system call, then a page fault. */
	.macro MARK_REGISTERS
	.irp register, rbx, rbp, r8, r9, r10, r12, r13, r14, r15, rdi, rsi, rdx
	movq $0x5a5a5a5a5a5a5a5a, %\register
	.endr
	.endm

	.globl _start
_start:
	movl $110, %eax			/* getppid: no arguments */
	MARK_REGISTERS
	syscall
	MARK_REGISTERS
	movq %rbx, %rax
	movq %rbx, %rcx
	movq %rbx, %r11
	movb $1, 16			/* nothing is there */
