/*
 * thp_mremap.c - a 2 MiB page that moves by whole 2 MiB stays one, and moves with its content by any other distance.
 * mutants: mremap=0 madvise(advice:14)=0 mremap#2=EFAULT
 */
#include "thp.h"

static unsigned char *place; /* 8 free blocks */

static unsigned char *blocks(void)
{
	unsigned char *at = thp_map(2);

	pages_fill(at, 1024, 40);
	expect_eq(thp_kb(at, 2 * HUGE), 2 * HUGE_KB);
	return at;
}

static void move(unsigned char *from, size_t length, unsigned char *to)
{
	expect(must(mremap(from, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, to)) == to);
	expect_fault(from, false, SIGSEGV, SEGV_MAPERR);
	expect_fault(from + length - 1, false, SIGSEGV, SEGV_MAPERR);
}

int main(void)
{
	unsigned char *at;

	thp_on();
	place = thp_map(8);
	at = blocks();
	move(at, 2 * HUGE, place + 2 * HUGE);
	expect_eq(thp_kb(place, 8 * HUGE), 2 * HUGE_KB);
	pages_check(place + 2 * HUGE, 1024, 40);
	pages_fill(place + 2 * HUGE, 1024, 41);
	pages_check(place + 2 * HUGE, 1024, 41);
	say("by 2 MiB: whole");

	at = blocks();
	move(at, 2 * HUGE, place + 2 * HUGE + 5 * PAGE);
	pages_check(place + 2 * HUGE + 5 * PAGE, 1024, 40);
	pages_fill(place + 2 * HUGE + 5 * PAGE, 1024, 42);
	pages_check(place + 2 * HUGE + 5 * PAGE, 1024, 42);
	say("by pages: the content");

	at = blocks();
	move(at + HUGE / 2, HUGE, place + HUGE / 2);
	pages_check(place + HUGE / 2, 512, 40 + 256);
	pages_check(at, 256, 40);
	pages_check(at + HUGE + HUGE / 2, 256, 40 + 768);
	expect_eq(thp_kb(at, 2 * HUGE), 0);
	must(munmap(at, 2 * HUGE));
	say("a part of two: the rest stays");

	at = blocks();
	expect(must(mremap(at, 2 * HUGE, HUGE + PAGE, 0)) == at);
	pages_check(at, 513, 40);
	expect_eq(thp_kb(at, 2 * HUGE), HUGE_KB);
	expect_fault(at + HUGE + PAGE, false, SIGSEGV, SEGV_MAPERR);
	must(munmap(at, 2 * HUGE));
	say("shrunk: what is cut in two is small");
	return 0;
}
