/*
 * atomic_writes.c - writes of up to PIPE_BUF bytes by several writers are never mixed.
 * mutants: write#9=result+-1 read#9=fill(buffer,1) write=EINVAL
 */
#include "contract.h"

#define WRITERS 4
#define ROUNDS 60
#define SIZE 4096

int main(void)
{
	static char block[SIZE];
	int pipe_fds[2], count[WRITERS] = { 0 };
	pid_t children[WRITERS];

	must(pipe(pipe_fds));
	for (int w = 0; w < WRITERS; w++) {
		children[w] = fork_child();
		if (!children[w]) {
			memset(block, 'a' + w, SIZE);
			for (int i = 0; i < ROUNDS; i++)
				expect_eq(write(pipe_fds[1], block, SIZE), SIZE);
			_exit(0);
		}
	}
	close(pipe_fds[1]);
	for (int i = 0; i < WRITERS * ROUNDS; i++) {
		for (int got = 0; got < SIZE;) {
			ssize_t size = must(read(pipe_fds[0], block + got, SIZE - got));

			expect(size > 0);
			got += size;
		}
		for (int j = 1; j < SIZE; j++)
			expect_eq(block[j], block[0]);
		count[block[0] - 'a']++;
	}
	expect_eq(read(pipe_fds[0], block, 1), 0);
	for (int w = 0; w < WRITERS; w++) {
		expect_eq(count[w], ROUNDS);
		expect_exit(children[w], 0);
	}
	say("240 blocks of four writers, none mixed");
	return 0;
}
