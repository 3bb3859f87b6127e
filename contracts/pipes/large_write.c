/*
 * large_write.c - a write larger than the pipe arrives whole and in order, through short reads.
 * mutants: write=result+-1 read#3=fill(buffer,1) read#9=0
 */
#include "contract.h"

#define SIZE 300000

int main(void)
{
	static unsigned char out[SIZE], in[7001];
	int pipe_fds[2], at = 0;
	ssize_t size;
	pid_t child;

	must(pipe(pipe_fds));
	for (int i = 0; i < SIZE; i++)
		out[i] = i * 31 >> 3;
	child = fork_child();
	if (!child) {
		close(pipe_fds[0]);
		expect_eq(write(pipe_fds[1], out, SIZE), SIZE);
		_exit(0);
	}
	close(pipe_fds[1]);
	while ((size = must(read(pipe_fds[0], in, sizeof(in)))) > 0) {
		expect(at + size <= SIZE);
		expect(memcmp(in, out + at, size) == 0);
		at += size;
	}
	expect_eq(at, SIZE);
	expect_exit(child, 0);
	say("300000 bytes in one write, in order");
	return 0;
}
