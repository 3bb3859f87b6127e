/*
 * fifo.c - a named pipe joins processes that open it: opening waits for the other side.
 * mutants: mknodat=0 mknodat=ENOSYS read#2=EAGAIN unlink=0
 */
#include "contract.h"

int main(void)
{
	char text[8];
	pid_t child;
	int fd;

	must(mkfifo("fifo", 0600));
	must_fail(mkfifo("fifo", 0600), EEXIST);
	must_fail(open("fifo", O_WRONLY | O_NONBLOCK), ENXIO);
	child = fork_child();
	if (!child) {
		sleep_ms(40);
		fd = must(open("fifo", O_WRONLY));
		expect_eq(write(fd, "hello", 5), 5);
		_exit(0);
	}
	fd = must(open("fifo", O_RDONLY));
	expect_eq(read(fd, text, 8), 5);
	expect(memcmp(text, "hello", 5) == 0);
	expect_exit(child, 0);
	expect_eq(read(fd, text, 8), 0);
	must(close(fd));
	must(unlink("fifo"));
	must_fail(access("fifo", F_OK), ENOENT);
	say("reader waited for the writer");
	return 0;
}
