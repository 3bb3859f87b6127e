/*
 * file_shared.c - a shared file mapping and read/write see the same bytes at once, in all processes.
 * mutants: mmap(flags&MAP_SHARED)=flags^3 pwrite64=0 pread64=0 mmap=ENODEV
 */
#include "contract.h"

int main(void)
{
	int fd = file_with("file", "0123456789");
	char *memory = must(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	char back[10];
	pid_t child;

	memory[0] = 'a';
	expect_eq(pread(fd, back, 10, 0), 10);
	expect(memcmp(back, "a123456789", 10) == 0);
	expect_eq(pwrite(fd, "b", 1, 1), 1);
	expect_eq(memory[1], 'b');

	child = fork_child();
	if (!child) {
		int again = must(open("file", O_RDWR));
		char *other = must(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, again, 0));

		expect_eq(other[1], 'b');
		other[2] = 'c';
		_exit(0);
	}
	expect_exit(child, 0);
	expect(memcmp(memory, "abc3456789", 10) == 0);
	must(munmap(memory, PAGE));
	expect_eq(pread(fd, back, 10, 0), 10);
	expect(memcmp(back, "abc3456789", 10) == 0);
	say("mapping and file agree, across processes and after munmap");
	return 0;
}
