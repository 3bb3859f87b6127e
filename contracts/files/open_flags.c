/*
 * open_flags.c - O_CREAT, O_EXCL, O_TRUNC, O_APPEND and the access mode do what they say.
 * mutants: openat(flags&O_EXCL)=flags^O_EXCL openat(flags&O_TRUNC)=flags^O_TRUNC
 * mutants: openat(flags&O_APPEND)=flags^O_APPEND lseek=0 pread64=0
 */
#include "contract.h"

int main(void)
{
	struct stat st;
	char text[16];
	int fd;

	must_fail(open("f", O_RDWR), ENOENT);
	fd = must(open("f", O_WRONLY | O_CREAT | O_EXCL, 0640));
	must(fstat(fd, &st));
	expect_eq(st.st_mode, S_IFREG | 0640);
	expect_eq(st.st_size, 0);
	expect_eq(write(fd, "12345", 5), 5);
	must_fail(read(fd, text, 1), EBADF);
	must(close(fd));
	must_fail(open("f", O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);

	fd = must(open("f", O_RDONLY));
	must_fail(write(fd, "x", 1), EBADF);
	expect_eq(read(fd, text, sizeof(text)), 5);
	expect_eq(read(fd, text, sizeof(text)), 0);
	expect_eq(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	must(close(fd));

	fd = must(open("f", O_RDWR | O_APPEND));
	must(lseek(fd, 0, SEEK_SET));
	expect_eq(write(fd, "67", 2), 2);
	expect_eq(lseek(fd, 0, SEEK_CUR), 7);
	expect_eq(pread(fd, text, 16, 0), 7);
	expect(memcmp(text, "1234567", 7) == 0);
	must(close(fd));

	fd = must(open("f", O_RDWR | O_TRUNC));
	must(fstat(fd, &st));
	expect_eq(st.st_size, 0);
	expect_eq(st.st_mode, S_IFREG | 0640);
	say("created once, appended at the end, emptied");
	return 0;
}
