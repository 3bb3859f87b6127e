/*
 * munmap_hole.c - touching unmapped memory raises SIGSEGV with SEGV_MAPERR and the exact address.
 * mutants: munmap=0 munmap=EINVAL signal(signo:SIGSEGV)=SIGBUS
 */
#include "contract.h"

int main(void)
{
	char *memory = map_anon(3 * PAGE);

	memset(memory, 1, 3 * PAGE);
	must(munmap(memory + PAGE, PAGE));
	expect_writable(memory);
	expect_writable(memory + 3 * PAGE - 1);
	expect_fault(memory + PAGE, false, SIGSEGV, SEGV_MAPERR);
	expect_fault(memory + PAGE, true, SIGSEGV, SEGV_MAPERR);
	expect_fault(memory + 2 * PAGE - 1, true, SIGSEGV, SEGV_MAPERR);
	expect_fault((char *)NULL, false, SIGSEGV, SEGV_MAPERR);
	expect_fault((char *)123, true, SIGSEGV, SEGV_MAPERR);

	must(munmap(memory + PAGE, PAGE));
	must_fail(munmap(memory + 1, PAGE), EINVAL);
	must_fail(munmap(memory, 0), EINVAL);
	say("the hole faults, its neighbours do not, unmapping a hole succeeds");
	return 0;
}
