/*
 * file_past_end.c - touching a page wholly past a file's end raises SIGBUS, and not once the file grew.
 * mutants: ftruncate=0 signal(signo:SIGBUS)=SIGSEGV
 */
#include "contract.h"

int main(void)
{
	int fd = file_with("file", "short");
	char *memory = must(mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0));

	expect_eq(memory[4], 't');
	expect_eq(memory[5], 0);
	expect_fault(memory + PAGE, false, SIGBUS, BUS_ADRERR);
	must(ftruncate(fd, 2 * PAGE));
	expect_eq(memory[PAGE], 0);
	say("SIGBUS with BUS_ADRERR past the end, zero after growth");
	return 0;
}
