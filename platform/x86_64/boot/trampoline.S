/*
 * Where another CPU begins: real mode, CS:IP = page:0. This code is copied to that page, below 1 MiB, which the kernel's
 * page tables map at its own address for the time being. The words at the end are filled in by smp.c.
 */
#include <platform/layout.h>
#include <x86/msr.h>

#define AT(label) ((label) - smp_trampoline)

	.section .init.data, "aw"
	.balign 16
	.globl smp_trampoline, smp_trampoline_end
	.globl smp_trampoline_root, smp_trampoline_efer, smp_trampoline_stack, smp_trampoline_gs_base
smp_trampoline:
	.code16
	cli
	cld
	movw %cs, %ax
	movw %ax, %ds
	/* EBX: where we are. The three pointers below need it. */
	xorl %ebx, %ebx
	movw %ax, %bx
	shll $4, %ebx
	addl %ebx, AT(gdt_pointer) + 2
	addl %ebx, AT(far_32)
	addl %ebx, AT(far_64)
	lgdtl AT(gdt_pointer)
	movl $(CR0_ET | CR0_PE), %eax
	movl %eax, %cr0
	ljmpl *AT(far_32)

	.code32
.Lprotected_mode:
	movw $SEL_KERNEL_DATA, %ax
	movw %ax, %ds
	movl $CR4_PAE, %eax
	movl %eax, %cr4
	movl AT(smp_trampoline_root)(%ebx), %eax
	movl %eax, %cr3
	movl $MSR_EFER, %ecx
	movl AT(smp_trampoline_efer)(%ebx), %eax
	xorl %edx, %edx
	wrmsr
	movl $(CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE), %eax
	movl %eax, %cr0
	ljmpl *AT(far_64)(%ebx)

	.code64
.Llong_mode:
	movl $SEL_KERNEL_DATA, %eax
	movl %eax, %es
	movl %eax, %ss
	xorl %eax, %eax
	movl %eax, %fs
	movl %eax, %gs
	movl $MSR_GS_BASE, %ecx
	movl AT(smp_trampoline_gs_base)(%rbx), %eax
	movl AT(smp_trampoline_gs_base) + 4(%rbx), %edx
	wrmsr
	movq AT(smp_trampoline_stack)(%rbx), %rsp
	xorl %ebp, %ebp
	movabsq $smp_secondary_main, %rax
	call *%rax
	ud2

	.balign 8
gdt:
	.quad 0
	.quad 0x00cf9b000000ffff /* 0x08: 32-bit code */
	.quad 0x00af9b000000ffff /* SEL_KERNEL_CODE: 64 bit */
	.quad 0x00cf93000000ffff /* SEL_KERNEL_DATA */
gdt_end:
gdt_pointer:
	.short gdt_end - gdt - 1
	.long AT(gdt)
far_32:
	.long AT(.Lprotected_mode)
	.short 0x08
far_64:
	.long AT(.Llong_mode)
	.short SEL_KERNEL_CODE
	.balign 8
smp_trampoline_root:
	.quad 0
smp_trampoline_efer:
	.quad 0
smp_trampoline_stack:
	.quad 0
smp_trampoline_gs_base:
	.quad 0
smp_trampoline_end:
