/*
 * thp_collapse.c - MADV_COLLAPSE makes 2 MiB pages of small ones at once, whatever the mode: with the same content, zero where there
 * was none, as they would be had they been huge from the first; and says what it cannot do.
 * mutants: madvise(advice:25)=0 madvise(advice:25)#3+=0 mprotect=0 munmap#2+=0 prctl=0 madvise(advice:MADV_DONTNEED)=0
 */
#include "thp.h"

#include <sys/prctl.h>

static unsigned char *full_blocks(unsigned int count, unsigned int salt)
{
	unsigned char *at = thp_map_plain(count);

	pages_fill(at, count * 512, salt);
	expect_eq(thp_kb(at, count * HUGE), 0);
	return at;
}

static uint64_t frame(const void *at)
{
	int fd = must(open("/proc/self/pagemap", O_RDONLY));
	uint64_t word;

	expect_eq(pread(fd, &word, 8, (off_t)((uintptr_t)at / PAGE * 8)), 8);
	close(fd);
	return word & ((1ULL << 55) - 1);
}

static void full(void)
{
	unsigned char *at = full_blocks(3, 100);
	long before;

	must(madvise(at, 3 * HUGE, MADV_COLLAPSE));
	expect_eq(thp_kb(at, 3 * HUGE), 3 * HUGE_KB);
	expect_eq(smaps_kb(at, 3 * HUGE, "Rss"), 3 * HUGE_KB);
	for (unsigned int i = 0; i < 512; i++)
		expect(frame(at + HUGE + i * PAGE) == frame(at + HUGE) + i);
	before = minor_faults();
	pages_check(at, 3 * 512, 100);
	pages_fill(at, 3 * 512, 900);
	expect_eq(minor_faults() - before, 0);
	pages_check(at, 3 * 512, 900);
	/* What is huge already. */
	must(madvise(at, 3 * HUGE, MADV_COLLAPSE));
	expect_eq(thp_kb(at, 3 * HUGE), 3 * HUGE_KB);
	pages_check(at, 3 * 512, 900);
	must(munmap(at, 3 * HUGE));
}

/* Pages that were written, that were read, and that were not touched. */
static void sparse(void)
{
	unsigned char *at = thp_map_plain(1);

	for (unsigned int i = 0; i < 512; i += 3)
		pages_fill(at + i * PAGE, 1, i);
	for (unsigned int i = 1; i < 512; i += 6)
		(void)*(volatile unsigned char *)(at + i * PAGE);
	expect_eq(smaps_kb(at, HUGE, "Anonymous"), 171 * 4);
	must(madvise(at, HUGE, MADV_COLLAPSE));
	expect_eq(thp_kb(at, HUGE), HUGE_KB);
	expect_eq(smaps_kb(at, HUGE, "Anonymous"), HUGE_KB);
	for (unsigned int i = 0; i < 512; i++) {
		if (i % 3)
			pages_check_zero(at + i * PAGE, 1);
		else
			pages_check(at + i * PAGE, 1, i);
	}
	must(munmap(at, HUGE));
}

/* Only whole blocks are meant; what can be done is done, and the last failure told. */
static void parts(void)
{
	unsigned char *at = full_blocks(4, 1);

	must(madvise(at + PAGE, HUGE - PAGE, MADV_COLLAPSE));
	must_fail(madvise(at + PAGE, HUGE - 2 * PAGE, MADV_COLLAPSE), EINVAL);
	must_fail(madvise(at + 1, HUGE, MADV_COLLAPSE), EINVAL);
	expect_eq(thp_kb(at, 4 * HUGE), 0);
	must(madvise(at + PAGE, 2 * HUGE, MADV_COLLAPSE));
	expect_eq(thp_kb(at, 4 * HUGE), HUGE_KB);
	must(madvise(at, HUGE, MADV_DONTNEED));
	must_fail(madvise(at, 3 * HUGE, MADV_COLLAPSE), EINVAL);
	expect_eq(thp_kb(at, 4 * HUGE), 2 * HUGE_KB);
	must(munmap(at + 2 * HUGE, HUGE));
	must_fail(madvise(at + HUGE, 3 * HUGE, MADV_COLLAPSE), ENOMEM);
	expect_eq(thp_kb(at, 4 * HUGE), 2 * HUGE_KB);
	pages_check(at + HUGE, 512, 1 + 512);
	pages_check(at + 3 * HUGE, 512, 1 + 3 * 512);
	must(munmap(at, 4 * HUGE));
}

static void refused(void)
{
	unsigned char *at = full_blocks(1, 5);

	must(mprotect(at, HUGE, PROT_READ));
	must_fail(madvise(at, HUGE, MADV_COLLAPSE), EINVAL);
	must(mprotect(at, HUGE, PROT_READ | PROT_WRITE));
	must(madvise(at, HUGE, MADV_NOHUGEPAGE));
	pages_fill(at, 512, 6);
	must_fail(madvise(at, HUGE, MADV_COLLAPSE), EINVAL);
	must(madvise(at, HUGE, MADV_HUGEPAGE));
	must(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
	must_fail(madvise(at, HUGE, MADV_COLLAPSE), EINVAL);
	must(prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0));
	expect_eq(thp_kb(at, HUGE), 0);
	must(madvise(at, HUGE, MADV_COLLAPSE));
	expect_eq(thp_kb(at, HUGE), HUGE_KB);
	pages_check(at, 512, 6);
	must(munmap(at, HUGE));
	/* Never written. */
	at = thp_map_plain(1);
	must_fail(madvise(at, HUGE, MADV_COLLAPSE), EINVAL);
	pages_check_zero(at, 512);
	must_fail(madvise(at, HUGE, MADV_COLLAPSE), EINVAL);
	expect_eq(smaps_kb(at, HUGE, "Anonymous"), 0);
	must(munmap(at, HUGE));
}

/* The child has the small pages, whatever becomes of the parent's. */
static void forked_before(void)
{
	unsigned char *at = full_blocks(1, 70);
	int go[2];
	char byte;
	pid_t pid;

	must(pipe(go));
	pid = fork_child();
	if (!pid) {
		expect_eq(read(go[0], &byte, 1), 1);
		pages_check(at, 512, 70);
		expect_eq(thp_kb(at, HUGE), 0);
		_exit(0);
	}
	must_fail(madvise(at, HUGE, MADV_COLLAPSE), EINVAL);
	pages_fill(at, 512, 71);
	must(madvise(at, HUGE, MADV_COLLAPSE));
	expect_eq(thp_kb(at, HUGE), HUGE_KB);
	expect_eq(write(go[1], "g", 1), 1);
	expect_exit(pid, 0);
	pages_check(at, 512, 71);
	must(munmap(at, HUGE));
	close(go[0]);
	close(go[1]);
}

static void split_after(void)
{
	unsigned char *at = full_blocks(3, 40);
	pid_t pid;

	must(madvise(at, 3 * HUGE, MADV_COLLAPSE));
	pid = fork_child();
	if (!pid) {
		expect_eq(thp_kb(at, 3 * HUGE), 3 * HUGE_KB);
		pages_check(at, 3 * 512, 40);
		pages_fill(at, 2, 7000);
		pages_check(at + 2 * PAGE, 3 * 512 - 2, 42);
		_exit(0);
	}
	expect_exit(pid, 0);
	pages_check(at, 3 * 512, 40);
	must(mprotect(at + 3 * PAGE, PAGE, PROT_READ));
	expect_fault(at + 3 * PAGE, true, SIGSEGV, SEGV_ACCERR);
	expect_eq(thp_kb(at, 3 * HUGE), 2 * HUGE_KB);
	must(munmap(at + HUGE, PAGE));
	expect_fault(at + HUGE, false, SIGSEGV, SEGV_MAPERR);
	expect_eq(thp_kb(at, 3 * HUGE), HUGE_KB);
	/* A part is given back, and all is collapsed again. */
	must(madvise(at + 2 * HUGE, HUGE / 2, MADV_DONTNEED));
	expect_eq(thp_kb(at, 3 * HUGE), 0);
	pages_fill(at + 3 * HUGE - PAGE, 1, 3);
	must(madvise(at + 2 * HUGE, HUGE, MADV_COLLAPSE));
	expect_eq(thp_kb(at, 3 * HUGE), HUGE_KB);
	pages_check_zero(at + 2 * HUGE, 256);
	pages_check(at + 2 * HUGE + HUGE / 2, 255, 40 + 1024 + 256);
	pages_check(at + 3 * HUGE - PAGE, 1, 3);
	pages_check(at, 512, 40);
	pages_check(at + HUGE + PAGE, 511, 40 + 513);
	must(munmap(at, 3 * HUGE));
}

int main(void)
{
	thp_mount();
	thp_set(THP_ENABLED, "never");
	full();
	sparse();
	say("small pages become 2 MiB pages with the same content");
	parts();
	refused();
	say("what cannot be collapsed is as it was");
	forked_before();
	split_after();
	say("a collapsed page is forked, protected, unmapped and collapsed again as any other");
	return 0;
}
