/*
 * unlink_open.c - an unlinked file lives while it is open, and its name is free at once.
 * mutants: unlink=0 unlink=EBUSY newfstatat=0 pread64=fill(buffer,1)
 */
#include "contract.h"

int main(void)
{
	int fd = file_with("f", "still here");
	struct stat st;
	char text[16];

	must(unlink("f"));
	must_fail(open("f", O_RDONLY), ENOENT);
	must_fail(unlink("f"), ENOENT);
	must(fstat(fd, &st));
	expect_eq(st.st_nlink, 0);
	expect_eq(pread(fd, text, 16, 0), 10);
	expect(memcmp(text, "still here", 10) == 0);
	expect_eq(pwrite(fd, "X", 1, 0), 1);
	close(file_with("f", "another"));
	expect_eq(pread(fd, text, 1, 0), 1);
	expect_eq(text[0], 'X');
	must(mkdir("d", 0755));
	must_fail(unlink("d"), EISDIR);
	must_fail(rmdir("f"), ENOTDIR);
	say("read and written after its name was gone and taken");
	return 0;
}
