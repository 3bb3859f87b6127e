/*
 * syscall_registers.c - a system call changes rax, rcx and r11, and no other register, no flag, no xmm.
 * mutants: getppid=arg3+1 sched_yield=arg5+1 9999=arg4+1 close=arg1+1 nanosleep=arg3+1
 */
#include "contract.h"

#define SET(reg, value) "movq $" #value ", %%" #reg "\n\t"
#define CHECK(reg, value) "cmpq $" #value ", %%" #reg "\n\tjne 9f\n\t"

/* clang-format off */
/* Do the system call with known values in the other registers. Returns 0, or 1 if any changed. */
__attribute__((noinline))
static long changed(long number, long first)
{
	long result = number;

	__asm__ volatile(
		"subq $128, %%rsp; pushq %%rbp\n\t"
		SET(rbx, 0x101) SET(rdx, 0) SET(rsi, 0x103) SET(rbp, 0x105) SET(r8, 0x108)
		SET(r9, 0x109) SET(r10, 0) SET(r12, 0x112) SET(r13, 0x113) SET(r14, 0x114)
		SET(r15, 0x115)
		"movq %%rbx, %%xmm3; movq %%rbp, %%xmm12\n\t"
		"std; stc\n\t"
		"syscall\n\t"
		"jnc 9f\n\t"
		"pushfq; popq %%rax; cld; testl $0x400, %%eax; jz 9f\n\t"
		CHECK(rbx, 0x101) CHECK(rdx, 0) CHECK(rsi, 0x103) CHECK(rbp, 0x105) CHECK(r8, 0x108)
		CHECK(r9, 0x109) CHECK(r10, 0) CHECK(r12, 0x112) CHECK(r13, 0x113) CHECK(r14, 0x114)
		CHECK(r15, 0x115)
		"movq %%xmm3, %%rcx\n\t" CHECK(rcx, 0x101)
		"movq %%xmm12, %%rcx\n\t" CHECK(rcx, 0x105)
		"xorl %%eax, %%eax; jmp 8f\n\t"
		"9: cld; movl $1, %%eax\n\t"
		"8: popq %%rbp; leaq 128(%%rsp), %%rsp"
		: "+a"(result), "+D"(first)
		:: "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
		"xmm3", "xmm12", "cc", "memory");
	return result;
}
/* clang-format on */

int main(void)
{
	struct timespec rest = { 0, 1000000 };

	expect_eq(changed(SYS_getppid, 0), 0);
	expect_eq(changed(SYS_sched_yield, 0), 0);
	expect_eq(changed(9999, 0), 0);
	expect_eq(changed(SYS_close, 777), 0);
	for (int i = 0; i < 20; i++)
		expect_eq(changed(SYS_nanosleep, (long)&rest), 0);
	say("quick, yielding, unknown, failing and blocking calls");
	return 0;
}
