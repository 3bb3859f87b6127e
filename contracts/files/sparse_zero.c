/*
 * sparse_zero.c - what was never written reads as zero, and a hole takes no blocks.
 * mutants: pread64=fill(buffer,1) pwrite64=0 newfstatat=fill(stat,144)
 */
#include "contract.h"

#define FAR (64L << 20)

int main(void)
{
	int fd = must(open("f", O_RDWR | O_CREAT, 0600));
	char text[PAGE];
	struct stat st;

	expect_eq(pwrite(fd, "end", 3, FAR), 3);
	must(fstat(fd, &st));
	expect_eq(st.st_size, FAR + 3);
	expect(st.st_blocks * 512 < 1 << 20);
	for (long at = 0; at < FAR; at += FAR / 16) {
		memset(text, 'x', sizeof(text));
		expect_eq(pread(fd, text, sizeof(text), at + 5), (ssize_t)sizeof(text));
		for (size_t i = 0; i < sizeof(text); i++)
			expect_eq(text[i], 0);
	}
	expect_eq(pread(fd, text, sizeof(text), FAR - 1), 4);
	expect(memcmp(text, "\0end", 4) == 0);
	say("64 MiB of hole before three bytes");
	return 0;
}
