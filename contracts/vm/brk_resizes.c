/*
 * brk_resizes.c - brk grows with zeroed memory and really gives it back when it shrinks.
 * mutants: brk#3+=ENOSYS brk#3+=result+4096 brk#6+=0 signal(signo:SIGSEGV)=SIGBUS
 */
#include "contract.h"

static char *brk_raw(char *end)
{
	return (char *)syscall(SYS_brk, end);
}

int main(void)
{
	char *start = brk_raw(NULL);
	char *base = (char *)(((uintptr_t)start + PAGE - 1) & ~(PAGE - 1));

	expect(start != NULL);
	expect(brk_raw(base + 4 * PAGE) == base + 4 * PAGE);
	for (size_t i = 0; i < 4 * PAGE; i++)
		expect_eq(base[i], 0);
	memset(base, 'z', 4 * PAGE);
	expect(brk_raw(base + PAGE) == base + PAGE);
	expect_writable(base + PAGE - 1);
	expect_fault(base + PAGE, false, SIGSEGV, SEGV_MAPERR);

	expect(brk_raw(base + 2 * PAGE) == base + 2 * PAGE);
	expect_eq(base[0], 'z');
	expect_eq(base[PAGE], 0);

	expect(brk_raw((char *)1) == base + 2 * PAGE);
	expect(brk_raw((char *)-PAGE) == base + 2 * PAGE);
	say("brk grew zeroed, shrank for good, refused nonsense by keeping the end");
	return 0;
}
