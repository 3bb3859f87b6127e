/*
 * big_file.c - a file keeps every byte through odd-sized writes and reads, and frees its memory when removed.
 * mutants: lseek=0 read#5=result+-1 read#9=fill(buffer,1) write#50=result+1 unlink=0 fsync=EINVAL
 */
#include "contract.h"
#include <sys/vfs.h>

#define SIZE (8 << 20)

static unsigned char byte_at(long at)
{
	return at * 2654435761u >> 13;
}

int main(void)
{
	static unsigned char buffer[70001];
	int fd = must(open("f", O_RDWR | O_CREAT, 0600));
	long at, size;

	for (at = 0; at < SIZE; at += size) {
		size = 1 + at % 65537;
		if (size > SIZE - at)
			size = SIZE - at;
		for (long i = 0; i < size; i++)
			buffer[i] = byte_at(at + i);
		expect_eq(write(fd, buffer, size), size);
	}
	must(lseek(fd, 0, SEEK_SET));
	for (at = 0; at < SIZE; at += size) {
		size = must(read(fd, buffer, 70001));
		expect(size > 0);
		for (long i = 0; i < size; i++)
			expect_eq(buffer[i], byte_at(at + i));
	}
	expect_eq(read(fd, buffer, 1), 0);
	must(fsync(fd));
	must(close(fd));
	must(unlink("f"));
	must_fail(access("f", F_OK), ENOENT);
	say("8 MiB in odd pieces");
	return 0;
}
