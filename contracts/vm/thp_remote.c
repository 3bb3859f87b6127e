/*
 * thp_remote.c - /proc/<pid>/mem, mincore, mlock, MADV_POPULATE_WRITE, and system calls that read and write memory, on 2 MiB pages.
 * mutants: madvise(advice:23)=0 mincore=0 pread64=fill(buffer,8) pwrite64=8192 mlock=0
 */
#include "thp.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

static void through_mem(int mem)
{
	unsigned char *at = thp_map(2), bytes[2 * PAGE];

	pages_fill(at, 1024, 8);
	expect_eq(pread(mem, bytes, sizeof(bytes), (off_t)(uintptr_t)(at + 300 * PAGE)),
		  sizeof(bytes));
	pages_check(bytes, 2, 308);
	pages_fill(bytes, 2, 6000);
	expect_eq(pwrite(mem, bytes, sizeof(bytes), (off_t)(uintptr_t)(at + 511 * PAGE)),
		  sizeof(bytes));
	pages_check(at, 511, 8);
	pages_check(at + 511 * PAGE, 2, 6000);
	pages_check(at + 513 * PAGE, 511, 8 + 513);
	expect_eq(thp_kb(at, 2 * HUGE), 2 * HUGE_KB);
	/* Where the program itself may only read, or nothing at all. */
	must(mprotect(at, 2 * HUGE, PROT_READ));
	expect_eq(pwrite(mem, bytes, PAGE, (off_t)(uintptr_t)(at + 9 * PAGE)), PAGE);
	pages_check(at, 9, 8);
	pages_check(at + 9 * PAGE, 1, 6000);
	pages_check(at + 10 * PAGE, 500, 18);
	expect_fault(at + 9 * PAGE, true, SIGSEGV, SEGV_ACCERR);
	must(mprotect(at, 2 * HUGE, PROT_NONE));
	expect_eq(pread(mem, bytes, PAGE, (off_t)(uintptr_t)(at + 600 * PAGE)), PAGE);
	pages_check(bytes, 1, 608);
	must(mprotect(at, 2 * HUGE, PROT_READ | PROT_WRITE));
	pages_fill(at, 1024, 9);
	pages_check(at, 1024, 9);
	must(munmap(at, 2 * HUGE));
}

/* A child shares the page: what is written through the file is not its own. */
static void through_mem_shared(int mem)
{
	unsigned char *at = thp_map(1), bytes[PAGE];
	int ends[2];
	pid_t pid;
	char c;

	pages_fill(at, 512, 8);
	must(pipe(ends));
	pid = fork_child();
	if (!pid) {
		close(ends[1]);
		expect_eq(read(ends[0], &c, 1), 0);
		pages_check(at, 512, 8);
		_exit(0);
	}
	pages_fill(bytes, 1, 6000);
	expect_eq(pwrite(mem, bytes, PAGE, (off_t)(uintptr_t)(at + 44 * PAGE)), PAGE);
	pages_check(at + 44 * PAGE, 1, 6000);
	pages_check(at + 45 * PAGE, 467, 53);
	close(ends[1]);
	expect_exit(pid, 0);
	close(ends[0]);
	must(munmap(at, HUGE));
}

static void residence(void)
{
	unsigned char *at = thp_map(3), in[3 * 512];

	must(mlock(at + HUGE, HUGE));
	expect_eq(thp_kb(at, 3 * HUGE), HUGE_KB);
	must(munlock(at + HUGE, HUGE));
	must(mincore(at, 3 * HUGE, in));
	for (unsigned int i = 0; i < sizeof(in); i++)
		expect_eq(in[i] & 1, i / 512 == 1);
	must(madvise(at + 2 * HUGE, PAGE, MADV_POPULATE_WRITE));
	expect_eq(thp_kb(at, 3 * HUGE), 2 * HUGE_KB);
	must(mincore(at, 3 * HUGE, in));
	for (unsigned int i = 0; i < sizeof(in); i++)
		expect_eq(in[i] & 1, i / 512 >= 1);
	pages_check_zero(at + HUGE, 1024);
	must(munmap(at, 3 * HUGE));
}

static void through_calls(void)
{
	unsigned char *at = thp_map(2), *from = thp_map(1);
	int fd = must(open("file", O_RDWR | O_CREAT, 0644));

	pages_fill(from, 512, 70);
	expect_eq(write(fd, from, HUGE), HUGE);
	/* The first access is the kernel's, and it crosses from one 2 MiB to the next. */
	expect_eq(pread(fd, at + HUGE / 2, HUGE, 0), HUGE);
	pages_check(at + HUGE / 2, 512, 70);
	pages_check_zero(at, 256);
	expect_eq(thp_kb(at, 2 * HUGE), 2 * HUGE_KB);
	must(munmap(at, 2 * HUGE));
	must(munmap(from, HUGE));
}

int main(void)
{
	int mem = must(open("/proc/self/mem", O_RDWR));

	thp_on();
	through_mem(mem);
	through_mem_shared(mem);
	say("/proc/self/mem reads and writes them");
	residence();
	say("mlock and MADV_POPULATE_WRITE make them, mincore sees them");
	through_calls();
	say("read fills them");
	return 0;
}
