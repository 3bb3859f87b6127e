/*
 * bad_memory.c - a pipe moves what is reachable and then says EFAULT; nothing is lost.
 * mutants: read(fd:3)=EFAULT write=EFAULT munmap=0 pipe2=ENOSYS
 */
#include "contract.h"

int main(void)
{
	char *memory = must(
		mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	char text[16];
	int pipe_fds[2];

	must(munmap(memory + PAGE, PAGE));
	must(pipe2(pipe_fds, O_NONBLOCK));
	must_fail(write(pipe_fds[1], memory + PAGE, 10), EFAULT);
	must_fail(read(pipe_fds[0], text, 16), EAGAIN);
	expect_eq(write(pipe_fds[1], "0123456789", 10), 10);
	must_fail(read(pipe_fds[0], memory + PAGE, 10), EFAULT);
	expect_eq(read(pipe_fds[0], text, 16), 10);
	expect(memcmp(text, "0123456789", 10) == 0);
	must_fail(pipe((int *)(memory + PAGE)), EFAULT);
	expect_eq(must(open("/dev/null", O_RDONLY)), pipe_fds[1] + 1);
	say("EFAULT, and the bytes are still there");
	return 0;
}
