/*
 * smaps_resident.c - /proc/self/smaps says how much of a mapping is resident, also where it permits nothing any more.
 * mutants: openat=ENOENT clone=ENOSYS madvise=0 mmap=ENOMEM
 */
#include "contract.h"
#include "smaps.h"

#define PAGES 16

static void tell(const char *when, const void *at)
{
	static const char *const names[] = { "Size",	     "Rss",	      "Pss",
					     "Shared_Dirty", "Private_Dirty", "Anonymous" };

	say("%s:", when);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		say("  %s %ld", names[i], smaps_kb(at, PAGE, names[i]));
}

int main(void)
{
	/* Nothing beside it that it could become one with. */
	unsigned char *all = must(mmap(NULL, (PAGES + 2) * PAGE, PROT_NONE,
				       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)),
		      *at = all + PAGE;
	int ends[2];
	pid_t child;
	char byte;

	must(munmap(all, (PAGES + 2) * PAGE));
	must(mmap(at, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		  -1, 0));
	for (int i = 0; i < 8; i += 2)
		at[i * PAGE] = 1;
	for (int i = 8; i < 12; i++)
		expect_eq(*(volatile unsigned char *)(at + i * PAGE), 0);
	tell("four pages written, four read", at);
	must(pipe(ends));
	child = fork_child();
	if (!child) {
		close(ends[1]);
		_exit(read(ends[0], &byte, 1) == 0 ? 0 : 1);
	}
	tell("with a child", at);
	close(ends[1]);
	expect_exit(child, 0);
	must(mprotect(at, PAGES * PAGE, PROT_NONE));
	tell("nothing permitted", at);
	must(madvise(at, 2 * PAGE, MADV_DONTNEED));
	tell("one of them dropped", at);
	return 0;
}
