/*
 * fault_under_fork.c - memory stays right while four processes fault, fork and exit at the same time.
 * mutants: clone#6=flags|CLONE_VM|CLONE_VFORK mmap=ENOMEM
 */
#include "contract.h"

#define PAGES 128

static void work(int worker)
{
	unsigned *memory = map_anon(PAGES * PAGE);

	for (unsigned round = 0; round < 6; round++) {
		pid_t child;

		for (unsigned i = 0; i < PAGES; i++)
			memory[i * PAGE / 4] = worker * 1000000 + round * 1000 + i;
		child = fork_child();
		for (unsigned i = 0; i < PAGES; i++) {
			expect_eq(memory[i * PAGE / 4], worker * 1000000 + round * 1000 + i);
			expect_eq(memory[i * PAGE / 4 + 1], round ? 1 : 0);
			memory[i * PAGE / 4 + 1] = child ? 1 : 2;
		}
		for (unsigned i = 0; i < PAGES; i++)
			expect_eq(memory[i * PAGE / 4 + 1], child ? 1 : 2);
		if (!child)
			_exit(0);
		expect_exit(child, 0);
	}
}

int main(void)
{
	pid_t children[4];

	for (int i = 0; i < 4; i++) {
		children[i] = fork_child();
		if (!children[i]) {
			work(i + 1);
			_exit(0);
		}
	}
	for (int i = 0; i < 4; i++)
		expect_exit(children[i], 0);
	say("four workers, six forks each, every word right");
	return 0;
}
