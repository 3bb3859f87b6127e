/*
 * splice.c - bytes go from file to pipe to file without the program: positions, limits, end of input, what is refused.
 * mutants: splice=0 splice#1=ENOSYS sendfile=0
 */
#include "contract.h"
#include <poll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#define SIZE 150000

static unsigned char pattern(size_t i)
{
	return (unsigned char)(i * 31 + (i >> 8));
}

/* A file through a pipe into another one; a child feeds the pipe. */
static void whole_file(int in)
{
	int out = must(open("out", O_RDWR | O_CREAT | O_TRUNC, 0600)), fds[2];
	static unsigned char text[SIZE];
	loff_t at = 0;
	pid_t child;
	ssize_t got;

	must(pipe(fds));
	child = fork_child();
	if (!child) {
		close(fds[0]);
		while ((got = must(splice(in, &at, fds[1], NULL, SIZE, 0))) > 0)
			continue;
		expect_eq(at, SIZE);
		_exit(0);
	}
	close(fds[1]);
	while (must(splice(fds[0], NULL, out, NULL, SIZE, SPLICE_F_MOVE)) > 0)
		continue;
	expect_exit(child, 0);
	expect_eq(lseek(in, 0, SEEK_CUR), 0);
	expect_eq(lseek(out, 0, SEEK_CUR), SIZE);
	expect_eq(pread(out, text, SIZE, 0), SIZE);
	for (size_t i = 0; i < SIZE; i++)
		expect_eq(text[i], pattern(i));
	close(fds[0]);
	close(out);
	say("a whole file");
}

static void positions(int in)
{
	int fds[2], out = must(open("out", O_RDWR | O_TRUNC));
	loff_t from = 10, to = 20;
	char text[16];

	must(pipe(fds));
	expect_eq(splice(in, &from, fds[1], NULL, 5, 0), 5);
	expect_eq(from, 15);
	expect_eq(splice(in, NULL, fds[1], NULL, 5, 0), 5);
	expect_eq(lseek(in, 0, SEEK_CUR), 5);
	expect_eq(splice(fds[0], NULL, out, &to, 7, 0), 7);
	expect_eq(to, 27);
	expect_eq(lseek(out, 0, SEEK_END), 27);
	expect_eq(read(fds[0], text, 16), 3);
	expect_eq((unsigned char)text[0], pattern(2));
	must_fail(splice(in, NULL, out, NULL, 5, 0), EINVAL);
	must_fail(splice(in, &from, fds[1], &to, 5, 0), ESPIPE);
	must_fail(splice(fds[0], &from, out, NULL, 5, 0), ESPIPE);
	must_fail(splice(fds[0], NULL, fds[1], NULL, 5, 0), EINVAL);
	must_fail(splice(in, NULL, fds[0], NULL, 5, 0), EBADF);
	must_fail(splice(in, NULL, fds[1], NULL, 5, 64), EINVAL);
	must_fail(splice(-1, NULL, fds[1], NULL, 5, 0), EBADF);
	must_fail(splice(in, (loff_t *)8, fds[1], NULL, 5, 0), EFAULT);
	expect_eq(splice(-1, NULL, -1, NULL, 0, 0), 0);
	from = -1;
	must_fail(splice(in, &from, fds[1], NULL, 5, 0), EINVAL);
	from = SIZE;
	expect_eq(splice(in, &from, fds[1], NULL, 5, 0), 0);
	must_fail(splice(fds[0], NULL, out, NULL, 5, SPLICE_F_NONBLOCK), EAGAIN);
	must(fcntl(out, F_SETFL, O_APPEND));
	must_fail(splice(fds[0], NULL, out, NULL, 5, SPLICE_F_NONBLOCK), EINVAL);
	must(close(fds[1]));
	must(fcntl(out, F_SETFL, 0));
	expect_eq(splice(fds[0], NULL, out, NULL, 5, 0), 0);
	close(fds[0]);
	close(out);
	say("positions and refusals");
}

/* What a socket has is handed on, although it fills whole pages and more would fit. */
static void whole_pages(const int pair[2], const int fds[2])
{
	static char page[PAGE];

	expect_eq(write(pair[1], page, PAGE), PAGE);
	expect_eq(splice(pair[0], NULL, fds[1], NULL, SIZE, 0), PAGE);
	expect_eq(read(fds[0], page, PAGE), PAGE);
}

static void full(int in)
{
	int fds[2], others[2], pair[2], count;
	loff_t from = 0;
	char text[64];

	must(pipe(fds));
	must(pipe(others));
	expect_eq(splice(in, &from, fds[1], NULL, SIZE, 0), 65536);
	must_fail(splice(in, &from, fds[1], NULL, 1, SPLICE_F_NONBLOCK), EAGAIN);
	/* From pipe to pipe: whole pages, and a part of one. */
	expect_eq(splice(fds[0], NULL, others[1], NULL, 6000, 0), 6000);
	expect_eq(read(fds[0], text, 2), 2);
	expect_eq((unsigned char)text[0], pattern(6000));
	count = 0;
	while (splice(fds[0], NULL, others[1], NULL, SIZE, SPLICE_F_NONBLOCK) > 0)
		count++;
	expect_eq(errno, EAGAIN);
	for (size_t i = 0; i < 6000; i++) {
		expect_eq(read(others[0], text, 1), 1);
		expect_eq((unsigned char)text[0], pattern(i));
	}
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	expect_eq(splice(others[0], NULL, pair[0], NULL, 10, 0), 10);
	expect_eq(read(pair[1], text, 64), 10);
	expect_eq((unsigned char)text[0], pattern(6002));
	expect_eq(write(pair[1], "socket", 6), 6);
	must(close(fds[0]));
	must(close(fds[1]));
	must(pipe(fds));
	expect_eq(splice(pair[0], NULL, fds[1], NULL, 100, 0), 6);
	expect_eq(read(fds[0], text, 64), 6);
	whole_pages(pair, fds);
	expect_eq(sendfile(fds[1], in, &from, 100), 100);
	expect_eq(read(fds[0], text, 64), 64);
	must(close(fds[0]));
	signal(SIGPIPE, SIG_IGN);
	must_fail(splice(in, &from, fds[1], NULL, 10, 0), EPIPE);
	must_fail(splice(others[0], NULL, fds[1], NULL, 10, 0), EPIPE);
	say("full pipes, pipes to pipes, sockets, nobody to read");
}

int main(void)
{
	int in = must(open("in", O_RDWR | O_CREAT, 0600));
	static unsigned char text[SIZE];

	for (size_t i = 0; i < SIZE; i++)
		text[i] = pattern(i);
	expect_eq(write(in, text, SIZE), SIZE);
	expect_eq(lseek(in, 0, SEEK_SET), 0);
	whole_file(in);
	positions(in);
	must(lseek(in, 0, SEEK_SET));
	full(in);
	return 0;
}
