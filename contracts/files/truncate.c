/*
 * truncate.c - truncate cuts for good and grows with zeros, through every way to name the file.
 * mutants: ftruncate=0 truncate=0 pread64=fill(buffer,1) newfstatat=0
 */
#include "contract.h"

int main(void)
{
	int fd = must(open("f", O_RDWR | O_CREAT, 0600));
	char text[3 * PAGE], back[3 * PAGE];
	struct stat st;

	memset(text, 't', sizeof(text));
	expect_eq(write(fd, text, sizeof(text)), (ssize_t)sizeof(text));
	must(ftruncate(fd, PAGE + 10));
	must(fstat(fd, &st));
	expect_eq(st.st_size, PAGE + 10);
	expect_eq(lseek(fd, 0, SEEK_CUR), 3 * PAGE);
	must(truncate("f", 2 * PAGE));
	expect_eq(pread(fd, back, sizeof(back), 0), 2 * PAGE);
	for (size_t i = 0; i < 2 * PAGE; i++)
		expect_eq(back[i], i < PAGE + 10 ? 't' : 0);
	must(ftruncate(fd, 0));
	expect_eq(pread(fd, back, 1, 0), 0);
	expect_eq(write(fd, "x", 1), 1);
	must(fstat(fd, &st));
	expect_eq(st.st_size, 3 * PAGE + 1);

	must_fail(ftruncate(fd, -1), EINVAL);
	must_fail(truncate("missing", 0), ENOENT);
	must_fail(truncate(".", 0), EISDIR);
	must_fail(ftruncate(must(open("f", O_RDONLY)), 0), EINVAL);
	say("cut inside a page, grown with zeros, offset kept");
	return 0;
}
