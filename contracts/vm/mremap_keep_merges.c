/*
 * mremap_keep_merges.c - MREMAP_DONTUNMAP to a place beside the old one: both stay mapped, and only the new one is locked.
 * mutants: mremap=0 mremap=ENOSYS mlock=0 munmap=0
 */
#include "contract.h"

static long locked_kib(void)
{
	char line[128];
	long kib = -1;
	FILE *file = fopen("/proc/self/status", "r");

	expect(file != NULL);
	while (fgets(line, sizeof(line), file))
		sscanf(line, "VmLck: %ld kB", &kib);
	fclose(file);
	return kib;
}

/* `at` pages from the start of an area; the old mapping is its third and fourth page. */
static void move_to(int at, bool locked)
{
	char *area = map_anon(8 * PAGE), *old = area + 2 * PAGE, *new = area + at *PAGE;

	must(munmap(area, 8 * PAGE));
	must(mmap(old, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		  -1, 0));
	memset(old, 'x', 2 * PAGE);
	if (locked)
		must(mlock(old, 2 * PAGE));
	expect(mremap(old, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP,
		      new) == new);
	expect(new[0] == 'x' && new[2 * PAGE - 1] == 'x');
	expect(old[0] == 0 && old[2 * PAGE - 1] == 0);
	say("to page %d: %ld KiB locked", at, locked_kib());
	old[0] = 'y';
	expect_eq(new[0], 'x');
	must(munmap(old, 2 * PAGE));
	must(munmap(new, 2 * PAGE));
	expect_eq(locked_kib(), 0);
}

int main(void)
{
	for (int locked = 0; locked < 2; locked++) {
		move_to(0, locked);
		move_to(4, locked);
		move_to(6, locked);
	}
	return 0;
}
