/*
 * reopen.c - a pipe can be opened again through /proc/self/fd, each end as what the flags ask for.
 * mutants: openat=ENXIO openat#2=0 read=0
 */
#include "contract.h"

int main(void)
{
	char path[40], text[8];
	int pipe_fds[2], reader, writer;
	struct stat a, b;

	must(pipe(pipe_fds));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", pipe_fds[0]);
	must(stat(path, &a));
	must(fstat(pipe_fds[1], &b));
	expect(S_ISFIFO(a.st_mode) && a.st_ino == b.st_ino && a.st_dev == b.st_dev);
	writer = must(open(path, O_WRONLY));
	reader = must(open(path, O_RDONLY));
	must(close(pipe_fds[1]));
	expect_eq(write(writer, "abc", 3), 3);
	expect_eq(read(reader, text, 2), 2);
	expect_eq(read(pipe_fds[0], text, 8), 1);
	must(close(writer));
	expect_eq(read(reader, text, 8), 0);
	must(close(pipe_fds[0]));
	must(close(reader));
	must_fail(open(path, O_RDONLY), ENOENT);

	/* Neither end waits for the other, as those of a named pipe do. */
	must(pipe(pipe_fds));
	must(close(pipe_fds[1]));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", pipe_fds[0]);
	alarm(10);
	reader = must(open(path, O_RDONLY));
	expect_eq(read(reader, text, 8), 0);
	must(pipe(pipe_fds));
	must(close(pipe_fds[0]));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", pipe_fds[1]);
	signal(SIGPIPE, SIG_IGN);
	writer = must(open(path, O_WRONLY | O_NONBLOCK));
	must_fail(write(writer, "x", 1), EPIPE);
	writer = must(open(path, O_WRONLY));
	must_fail(write(writer, "x", 1), EPIPE);
	say("the same pipe, by name");
	return 0;
}
