/* Whole pages, by 8-byte string instructions: platform/memory.h. */
#include "entry.inc"

	.text

/*
 * void page_zero_raw(void *page)
 *	in: rdi = page, aligned
 *	clobbered: rax, rcx, rdi
 */
FUNCTION page_zero_raw
	xorl %eax, %eax
	movl $(PAGE_SIZE / 8), %ecx
	rep stosq
	ret
FUNCTION_END page_zero_raw

/*
 * void page_zero_stream(void *page)
 *	in: rdi = page, aligned
 *	clobbered: rax, rcx, rdi
 */
FUNCTION page_zero_stream
	xorl %eax, %eax
	movl $(PAGE_SIZE / 64), %ecx
1:	.irp offset, 0, 8, 16, 24, 32, 40, 48, 56
	movntiq %rax, \offset(%rdi)
	.endr
	addq $64, %rdi
	decl %ecx
	jnz 1b
	sfence
	ret
FUNCTION_END page_zero_stream

/*
 * void page_copy_raw(void *to, const void *from)
 *	in: rdi = to, rsi = from, aligned
 *	clobbered: rcx, rsi, rdi
 */
FUNCTION page_copy_raw
	movl $(PAGE_SIZE / 8), %ecx
	rep movsq
	ret
FUNCTION_END page_copy_raw
