/*
 * copy_range.c - copy_file_range and sendfile copy between files, by offsets given or the files' own, up to the end.
 * mutants: copy_file_range=0 copy_file_range=8 copy_file_range=ENOSYS sendfile=0 sendfile=8 sendfile=EINVAL
 * mutants: copy_file_range(in_offset:0)=result+1 copy_file_range=fill(out_offset,8) sendfile=fill(offset,8)
 */
#include "contract.h"
#include <sys/sendfile.h>

static void show(const char *name)
{
	char text[100];
	int fd = must(open(name, O_RDONLY));
	ssize_t size = must(read(fd, text, sizeof(text)));

	for (ssize_t i = 0; i < size; i++)
		text[i] = text[i] ? text[i] : '.';
	must(close(fd));
	say("%s: %.*s", name, (int)size, text);
}

static long position(int fd)
{
	return lseek(fd, 0, SEEK_CUR);
}

static void offsets(int in, int out)
{
	off_t from = 2, to = 5;

	expect_eq(copy_file_range(in, &from, out, &to, 4, 0), 4);
	expect(from == 6 && to == 9 && position(in) == 10 && position(out) == 0);
	show("out");
	expect_eq(copy_file_range(in, &from, out, NULL, 100, 0), 4);
	expect(from == 10 && position(out) == 4);
	show("out");
	expect_eq(copy_file_range(in, &from, out, NULL, 100, 0), 0);
	must(lseek(in, 8, SEEK_SET));
	to = 20;
	expect_eq(copy_file_range(in, NULL, out, &to, 100, 0), 2);
	expect(position(in) == 10 && to == 22 && position(out) == 4);
	show("out");
	from = 50;
	expect_eq(copy_file_range(in, &from, out, NULL, 1, 0), 0);
	must(lseek(in, 0, SEEK_SET));
	expect_eq(copy_file_range(in, NULL, out, NULL, 0, 0), 0);
	expect_eq(copy_file_range(in, NULL, out, NULL, 3, 0), 3);
	expect(position(in) == 3 && position(out) == 7);
}

/* What lies behind the end counts for nothing when ranges of one file are compared. */
static void one_file(int in)
{
	off_t from = 0, to = 4;

	must_fail(copy_file_range(in, &from, in, &to, 5, 0), EINVAL);
	must_fail(copy_file_range(in, &to, in, &from, 5, 0), EINVAL);
	must_fail(copy_file_range(in, NULL, in, NULL, 3, 0), EINVAL);
	expect_eq(copy_file_range(in, &from, in, &to, 4, 0), 4);
	show("in");
	from = 6;
	to = 10;
	expect_eq(copy_file_range(in, &from, in, &to, 1000, 0), 4);
	show("in");
	from = 0;
	to = 20;
	expect_eq(copy_file_range(in, &from, in, &to, 1UL << 40, 0), 14);
	show("in");
}

static int copies(int in, off_t from, int out, off_t to, size_t size, unsigned flags)
{
	return copy_file_range(in, &from, out, &to, size, flags);
}

static void refused(int in, int out)
{
	int folder = must(open(".", O_RDONLY)), appends = must(open("out", O_WRONLY | O_APPEND)),
	    reads = must(open("out", O_RDONLY)), zero = must(open("/dev/zero", O_RDWR)),
	    other = must(memfd_create("other", 0)), p[2];

	must(pipe(p));
	must_fail(copies(in, 0, out, 0, 1, 1), EINVAL);
	must_fail(copies(99, 0, out, 0, 1, 1), EBADF);
	must_fail(copies(folder, 0, out, 0, 1, 1), EINVAL);
	must_fail(copies(in, 0, reads, 0, 1, 0), EBADF);
	must_fail(copies(appends, 0, out, 0, 1, 0), EBADF);
	must_fail(copies(in, 0, appends, 0, 1, 0), EBADF);
	must_fail(copies(folder, 0, out, 0, 1, 0), EISDIR);
	must_fail(copies(in, 0, folder, 0, 1, 0), EISDIR);
	must_fail(copies(zero, 0, out, 0, 1, 0), EINVAL);
	must_fail(copies(p[0], 0, out, 0, 1, 0), EINVAL);
	must_fail(copies(in, 0, zero, 0, 1, 0), EINVAL);
	must_fail(copies(in, -1, out, 0, 1, 0), EOVERFLOW);
	must_fail(copies(in, 0, out, -1, 1, 0), EOVERFLOW);
	must_fail(copies(in, -2, out, 0, 1, 0), EINVAL);
	must_fail(copies(in, 0, out, -2, 1, 0), EINVAL);
	expect_eq(copies(in, INT64_MAX, out, 0, 2, 0), 0);
	must_fail(copies(in, 0, out, INT64_MAX, 2, 0), EFBIG);
	must_fail(copies(in, 0, out, INT64_MAX, 1, 0), EFBIG);
	must_fail(copies(in, 0, other, 0, 1, 0), EXDEV);
	must_fail(copy_file_range(in, (void *)1, out, NULL, 1, 0), EFAULT);
	must_fail(copy_file_range(in, NULL, out, (void *)1, 1, 0), EFAULT);
	must_fail(sendfile(out, 99, NULL, 1), EBADF);
	must_fail(sendfile(reads, in, NULL, 1), EBADF);
	must_fail(sendfile(out, appends, NULL, 1), EBADF);
	must_fail(sendfile(appends, in, NULL, 1), EINVAL);
	must_fail(sendfile(out, folder, NULL, 1), EINVAL);
	must_fail(sendfile(out, p[0], NULL, 1), EINVAL);
	must_fail(sendfile(out, p[0], &(off_t){ 0 }, 1), ESPIPE);
	must_fail(sendfile(out, in, &(off_t){ -1 }, 1), EINVAL);
	must_fail(sendfile(out, in, (void *)1, 1), EFAULT);
	say("refusals");
}

static void send_files(void)
{
	int in = file_with("from", "0123456789"), out = file_with("to", "......"), p[2];
	char text[10] = "";
	off_t from = 4;

	expect_eq(sendfile(out, in, &from, 3), 3);
	expect(from == 7 && position(in) == 10);
	expect_eq(sendfile(out, in, NULL, 3), 0);
	must(lseek(in, 1, SEEK_SET));
	expect_eq(sendfile(out, in, NULL, 100), 9);
	expect_eq(position(in), 10);
	show("to");
	must(pipe(p));
	from = 8;
	expect_eq(sendfile(p[1], in, &from, 100), 2);
	expect_eq(read(p[0], text, sizeof(text)), 2);
	say("through a pipe: %s, %d at the end", text, (int)sendfile(p[1], in, &from, 0));
}

int main(void)
{
	int in = file_with("in", "abcdefghij"), out = must(open("out", O_RDWR | O_CREAT, 0600));

	offsets(in, out);
	one_file(in);
	refused(in, out);
	send_files();
	return 0;
}
