/*
 * The copies behind platform/usercopy.h, exact to the byte on a fault. Ranges are the callers' business: here any address
 * may fault, by #PF or, if it is not canonical, by #GP, and nothing goes backwards, so that a range which begins in user
 * space ends in a fault before it reaches the kernel.
 *
 * Sizes up to 16 are a few moves that overlap; above, 8-byte string moves and one move for the rest, which overlaps them.
 * No byte-wise string move: it would be one counted instruction for each byte. Only after a fault the bytes that are left
 * are tried one by one, so that the CPU itself finds the first that cannot be reached.
 */
#include "entry.inc"

	.text

/*
 * size_t usercopy_raw(void *to, const void *from, size_t size)
 *	in: rdi = to, rsi = from (one of them user memory), rdx = size
 *	out: rax = bytes not copied, counted from the end
 *	clobbered: rcx, rdx, rsi, rdi
 */
FUNCTION usercopy_raw
	USER_ACCESS_BEGIN
	cmpq $16, %rdx
	jbe .Lsmall
	movq %rdx, %rcx
	shrq $3, %rcx
	andl $7, %edx
.Lquads:
	rep movsq
	jz .Lall				/* of andl */
.Lrest_from:
	movq -8(%rsi, %rdx), %rax
.Lrest_to:
	movq %rax, -8(%rdi, %rdx)
.Lall:
	xorl %eax, %eax
	USER_ACCESS_END
	ret

.Lsmall:
	cmpl $8, %edx
	jb .Lbelow8
.Lsmall8_1:
	movq (%rsi), %rax
.Lsmall8_2:
	movq -8(%rsi, %rdx), %rcx
.Lsmall8_3:
	movq %rax, (%rdi)
.Lsmall8_4:
	movq %rcx, -8(%rdi, %rdx)
	xorl %eax, %eax
	USER_ACCESS_END
	ret

.Lbelow8:
	cmpl $4, %edx
	jb .Lbelow4
.Lsmall4_1:
	movl (%rsi), %eax
.Lsmall4_2:
	movl -4(%rsi, %rdx), %ecx
.Lsmall4_3:
	movl %eax, (%rdi)
.Lsmall4_4:
	movl %ecx, -4(%rdi, %rdx)
	xorl %eax, %eax
	USER_ACCESS_END
	ret

	/* The first byte, then the last two, which may overlap it. */
.Lbelow4:
	testl %edx, %edx
	jz .Lall
.Lsmall1_1:
	movzbl (%rsi), %eax
.Lsmall1_2:
	movb %al, (%rdi)
	cmpl $2, %edx
	jb .Lall
.Lsmall2_1:
	movzwl -2(%rsi, %rdx), %eax
.Lsmall2_2:
	movw %ax, -2(%rdi, %rdx)
	xorl %eax, %eax
	USER_ACCESS_END
	ret

	/* rsi, rdi stand at what is left: rcx quads and rdx bytes. */
.Lquads_fault:
	leaq (%rdx, %rcx, 8), %rcx
	jmp .Lbytes
	/* rsi, rdi stand at the last rdx bytes, or at the begin of a small copy. */
.Lrest_fault:
	movq %rdx, %rcx
.Lbytes:
	USER_ACCESS_BEGIN			/* the fault has ended it */
.Lbytes_move:
	rep movsb
.Lbytes_fault:
	movq %rcx, %rax
	USER_ACCESS_END
	ret
FUNCTION_END usercopy_raw
	EXTABLE .Lquads, .Lquads_fault
	EXTABLE .Lbytes_move, .Lbytes_fault
	.irp at, rest_from, rest_to, small8_1, small8_2, small8_3, small8_4, \
		small4_1, small4_2, small4_3, small4_4, small1_1, small1_2, small2_1, small2_2
	EXTABLE .L\at, .Lrest_fault
	.endr

/*
 * size_t usercopy_clear_raw(void *to, size_t size)
 *	in: rdi = to (user memory), rsi = size
 *	out: rax = bytes not cleared, counted from the end
 *	clobbered: rcx, rsi, rdi
 */
FUNCTION usercopy_clear_raw
	USER_ACCESS_BEGIN
	xorl %eax, %eax
	movq %rsi, %rcx
	shrq $3, %rcx
	andl $7, %esi
.Lclear_quads:
	rep stosq
	movl %esi, %ecx
.Lclear_bytes:
	rep stosb
.Lclear_end:
	movq %rcx, %rax
	USER_ACCESS_END
	ret
.Lclear_fault:
	leaq (%rsi, %rcx, 8), %rcx
	USER_ACCESS_BEGIN
	jmp .Lclear_bytes
FUNCTION_END usercopy_clear_raw
	EXTABLE .Lclear_quads, .Lclear_fault
	EXTABLE .Lclear_bytes, .Lclear_end
