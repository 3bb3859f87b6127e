/*
 * untouched_neighbour.c - a page table outlives the mapping that it was made for while a neighbour that was never touched is in it.
 * mutants: munmap=0 mmap=ENOMEM wait4=0 clone=EAGAIN
 */
#include "contract.h"

#define BLOCK (2UL << 20)

/* Of three parts of one page table the middle one alone is written to; they are unmapped in the order that `order` says. */
static void part_by_part(const char *order)
{
	char *block = (char *)(((uintptr_t)&order - 64 * BLOCK) &
			       -BLOCK); /* the tables above are the stack's too */

	for (int i = 0; i < 3; i++)
		must(mmap(block + i * 16 * PAGE, 16 * PAGE,
			  i == 1 ? PROT_READ | PROT_WRITE : PROT_READ,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
	block[16 * PAGE] = 1;
	for (; *order; order++)
		must(munmap(block + (*order - '0') * 16 * PAGE, 16 * PAGE));
	for (int i = 0; i < 3; i++)
		expect_eq(touch(block + i * 16 * PAGE, false).signo, SIGSEGV);
}

int main(void)
{
	static const char *const orders[] = { "012", "021", "102", "120", "201", "210" };

	for (int i = 0; i < 6; i++) {
		pid_t child = fork_child();

		if (!child) {
			part_by_part(orders[i]);
			_exit(0);
		}
		expect_exit(child, 0);
	}
	say("unmapped part by part, in any order");
	return 0;
}
