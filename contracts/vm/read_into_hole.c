/*
 * read_into_hole.c - a transfer that runs into a hole stops there: a short count, not EFAULT, not a crash.
 * mutants: munmap=0 pread64=EFAULT read=EFAULT pread64=0
 */
#include "contract.h"

int main(void)
{
	char *memory = map_anon(2 * PAGE);
	char text[2 * PAGE], back[2 * PAGE];
	int fd, pipe_fds[2];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = 'a' + i % 26;
	fd = must(open("file", O_RDWR | O_CREAT, 0644));
	expect_eq(write(fd, text, sizeof(text)), (ssize_t)sizeof(text));
	must(munmap(memory + PAGE, PAGE));

	expect_eq(pread(fd, memory + PAGE - 100, 200, 0), 100);
	expect(memcmp(memory + PAGE - 100, text, 100) == 0);
	must_fail(pread(fd, memory + PAGE, 200, 0), EFAULT);

	must(pipe2(pipe_fds, O_NONBLOCK));
	expect_eq(write(pipe_fds[1], text, 300), 300);
	must_fail(write(pipe_fds[1], memory + PAGE, 10), EFAULT);
	expect_eq(read(pipe_fds[0], back, sizeof(back)), 300);
	expect(memcmp(back, text, 300) == 0);
	say("100 bytes up to the hole");
	return 0;
}
