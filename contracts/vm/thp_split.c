/*
 * thp_split.c - what is done to a part of a 2 MiB page leaves the rest of it as it was, in small pages; what is done to all of it
 * leaves it whole.
 * mutants: munmap#3+=0 mprotect#2=0 madvise(advice:MADV_DONTNEED)=0 madvise(advice:14)=0
 */
#include "thp.h"

/* 3 blocks, full, and whole. */
static unsigned char *blocks(void)
{
	unsigned char *at = thp_map(3);

	pages_fill(at, 3 * 512, 100);
	expect_eq(thp_kb(at, 3 * HUGE), 3 * HUGE_KB);
	return at;
}

static void unmap_parts(void)
{
	static const struct {
		unsigned int first, count, left; /* pages; blocks that stay whole */
	} parts[] = {
		{ 0, 1, 2 },	       { 511, 1, 2 },	 { 700, 3, 2 },		{ 512, 512, 2 },
		{ 3 * 512 - 1, 1, 2 }, { 100, 1000, 0 }, { 1, 3 * 512 - 2, 0 },
	};

	for (unsigned int i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		unsigned char *at = blocks();
		unsigned int end = parts[i].first + parts[i].count;

		must(munmap(at + parts[i].first * PAGE, parts[i].count * PAGE));
		expect_eq(thp_kb(at, 3 * HUGE), parts[i].left * HUGE_KB);
		pages_check(at, parts[i].first, 100);
		pages_check(at + end * PAGE, 3 * 512 - end, 100 + end);
		expect_fault(at + parts[i].first * PAGE, false, SIGSEGV, SEGV_MAPERR);
		expect_fault(at + end * PAGE - 1, true, SIGSEGV, SEGV_MAPERR);
		/* What stays can be written still. */
		pages_fill(at, parts[i].first, 5000);
		pages_check(at, parts[i].first, 5000);
		must(munmap(at, 3 * HUGE));
	}
}

static void protect(void)
{
	unsigned char *at = blocks();

	must(mprotect(at + 10 * PAGE, 20 * PAGE, PROT_READ));
	expect_eq(thp_kb(at, 3 * HUGE), 2 * HUGE_KB);
	expect_fault(at + 10 * PAGE, true, SIGSEGV, SEGV_ACCERR);
	expect_fault(at + 29 * PAGE, true, SIGSEGV, SEGV_ACCERR);
	expect_writable(at + 9 * PAGE + 8);
	expect_writable(at + 30 * PAGE + 8);
	pages_check(at, 3 * 512, 100);
	/* All of the second block, and back. */
	must(mprotect(at + HUGE, HUGE, PROT_READ));
	expect_fault(at + HUGE + 77, true, SIGSEGV, SEGV_ACCERR);
	pages_check(at, 3 * 512, 100);
	must(mprotect(at + HUGE, HUGE, PROT_NONE));
	expect_fault(at + HUGE + 77, false, SIGSEGV, SEGV_ACCERR);
	must(mprotect(at + HUGE, HUGE, PROT_READ | PROT_WRITE));
	pages_check(at, 3 * 512, 100);
	pages_fill(at + HUGE, 512, 3);
	pages_check(at + HUGE, 512, 3);
	pages_check(at, 512, 100);
	expect_eq(thp_kb(at, 3 * HUGE), 2 * HUGE_KB);
	must(munmap(at, 3 * HUGE));
}

static void discard(void)
{
	unsigned char *at = blocks();

	must(madvise(at, HUGE / 2, MADV_DONTNEED));
	expect_eq(thp_kb(at, 3 * HUGE), 2 * HUGE_KB);
	pages_check_zero(at, 256);
	pages_check(at + HUGE / 2, 256 + 1024, 100 + 256);
	must(madvise(at + HUGE, HUGE, MADV_DONTNEED));
	expect_eq(thp_kb(at, 3 * HUGE), HUGE_KB);
	at[HUGE + 5] = 1;
	expect_eq(thp_kb(at, 3 * HUGE), 2 * HUGE_KB);
	at[HUGE + 5] = 0;
	pages_check_zero(at + HUGE, 512);
	pages_check(at + 2 * HUGE, 512, 100 + 1024);
	must(munmap(at, 3 * HUGE));
}

int main(void)
{
	thp_on();
	unmap_parts();
	say("munmap of a part: the rest is there, in small pages");
	protect();
	say("mprotect of a part splits, of the whole does not");
	discard();
	say("MADV_DONTNEED of a half empties that half, of the whole makes room for 2 MiB again");
	return 0;
}
