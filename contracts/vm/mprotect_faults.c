/*
 * mprotect_faults.c - mprotect takes access away and gives it back, with SEGV_ACCERR in between.
 * mutants: mprotect#2+=0 mprotect#2+=ENOSYS signal(signo:SIGSEGV)=SIGBUS
 */
#include "contract.h"

int main(void)
{
	char *memory = map_anon(4 * PAGE);

	memset(memory, 'x', 4 * PAGE);
	must(mprotect(memory + PAGE, PAGE, PROT_READ));
	expect_readable(memory + PAGE);
	expect_fault(memory + PAGE + 7, true, SIGSEGV, SEGV_ACCERR);
	expect_writable(memory);
	expect_writable(memory + 2 * PAGE);

	must(mprotect(memory + PAGE, PAGE, PROT_READ | PROT_WRITE));
	expect_eq(memory[PAGE + 7], 'x');
	memory[PAGE + 7] = 'y';
	expect_eq(memory[PAGE + 7], 'y');

	must(mprotect(memory, 2 * PAGE, PROT_NONE));
	expect_fault(memory + 1, false, SIGSEGV, SEGV_ACCERR);
	expect_fault(memory + PAGE, false, SIGSEGV, SEGV_ACCERR);
	must(mprotect(memory, 2 * PAGE, PROT_READ));
	expect_eq(memory[PAGE + 7], 'y');

	must(munmap(memory + 3 * PAGE, PAGE));
	must_fail(mprotect(memory + 2 * PAGE, 2 * PAGE, PROT_READ), ENOMEM);
	must_fail(mprotect(memory + 1, PAGE, PROT_READ), EINVAL);
	say("read-only, none and writable again, data kept");
	return 0;
}
