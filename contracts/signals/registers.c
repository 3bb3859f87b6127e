/*
 * registers.c - a signal handler changes no register of the code that it interrupts, xmm and flags too.
 * mutants: setitimer=0 setitimer=ENOSYS rt_sigreturn=0 rt_sigreturn=ENOSYS
 */
#include "contract.h"
#include <sys/time.h>

static volatile int ticks;

static void handler(int signo)
{
	(void)signo;
	ticks++;
	__asm__ volatile(
		"pxor %%xmm0, %%xmm0; pxor %%xmm1, %%xmm1; pxor %%xmm7, %%xmm7; pxor %%xmm15, %%xmm15\n\t"
		"xorl %%ebx, %%ebx; xorl %%r8d, %%r8d; xorl %%r9d, %%r9d; xorl %%r10d, %%r10d\n\t"
		"xorl %%r11d, %%r11d; xorl %%r12d, %%r12d; xorl %%r13d, %%r13d; xorl %%r14d, %%r14d\n\t"
		"xorl %%r15d, %%r15d" ::
			: "rbx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0",
			  "xmm1", "xmm7", "xmm15", "cc");
}

/*
 * Load known values into all general registers but rsp and four xmm registers, spin with the direction
 * and carry flags set, then compare. Returns 0, or 1 if anything changed.
 */
__attribute__((noinline)) static unsigned long spin_and_compare(unsigned long spins)
{
	unsigned long changed;

	__asm__ volatile(
		"subq $128, %%rsp; pushq %%rbp\n\t"
		"movq $0x1111, %%rax; movq %%rax, %%xmm0\n\t"
		"movq $0x2222, %%rbx; movq %%rbx, %%xmm1\n\t"
		"movq $0x3333, %%rdx; movq %%rdx, %%xmm7\n\t"
		"movq $0x4444, %%rsi; movq %%rsi, %%xmm15\n\t"
		"movq $0x5555, %%rdi; movq $0x6666, %%rbp; movq $0x8888, %%r8; movq $0x9999, %%r9\n\t"
		"movq $0xaaaa, %%r10; movq $0xbbbb, %%r11; movq $0xcccc, %%r12; movq $0xdddd, %%r13\n\t"
		"movq $0xeeee, %%r14; movq $0xffff, %%r15\n\t"
		"stc; std\n\t"
		"1: pause; leaq -1(%%rcx), %%rcx; jrcxz 2f; jmp 1b\n\t"
		"2: jnc 3f; cld\n\t"
		"cmpq $0x1111, %%rax; jne 3f; cmpq $0x2222, %%rbx; jne 3f\n\t"
		"cmpq $0x3333, %%rdx; jne 3f; cmpq $0x4444, %%rsi; jne 3f\n\t"
		"cmpq $0x5555, %%rdi; jne 3f; cmpq $0x6666, %%rbp; jne 3f\n\t"
		"cmpq $0x8888, %%r8; jne 3f; cmpq $0x9999, %%r9; jne 3f\n\t"
		"cmpq $0xaaaa, %%r10; jne 3f; cmpq $0xbbbb, %%r11; jne 3f\n\t"
		"cmpq $0xcccc, %%r12; jne 3f; cmpq $0xdddd, %%r13; jne 3f\n\t"
		"cmpq $0xeeee, %%r14; jne 3f; cmpq $0xffff, %%r15; jne 3f\n\t"
		"movq %%xmm0, %%rax; cmpq $0x1111, %%rax; jne 3f\n\t"
		"movq %%xmm1, %%rax; cmpq $0x2222, %%rax; jne 3f\n\t"
		"movq %%xmm7, %%rax; cmpq $0x3333, %%rax; jne 3f\n\t"
		"movq %%xmm15, %%rax; cmpq $0x4444, %%rax; jne 3f\n\t"
		"xorl %%eax, %%eax; jmp 4f\n\t"
		"3: cld; movl $1, %%eax\n\t"
		"4: popq %%rbp; leaq 128(%%rsp), %%rsp"
		: "=a"(changed), "+c"(spins)::"rbx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11",
		  "r12", "r13", "r14", "r15", "xmm0", "xmm1", "xmm7", "xmm15", "cc", "memory");
	return changed;
}

int main(void)
{
	struct itimerval every = { { 0, 2000 }, { 0, 2000 } };

	handle(SIGALRM, handler, SA_RESTART);
	must(setitimer(ITIMER_REAL, &every, NULL));
	while (ticks < 40)
		expect_eq(spin_and_compare(100000), 0);
	say("40 signals in a busy loop: all registers, xmm and flags kept");
	return 0;
}
