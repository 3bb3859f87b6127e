/*
 * anon_zeroed.c - private anonymous memory is zero, also when its pages held another process's data.
 * mutants: mmap(flags&MAP_ANONYMOUS)=fill(result,1) munmap=ENOSYS mmap=ENOMEM
 */
#include "contract.h"

#define SIZE (4UL << 20)

static bool all_zero(const unsigned char *at, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (at[i])
			return false;
	return true;
}

int main(void)
{
	for (int round = 0; round < 3; round++) {
		pid_t child = fork_child();

		if (!child) {
			unsigned char *memory = map_anon(SIZE);

			expect(all_zero(memory, SIZE));
			memset(memory, 0xa5, SIZE);
			_exit(0);
		}
		expect_exit(child, 0);
	}
	unsigned char *memory = map_anon(SIZE);

	memset(memory, 0x5a, SIZE);
	must(munmap(memory, SIZE));
	memory = map_anon(SIZE);
	expect(all_zero(memory, SIZE));
	say("anonymous memory is zero after others used it");
	return 0;
}
