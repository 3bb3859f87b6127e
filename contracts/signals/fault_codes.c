/*
 * fault_codes.c - faults tell their kind: division, illegal instruction, breakpoint, general protection.
 * mutants: signal(signo:SIGFPE)=SIGILL signal(signo:SIGILL)=SIGFPE signal(signo:SIGTRAP)=0
 * mutants: signal(signo:SIGSEGV)=SIGILL rt_sigaction=0
 */
#include "contract.h"
#include <ucontext.h>

static sigjmp_buf jump;
static volatile int number, code;
static void *volatile address;
static volatile uintptr_t rip;

static void handler(int signo, siginfo_t *info, void *context)
{
	number = signo;
	code = info->si_code;
	address = info->si_addr;
	rip = ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
	siglongjmp(jump, 1);
}

#define fault(instructions, ...)                                                                   \
	do {                                                                                       \
		number = 0;                                                                        \
		if (!sigsetjmp(jump, 1))                                                           \
			__asm__ volatile(instructions __VA_ARGS__);                                \
	} while (0)

int main(void)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };

	must(sigaction(SIGFPE, &action, NULL));
	must(sigaction(SIGILL, &action, NULL));
	must(sigaction(SIGTRAP, &action, NULL));
	must(sigaction(SIGSEGV, &action, NULL));

	fault("xorl %%ecx, %%ecx; movl $1, %%eax; cltd; idivl %%ecx", ::: "eax", "ecx", "edx");
	expect(number == SIGFPE && code == FPE_INTDIV && (uintptr_t)address == rip);
	fault("ud2");
	expect(number == SIGILL && code == ILL_ILLOPN && (uintptr_t)address == rip);
	fault("int3");
	expect(number == SIGTRAP && code == SI_KERNEL);
	expect_eq(*(unsigned char *)(rip - 1), 0xcc);
	fault("hlt");
	expect(number == SIGSEGV && code == SI_KERNEL && address == NULL);
	fault("movb $1, (%0)", ::"r"(0x8000000000000000));
	expect(number == SIGSEGV && code == SI_KERNEL && address == NULL);
	fault("movb (%0), %%al", ::"r"(0xffffffff80000000) : "eax");
	expect(number == SIGSEGV && code == SEGV_MAPERR && (uintptr_t)address == 0xffffffff80000000);
	say("division, illegal, breakpoint, privileged, non-canonical, kernel address");
	return 0;
}
