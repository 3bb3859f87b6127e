/*
 * partial_munmap.c - unmapping parts splits a mapping: head, middle and tail, the rest keeps its data.
 * mutants: munmap=0 munmap#3=0 munmap=EINVAL munmap=length+4096
 */
#include "contract.h"

#define PAGES 16

int main(void)
{
	static const bool kept[PAGES] = { 0, 0, 1, 1, 0, 1, 1, 0, 0, 0, 1, 1, 1, 1, 0, 0 };
	int fd = must(open("file", O_RDWR | O_CREAT, 0644));
	char *memory, *file;

	for (int i = 0; i < PAGES; i++) {
		char page[PAGE];

		memset(page, 'A' + i, PAGE);
		expect_eq(write(fd, page, PAGE), PAGE);
	}
	memory = map_anon(PAGES * PAGE);
	file = must(mmap(NULL, PAGES * PAGE, PROT_READ, MAP_PRIVATE, fd, 0));
	for (int i = 0; i < PAGES; i++)
		memory[i * PAGE] = 'a' + i;
	for (int i = 0; i < PAGES; i++)
		if (!kept[i]) {
			must(munmap(memory + i * PAGE, PAGE));
			must(munmap(file + i * PAGE, PAGE));
		}
	for (int i = 0; i < PAGES; i++) {
		if (kept[i]) {
			expect_eq(memory[i * PAGE], 'a' + i);
			expect_eq(file[i * PAGE + 1], 'A' + i);
			continue;
		}
		expect_fault(memory + i * PAGE, false, SIGSEGV, SEGV_MAPERR);
		expect_fault(file + i * PAGE, false, SIGSEGV, SEGV_MAPERR);
	}
	say("anonymous and file mapping keep the right pages, with the right file offsets");
	return 0;
}
