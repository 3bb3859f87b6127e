/*
 * shared_anon.c - shared anonymous memory starts zeroed and stays shared across fork, both ways.
 * mutants: mmap(flags&MAP_SHARED)=flags^3 mmap(flags&MAP_SHARED)=fill(result,1) mmap=ENOMEM
 */
#include "contract.h"

int main(void)
{
	volatile int *memory = map_shared(8 * PAGE);
	pid_t child;

	for (size_t i = 0; i < 8 * PAGE / sizeof(int); i++)
		expect_eq(memory[i], 0);
	memory[0] = 11;
	child = fork_child();
	if (!child) {
		expect_eq(memory[0], 11);
		memory[1] = 22;
		memory[7 * PAGE / sizeof(int)] = 77;
		while (memory[2] != 33)
			sleep_ms(1);
		_exit(0);
	}
	while (memory[1] != 22)
		sleep_ms(1);
	memory[2] = 33;
	expect_exit(child, 0);
	expect_eq(memory[7 * PAGE / sizeof(int)], 77);
	say("both see each other's writes, also on a page first touched after the fork");
	return 0;
}
