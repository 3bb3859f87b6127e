/*
 * dontneed_zeroes.c - MADV_DONTNEED drops private pages: anonymous ones read as zero, a file's as the file.
 * mutants: madvise=0 madvise=ENOSYS madvise=EINVAL
 */
#include "contract.h"

int main(void)
{
	char *memory = map_anon(3 * PAGE);
	int fd = file_with("file", "original");
	char *file = must(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));

	memset(memory, 'd', 3 * PAGE);
	must(madvise(memory + PAGE, PAGE, MADV_DONTNEED));
	expect_eq(memory[PAGE - 1], 'd');
	expect_eq(memory[PAGE], 0);
	expect_eq(memory[2 * PAGE], 'd');

	memcpy(file, "changed!", 8);
	must(madvise(file, PAGE, MADV_DONTNEED));
	expect(memcmp(file, "original", 8) == 0);
	must_fail(madvise(memory + 1, PAGE, MADV_DONTNEED), EINVAL);
	say("dropped pages start over, their neighbours stay");
	return 0;
}
