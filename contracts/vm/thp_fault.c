/*
 * thp_fault.c - the first write to 2 MiB of private memory with MADV_HUGEPAGE is one fault for all of it, and all of it is zero;
 * with MADV_NOHUGEPAGE, in shared memory and at the ends that are not aligned there are small pages.
 * mutants: madvise(advice:14)=0 madvise(advice:15)=0 munmap#2+=0 prctl=0
 */
#include "thp.h"

#include <sys/prctl.h>

#define BLOCKS 4

static void walk_blocks(unsigned char *at)
{
	for (unsigned int i = 0; i < BLOCKS; i++) {
		long before = minor_faults();

		at[i * HUGE + 1234567] = 0;
		expect_eq(minor_faults() - before, 1);
		pages_check_zero(at + i * HUGE, 512);
		pages_fill(at + i * HUGE, 512, i * 512);
		expect_eq(minor_faults() - before, 1);
		expect_eq(thp_kb(at, BLOCKS * HUGE), (i + 1) * HUGE_KB);
	}
	pages_check(at, BLOCKS * 512, 0);
	must(munmap(at, BLOCKS * HUGE));
}

/* The mapping begins and ends in the middle of 2 MiB. */
static void ends_are_small(void)
{
	unsigned char *at = thp_map(BLOCKS);
	size_t size = (BLOCKS - 1) * HUGE;

	must(munmap(at, HUGE / 2));
	must(munmap(at + HUGE / 2 + size, HUGE / 2));
	pages_fill(at + HUGE / 2, size / PAGE, 7);
	expect_eq(thp_kb(at, BLOCKS * HUGE), (BLOCKS - 2) * HUGE_KB);
	pages_check(at + HUGE / 2, size / PAGE, 7);
	must(munmap(at + HUGE / 2, size));
}

static void no_means_no(void)
{
	unsigned char *at = thp_map(BLOCKS);

	must(madvise(at + HUGE, HUGE, MADV_NOHUGEPAGE));
	pages_fill(at, BLOCKS * 512, 9);
	expect_eq(thp_kb(at, BLOCKS * HUGE), (BLOCKS - 1) * HUGE_KB);
	expect_eq(thp_kb(at + HUGE, HUGE), 0);
	pages_check(at, BLOCKS * 512, 9);
	must(munmap(at, BLOCKS * HUGE));
}

/* Also for a child, and for what it has mapped before. */
static void switched_off(void)
{
	unsigned char *at = thp_map(2);
	pid_t pid;

	expect_eq(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0), 0);
	must_fail(prctl(PR_SET_THP_DISABLE, 1, 1, 0, 0), EINVAL);
	must_fail(prctl(PR_GET_THP_DISABLE, 1, 0, 0, 0), EINVAL);
	must(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
	expect_eq(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0), 1);
	at[0] = 1;
	pid = fork_child();
	if (!pid) {
		at[HUGE] = 1;
		expect_eq(thp_kb(at, 2 * HUGE), 0);
		_exit(0);
	}
	expect_exit(pid, 0);
	must(prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0));
	at[HUGE] = 1;
	expect_eq(thp_kb(at, 2 * HUGE), HUGE_KB);
	must(munmap(at, 2 * HUGE));
}

static void one_small_page_is_enough(void)
{
	unsigned char *at = thp_map(1);

	must(madvise(at, HUGE, MADV_NOHUGEPAGE));
	at[5 * PAGE] = 1;
	must(madvise(at, HUGE, MADV_HUGEPAGE));
	at[6 * PAGE] = 2;
	expect_eq(thp_kb(at, HUGE), 0);
	expect_eq(at[5 * PAGE], 1);
	expect_eq(at[7 * PAGE], 0);
	must(munmap(at, HUGE));
}

int main(void)
{
	thp_on();
	walk_blocks(thp_map(BLOCKS));
	say("one fault fills 2 MiB with zeros");
	/* The same memory again: what was in it is gone. */
	walk_blocks(thp_map(BLOCKS));
	say("and again, after it was unmapped");
	ends_are_small();
	no_means_no();
	one_small_page_is_enough();
	switched_off();
	say("small pages where 2 MiB do not fit or are not wanted");
	return 0;
}
