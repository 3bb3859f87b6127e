/*
 * devices.c - /dev/null swallows, /dev/zero gives zeros, /dev/full is full, the random ones vary.
 * mutants: write=ENOSYS read#2=0 openat#3=ENOENT
 */
#include "contract.h"

int main(void)
{
	char text[100], other[100];
	int fd = must(open("/dev/null", O_RDWR));

	expect_eq(write(fd, text, 100), 100);
	expect_eq(read(fd, text, 100), 0);
	fd = must(open("/dev/zero", O_RDWR));
	memset(text, 'x', 100);
	expect_eq(read(fd, text, 100), 100);
	for (int i = 0; i < 100; i++)
		expect_eq(text[i], 0);
	expect_eq(write(fd, text, 100), 100);
	fd = must(open("/dev/full", O_RDWR));
	must_fail(write(fd, text, 1), ENOSPC);
	expect_eq(read(fd, other, 100), 100);
	expect(memcmp(text, other, 100) == 0);
	fd = must(open("/dev/urandom", O_RDONLY));
	expect_eq(read(fd, text, 100), 100);
	expect_eq(read(fd, other, 100), 100);
	expect(memcmp(text, other, 100) != 0);
	say("null, zero, full, urandom");
	return 0;
}
