/*
 * seek_read_write.c - each descriptor has its offset; pread and pwrite leave it alone; lseek's corners.
 * mutants: lseek=0 lseek=ENOSYS pread64=0 pwrite64=0 read=result+-1
 */
#include "contract.h"

int main(void)
{
	int fd = file_with("f", "0123456789");
	int other = must(open("f", O_RDONLY));
	int pipe_fds[2];
	char text[16];

	expect_eq(lseek(fd, 0, SEEK_CUR), 10);
	expect_eq(read(other, text, 4), 4);
	expect_eq(lseek(other, -1, SEEK_CUR), 3);
	expect_eq(lseek(other, -2, SEEK_END), 8);
	expect_eq(read(other, text, 16), 2);
	expect(memcmp(text, "89", 2) == 0);
	expect_eq(pwrite(fd, "ab", 2, 4), 2);
	expect_eq(lseek(fd, 0, SEEK_CUR), 10);
	expect_eq(pread(other, text, 3, 3), 3);
	expect(memcmp(text, "3ab", 3) == 0);
	expect_eq(lseek(other, 0, SEEK_CUR), 10);
	must_fail(lseek(fd, -1, SEEK_SET), EINVAL);
	must_fail(lseek(fd, 0, 99), EINVAL);
	must_fail(pread(fd, text, 1, -1), EINVAL);
	expect_eq(pread(fd, text, 1, 1000), 0);
	must(pipe(pipe_fds));
	must_fail(lseek(pipe_fds[0], 0, SEEK_CUR), ESPIPE);
	must_fail(pread(pipe_fds[0], text, 1, 0), ESPIPE);
	say("two offsets on one file, positioned transfers beside them");
	return 0;
}
