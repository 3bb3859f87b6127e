/*
 * vmstat.c - /proc/vmstat is lines of a name and a number, and counts page faults.
 * mutants: read=0 read=fill(buffer,4) openat=ENOENT
 */
#include "contract.h"

#define PAGES 64

/* The number behind `name`; all lines are looked at. */
static unsigned long long count(const char *name)
{
	unsigned long long number, found = 0;
	bool there = false;
	char line[200], word[100], rest;
	FILE *file = fopen("/proc/vmstat", "r");

	expect(file != NULL);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%99s %llu%c", word, &number, &rest) != 3 || rest != '\n')
			broken("not a name and a number: %s", line);
		if (!strcmp(word, name)) {
			expect(!there);
			there = true;
			found = number;
		}
	}
	fclose(file);
	if (!there)
		broken("no %s in /proc/vmstat", name);
	return found;
}

int main(void)
{
	unsigned long long before = count("pgfault"), major = count("pgmajfault"), after;
	char *memory = map_anon(PAGES * PAGE);

	expect(count("nr_free_pages") > 0);
	for (size_t i = 0; i < PAGES; i++)
		memory[i * PAGE] = 1;
	after = count("pgfault");
	expect(after > before && after < before + 1000000);
	expect(count("pgmajfault") >= major);
	must(munmap(memory, PAGES * PAGE));
	say("page faults are counted");
	return 0;
}
