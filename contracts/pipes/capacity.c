/*
 * capacity.c - a pipe holds 65536 bytes; a writer of more blocks until a reader makes room.
 * mutants: fcntl=0 write=EAGAIN write#2=0 read=0
 */
#include "contract.h"

#define CAPACITY 65536

int main(void)
{
	static char block[4096], all[CAPACITY];
	volatile int *done = map_shared(PAGE);
	int pipe_fds[2], total = 0;
	ssize_t size;
	pid_t child;

	must(pipe2(pipe_fds, O_NONBLOCK));
	while ((size = write(pipe_fds[1], block, sizeof(block))) > 0)
		total += size;
	expect_eq(errno, EAGAIN);
	say("%d bytes fit", total);
	must(fcntl(pipe_fds[1], F_SETFL, 0));
	child = fork_child();
	if (!child) {
		memset(block, 'w', sizeof(block));
		expect_eq(write(pipe_fds[1], block, sizeof(block)), (ssize_t)sizeof(block));
		*done = 1;
		_exit(0);
	}
	sleep_ms(60);
	expect_eq(*done, 0);
	must(fcntl(pipe_fds[0], F_SETFL, 0));
	expect_eq(read(pipe_fds[0], all, CAPACITY), CAPACITY);
	expect_exit(child, 0);
	expect_eq(*done, 1);
	expect_eq(read(pipe_fds[0], all, CAPACITY), 4096);
	for (int i = 0; i < 4096; i++)
		expect_eq(all[i], 'w');
	say("the writer waited and then wrote");
	return 0;
}
