/*
 * cow_chain.c - copy-on-write holds through generations of forks and for a kernel that writes.
 * mutants: clone=flags|CLONE_VM|CLONE_VFORK mmap(flags&MAP_PRIVATE)=flags^3
 * mutants: mmap(flags&MAP_ANONYMOUS)=flags^3 read=fill(buffer,1)
 */
#include "contract.h"

static int generation(char *page, int depth)
{
	int pipe_fds[2];
	pid_t child;

	page[depth] = 'a' + depth;
	if (depth == 5) {
		expect(memcmp(page, "abcdef", 7) == 0);
		return 0;
	}
	child = fork_child();
	if (!child)
		_exit(generation(page, depth + 1));
	expect_exit(child, 0);
	for (int i = 0; i < 6; i++)
		expect_eq(page[i], i <= depth ? 'a' + i : 0);

	must(pipe(pipe_fds));
	child = fork_child();
	if (!child) {
		expect_eq(write(pipe_fds[1], "K", 1), 1);
		expect_eq(read(pipe_fds[0], page, 1), 1);
		expect_eq(page[0], 'K');
		_exit(0);
	}
	expect_exit(child, 0);
	expect_eq(page[0], 'a');
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	return 0;
}

int main(void)
{
	char *page = map_anon(PAGE);

	expect_eq(generation(page, 0), 0);
	say("six generations, no write leaked upwards, not by read(2) either");
	return 0;
}
