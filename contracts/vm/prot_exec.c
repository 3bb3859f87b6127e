/*
 * prot_exec.c - data pages do not execute; PROT_EXEC makes them.
 * mutants: mprotect#2=0 mprotect#2=prot=7 mmap=prot|4 mprotect#2=EACCES
 */
#include "contract.h"

int main(void)
{
	unsigned char *code = map_anon(PAGE);
	static const unsigned char give_42[] = { 0xb8, 42, 0, 0, 0, 0xc3 }; /* mov $42, %eax; ret */
	int (*function)(void) = (int (*)(void))(void *)code;
	pid_t child;

	memcpy(code, give_42, sizeof(give_42));
	child = fork_child();
	if (!child) {
		function();
		_exit(0);
	}
	expect_killed(child, SIGSEGV);
	must(mprotect(code, PAGE, PROT_READ | PROT_EXEC));
	expect_eq(function(), 42);
	expect_fault(code, true, SIGSEGV, SEGV_ACCERR);
	say("a page without PROT_EXEC does not run, one with it does");
	return 0;
}
