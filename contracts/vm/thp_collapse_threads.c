/*
 * thp_collapse_threads.c - threads that write to their pages keep what they write, while another collapses these pages to 2 MiB
 * pages, and splits those, again and again.
 * mutants: madvise(advice:25)=0 madvise(advice:25)=EINVAL mprotect=EINVAL
 */
#define BLOCKS 2
#include "thp_workers.h"

#define MS 150
#define ROUNDS 4

/* Whoever else looks at a page at this moment may make it fail, but not for long. */
static void collapse(void)
{
	unsigned int tries = 0;

	while (madvise(memory, BLOCKS * HUGE, MADV_COLLAPSE)) {
		expect_eq(errno, EAGAIN);
		expect(tries++ < 1000);
		sleep_ms(1);
	}
	expect_eq(thp_kb(memory, BLOCKS * HUGE), BLOCKS * HUGE_KB);
}

static void split(unsigned int round)
{
	for (unsigned int block = 0; block < BLOCKS; block++) {
		unsigned char *at = memory + block * HUGE + (3 + round % 128 * 4) * PAGE;

		pages_check_zero(at, 1);
		pages_fill(at, 1, round);
		must(mprotect(at, PAGE, PROT_READ));
		pages_check(at, 1, round);
		must(mprotect(at, PAGE, PROT_READ | PROT_WRITE));
		must(madvise(at, PAGE, MADV_DONTNEED));
	}
	expect_eq(thp_kb(memory, BLOCKS * HUGE), 0);
}

/* Stacks of threads shall not be mapped right beside, and be one mapping with it. */
static unsigned char *fenced_blocks(void)
{
	unsigned char *at = thp_map_plain(BLOCKS);
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;

	must(mmap(at - PAGE, PAGE, PROT_NONE, flags, -1, 0));
	must(mmap(at + BLOCKS * HUGE, PAGE, PROT_NONE, flags, -1, 0));
	return at;
}

int main(void)
{
	long long end = now_ns() + MS * 1000000LL;

	thp_mount();
	thp_set(THP_ENABLED, "never");
	memory = fenced_blocks();
	memory[0] = memory[HUGE] = 1;
	workers_start();
	for (unsigned int round = 0; round < ROUNDS || now_ns() < end; round++) {
		collapse();
		split(round);
	}
	workers_end();
	return 0;
}
