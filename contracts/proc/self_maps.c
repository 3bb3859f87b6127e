/*
 * self_maps.c - /proc/self/maps shows each mapping with its range, rights, offset and name.
 * mutants: mprotect#2=0 read=0 munmap=0 mmap(flags&MAP_SHARED)=flags^3
 */
#include "whole_text.h"

/* The line of the mapping that starts at the address, or NULL. */
static char *line_of(void *start)
{
	char prefix[20];
	char *at = whole_text("/proc/self/maps");

	snprintf(prefix, sizeof(prefix), "%08lx-", (unsigned long)start);
	for (; at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL)
		if (strncmp(at, prefix, strlen(prefix)) == 0) {
			at[strcspn(at, "\n")] = 0;
			return at;
		}
	return NULL;
}

int main(void)
{
	char want[64], rights[5], name[200] = "";
	unsigned long start, end, offset;
	char *memory, *file, *line;
	int fd = file_with("mapped", "x");

	must(ftruncate(fd, 4 * PAGE));
	memory = must(mmap(NULL, 5 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	must(mprotect(memory + PAGE, 2 * PAGE, PROT_READ));
	line = line_of(memory + PAGE);
	expect(line != NULL);
	snprintf(want, sizeof(want), "%lx-%lx r--p 00000000 00:00 0", (long)memory + PAGE,
		 (long)memory + 3 * PAGE);
	expect(strncmp(line, want, strlen(want)) == 0);

	file = must(mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, PAGE));
	line = line_of(file);
	expect(line != NULL);
	expect(sscanf(line, "%lx-%lx %4s %lx %*s %*s %199s", &start, &end, rights, &offset, name) ==
	       5);
	expect(end - start == 2 * PAGE && strcmp(rights, "rw-s") == 0 && offset == PAGE);
	expect(strlen(name) > 7 && strcmp(name + strlen(name) - 7, "/mapped") == 0);
	expect(strstr(whole_text("/proc/self/maps"), "[stack]\n") != NULL);

	must(munmap(memory, 5 * PAGE));
	expect(line_of(memory + PAGE) == NULL);
	say("ranges, rights, offset, name, [stack], and gone after munmap");
	return 0;
}
