/*
 * file_private.c - a private file mapping shows the file, zero after its end, and keeps writes to itself.
 * mutants: mmap(flags&MAP_PRIVATE,fd:3)=flags^3 mmap(fd:3)=fill(result,1) pread64=0 mmap=ENODEV
 */
#include "contract.h"

int main(void)
{
	char text[2 * PAGE], back[16];
	char *memory;
	int fd;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = 'A' + i % 23;
	fd = must(open("file", O_RDWR | O_CREAT, 0644));
	expect_eq(write(fd, text, PAGE + 100), PAGE + 100);

	memory = must(mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
	expect(memcmp(memory, text, PAGE + 100) == 0);
	for (size_t i = PAGE + 100; i < 2 * PAGE; i++)
		expect_eq(memory[i], 0);
	memset(memory, '#', 16);
	expect_eq(pread(fd, back, 16, 0), 16);
	expect(memcmp(back, text, 16) == 0);
	must(munmap(memory, 2 * PAGE));

	memory = must(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, PAGE));
	expect(memcmp(memory, text + PAGE, 100) == 0);
	must(close(fd));
	expect_eq(memory[99], text[PAGE + 99]);
	must_fail(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0), EBADF);
	say("content at both offsets, zero tail, private writes, survives close");
	return 0;
}
