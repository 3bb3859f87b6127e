/*
 * fixed_replaces.c - MAP_FIXED replaces what was mapped there, and nothing beside it.
 * mutants: mmap(flags&MAP_FIXED)=flags^MAP_FIXED mmap(flags&MAP_FIXED)=EINVAL
 * mutants: mmap(flags&MAP_FIXED)=fill(result,1)
 */
#include "contract.h"

int main(void)
{
	char *memory = map_anon(4 * PAGE);

	memset(memory, 'a', 4 * PAGE);
	expect(mmap(memory + PAGE, 2 * PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == memory + PAGE);
	for (size_t i = 0; i < 4 * PAGE; i++)
		expect_eq(memory[i], i < PAGE || i >= 3 * PAGE ? 'a' : 0);
	memory[PAGE] = 'b';
	expect_eq(memory[PAGE - 1], 'a');

	must_fail(mmap(memory + PAGE, PAGE, PROT_READ,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0),
		  EEXIST);
	expect_eq(memory[PAGE], 'b');
	must_fail(mmap(memory + 1, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
		  EINVAL);
	say("MAP_FIXED replaced two pages of four, MAP_FIXED_NOREPLACE none");
	return 0;
}
