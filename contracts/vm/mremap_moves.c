/*
 * mremap_moves.c - mremap grows, moves and shrinks a mapping with its data.
 * mutants: mremap=0 mremap=ENOSYS mremap=fill(result,1) mremap=ENOMEM
 */
#include "contract.h"

int main(void)
{
	char *memory = map_anon(4 * PAGE);
	char *moved;

	memset(memory, 'm', 2 * PAGE);
	must(munmap(memory + 3 * PAGE, PAGE));
	must(mmap(memory + 2 * PAGE, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		  0));
	must_fail(mremap(memory, 2 * PAGE, 8 * PAGE, 0), ENOMEM);
	moved = must(mremap(memory, 2 * PAGE, 8 * PAGE, MREMAP_MAYMOVE));
	expect(moved != memory);
	for (size_t i = 0; i < 8 * PAGE; i++)
		expect_eq(moved[i], i < 2 * PAGE ? 'm' : 0);
	expect_fault(memory, false, SIGSEGV, SEGV_MAPERR);

	expect(mremap(moved, 8 * PAGE, PAGE, 0) == moved);
	expect_eq(moved[PAGE - 1], 'm');
	expect_fault(moved + PAGE, false, SIGSEGV, SEGV_MAPERR);
	say("moved with its data, old place gone, shrunk in place");
	return 0;
}
