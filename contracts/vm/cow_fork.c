/*
 * cow_fork.c - after fork, parent and child see their own writes only, whoever writes first.
 * mutants: mmap(flags&MAP_PRIVATE)=flags^3 mmap(flags&MAP_SHARED)=flags^3
 * mutants: clone=flags|CLONE_VM|CLONE_VFORK
 */
#include "contract.h"

#define PAGES 64

static void fill(char *memory, char with)
{
	for (size_t i = 0; i < PAGES; i++)
		memory[i * PAGE] = with;
}

static bool filled(char *memory, char with)
{
	for (size_t i = 0; i < PAGES; i++)
		if (memory[i * PAGE] != with)
			return false;
	return true;
}

int main(void)
{
	char *memory = map_anon(PAGES * PAGE);
	volatile int *step = map_shared(PAGE);
	pid_t child;

	fill(memory, 'p');
	child = fork_child();
	if (!child) {
		expect(filled(memory, 'p'));
		fill(memory, 'c');
		*step = 1;
		while (*step != 2)
			sleep_ms(1);
		expect(filled(memory, 'c'));
		_exit(0);
	}
	while (*step != 1)
		sleep_ms(1);
	expect(filled(memory, 'p'));
	fill(memory, 'q');
	*step = 2;
	expect_exit(child, 0);
	expect(filled(memory, 'q'));
	say("child wrote first: each keeps its own");

	*step = 0;
	child = fork_child();
	if (!child) {
		while (*step != 1)
			sleep_ms(1);
		expect(filled(memory, 'q'));
		_exit(0);
	}
	fill(memory, 'r');
	*step = 1;
	expect_exit(child, 0);
	expect(filled(memory, 'r'));
	say("parent wrote first: each keeps its own");
	return 0;
}
