/*
 * thp_shmem.c - 2 MiB pages of shared memory: made where shmem_enabled says so, the same for all who share; what is done to a part
 * leaves every byte where it was.
 * mutants: munmap#3+=0 mprotect=0 ftruncate(length:2101248)=0 fallocate=0 madvise(advice:MADV_DONTNEED)=0 madvise(advice:14)=0 mremap=0 pwrite64=8192
 */
#include "thp_shmem.h"

static void settings(void)
{
	static const char *const modes[] = { "always", "within_size", "advise",
					     "deny",   "force",	      "never" };
	int fd = must(open(SHMEM_ENABLED, O_WRONLY));

	say("%s", shmem_modes());
	must_fail(write(fd, "sometimes", 9), EINVAL);
	close(fd);
	for (unsigned int i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		shmem_mode(modes[i]);
		say("%s", shmem_modes());
	}
}

/* `never`: nothing is different. */
static void never(void)
{
	unsigned char *at = map_shared(4 * HUGE);

	pages_fill(at, 2048, 5);
	expect_eq(shmem_kb(at, 4 * HUGE), 0);
	expect_eq(smaps_kb(at, 4 * HUGE, "THPeligible"), 0);
	expect_eq(smaps_kb(at, 4 * HUGE, "Rss"), 4 * HUGE_KB);
	expect_eq(meminfo_kb("ShmemHugePages"), 0);
	expect_eq(meminfo_kb("ShmemPmdMapped"), 0);
	must(munmap(at, 4 * HUGE));
}

static void anonymous(void)
{
	unsigned char *at = map_shared(3 * HUGE);
	pid_t pid;

	expect_eq((uintptr_t)at % HUGE, 0);
	expect_eq(smaps_kb(at, 3 * HUGE, "THPeligible"), 1);
	pages_check_zero(at, 1);
	expect_eq(shmem_kb(at, 3 * HUGE), HUGE_KB);
	pages_fill(at, 3 * 512, 5);
	expect_eq(shmem_kb(at, 3 * HUGE), 3 * HUGE_KB);
	expect_eq(smaps_kb(at, 3 * HUGE, "Rss"), 3 * HUGE_KB);
	expect_eq(smaps_kb(at, 3 * HUGE, "Pss"), 3 * HUGE_KB);
	expect_eq(meminfo_kb("ShmemHugePages"), 3 * HUGE_KB);
	expect_eq(meminfo_kb("ShmemPmdMapped"), 3 * HUGE_KB);
	pid = fork_child();
	if (!pid) {
		pages_check(at, 3 * 512, 5);
		expect_eq(shmem_kb(at, 3 * HUGE), 3 * HUGE_KB);
		expect_eq(smaps_kb(at, 3 * HUGE, "Pss"), 3 * HUGE_KB / 2);
		expect_eq(meminfo_kb("ShmemPmdMapped"), 3 * HUGE_KB);
		pages_fill(at + HUGE, 512, 9000);
		must(munmap(at + HUGE, PAGE));
		_exit(0);
	}
	expect_exit(pid, 0);
	pages_check(at, 512, 5);
	pages_check(at + HUGE, 512, 9000);
	pages_check(at + 2 * HUGE, 512, 5 + 1024);
	expect_eq(shmem_kb(at, 3 * HUGE), 3 * HUGE_KB);
	must(munmap(at, 3 * HUGE));
	expect_eq(meminfo_kb("ShmemPmdMapped"), 0);
	/* The file itself may go a little later. */
	for (int i = 0; i < 1000 && meminfo_kb("ShmemHugePages"); i++)
		sleep_ms(1);
	expect_eq(meminfo_kb("ShmemHugePages"), 0);
}

/* read, write and two mappings see the same. */
static void coherent(void)
{
	unsigned char bytes[2 * PAGE], *at, *other;
	int fd;

	at = shmem_map(2, &fd);
	pages_fill(bytes, 2, 700);
	expect_eq(pwrite(fd, bytes, 2 * PAGE, HUGE - PAGE), 2 * PAGE);
	pages_check(at + HUGE - PAGE, 2, 700);
	expect_eq(shmem_kb(at, 2 * HUGE), 2 * HUGE_KB);
	pages_check_zero(at, 511);
	pages_check_zero(at + HUGE + PAGE, 511);
	pages_fill(at, 1024, 1);
	expect_eq(pread(fd, bytes, 2 * PAGE, HUGE - PAGE), 2 * PAGE);
	pages_check(bytes, 2, 512);
	/* Where it cannot have large ones, from an odd page on, and private. */
	other = must(mmap(NULL, HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 3 * PAGE));
	pages_check(other, 512, 4);
	pages_fill(other, 512, 4000);
	pages_check(at, 1024, 1);
	must(munmap(other, HUGE));
	other = must(mmap(NULL, HUGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 3 * PAGE));
	pages_fill(other, 512, 8000);
	pages_check(at, 3, 1);
	pages_check(at + 3 * PAGE, 512, 8000);
	pages_check(at + 515 * PAGE, 509, 516);
	must(munmap(other, HUGE));
	expect_eq(shmem_kb(at, 2 * HUGE), 2 * HUGE_KB);
	shmem_unmap(at, 2, fd);
}

static unsigned char *blocks(int *fd)
{
	unsigned char *at = shmem_map(3, fd);

	pages_fill(at, 3 * 512, 100);
	expect_eq(shmem_kb(at, 3 * HUGE), 3 * HUGE_KB);
	return at;
}

static void unmap_parts(void)
{
	static const struct {
		unsigned int first, count, left; /* pages; blocks that stay whole */
	} parts[] = {
		{ 0, 1, 2 }, { 511, 1, 2 }, { 700, 3, 2 }, { 512, 512, 2 }, { 100, 1000, 0 },
	};

	for (unsigned int i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		int fd;
		unsigned char *at = blocks(&fd), bytes[PAGE];
		unsigned int first = parts[i].first, end = first + parts[i].count;

		must(munmap(at + first * PAGE, parts[i].count * PAGE));
		expect_eq(shmem_kb(at, 3 * HUGE), parts[i].left * HUGE_KB);
		expect_fault(at + first * PAGE, false, SIGSEGV, SEGV_MAPERR);
		expect_fault(at + end * PAGE - 1, true, SIGSEGV, SEGV_MAPERR);
		pages_check(at, first, 100);
		pages_check(at + end * PAGE, 3 * 512 - end, 100 + end);
		expect_eq(pread(fd, bytes, PAGE, first * PAGE), PAGE);
		pages_check(bytes, 1, 100 + first);
		expect_eq(shmem_kb(at, 3 * HUGE), parts[i].left * HUGE_KB);
		expect_eq(smaps_kb(at, 3 * HUGE, "Rss"), (3 * 512 - parts[i].count) * 4);
		shmem_unmap(at, 3, fd);
	}
}

static void protect(void)
{
	int fd;
	unsigned char *at = blocks(&fd);

	must(mprotect(at + 10 * PAGE, 20 * PAGE, PROT_READ));
	expect_fault(at + 10 * PAGE, true, SIGSEGV, SEGV_ACCERR);
	expect_fault(at + 29 * PAGE, true, SIGSEGV, SEGV_ACCERR);
	expect_writable(at + 9 * PAGE + 8);
	expect_writable(at + 30 * PAGE + 8);
	pages_check(at, 3 * 512, 100);
	expect_eq(shmem_kb(at, 3 * HUGE), 2 * HUGE_KB);
	/* All of the second block, and back. */
	must(mprotect(at + HUGE, HUGE, PROT_READ));
	expect_fault(at + HUGE + 77, true, SIGSEGV, SEGV_ACCERR);
	must(mprotect(at + HUGE, HUGE, PROT_NONE));
	expect_fault(at + HUGE + 77, false, SIGSEGV, SEGV_ACCERR);
	must(mprotect(at + HUGE, HUGE, PROT_READ | PROT_WRITE));
	pages_check(at, 3 * 512, 100);
	pages_fill(at + HUGE, 512, 3);
	pages_check(at + HUGE, 512, 3);
	expect_eq(shmem_kb(at, 3 * HUGE), 2 * HUGE_KB);
	shmem_unmap(at, 3, fd);
}

/* A hole in a block, a whole block, and the end. */
static void cut(void)
{
	int fd;
	unsigned char *at = blocks(&fd);

	must(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 7 * PAGE + 8, 2 * PAGE));
	expect_eq(shmem_kb(at, 3 * HUGE), 2 * HUGE_KB);
	pages_check(at, 7, 100);
	pages_check_zero(at + 8 * PAGE, 1);
	expect_eq(*(uint32_t *)(at + 7 * PAGE), 107);
	expect_eq(*(uint32_t *)(at + 10 * PAGE - 4), ~109u);
	pages_check(at + 10 * PAGE, 1526, 110);
	must(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, HUGE, HUGE));
	expect_eq(shmem_kb(at, 3 * HUGE), HUGE_KB);
	pages_check_zero(at + HUGE, 512);
	expect_eq(shmem_kb(at, 3 * HUGE), 2 * HUGE_KB);
	pages_fill(at + HUGE, 512, 40);
	must(ftruncate(fd, HUGE + PAGE));
	expect_fault(at + HUGE + PAGE, false, SIGBUS, BUS_ADRERR);
	expect_fault(at + 2 * HUGE, true, SIGBUS, BUS_ADRERR);
	pages_check(at + HUGE, 1, 40);
	pages_check(at + 10 * PAGE, 502, 110);
	expect_eq(shmem_kb(at, 3 * HUGE), 0);
	must(ftruncate(fd, 3 * HUGE));
	pages_check_zero(at + HUGE + PAGE, 1023);
	pages_check(at + HUGE, 1, 40);
	shmem_unmap(at, 3, fd);
}

static void discard_and_move(void)
{
	int fd, mem = must(open("/proc/self/mem", O_RDWR));
	unsigned char *at = blocks(&fd), *to, bytes[2 * PAGE];

	must(madvise(at + 5 * PAGE, PAGE, MADV_DONTNEED));
	expect_eq(shmem_kb(at, 3 * HUGE), 2 * HUGE_KB);
	pages_check(at, 3 * 512, 100);
	expect_eq(shmem_kb(at, 3 * HUGE), 3 * HUGE_KB);
	must(madvise(at + HUGE, HUGE, MADV_DONTNEED));
	expect_eq(shmem_kb(at, 3 * HUGE), 2 * HUGE_KB);
	pages_check(at + HUGE, 512, 612);
	/* As a whole, and by a page. */
	to = must(mmap(NULL, 6 * HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	to = (unsigned char *)(((uintptr_t)to + HUGE - 1) & ~(HUGE - 1));
	to = must(mremap(at, 3 * HUGE, 3 * HUGE, MREMAP_MAYMOVE | MREMAP_FIXED, to));
	expect_eq(shmem_kb(to, 3 * HUGE), 3 * HUGE_KB);
	expect_fault(at, false, SIGSEGV, SEGV_MAPERR);
	pages_check(to, 3 * 512, 100);
	expect_eq(pread(mem, bytes, 2 * PAGE, (off_t)(uintptr_t)(to + 511 * PAGE)), 2 * PAGE);
	pages_check(bytes, 2, 611);
	pages_fill(bytes, 2, 5);
	expect_eq(pwrite(mem, bytes, 2 * PAGE, (off_t)(uintptr_t)(to + 511 * PAGE)), 2 * PAGE);
	pages_check(to + 511 * PAGE, 2, 5);
	expect_eq(shmem_kb(to, 3 * HUGE), 3 * HUGE_KB);
	at = must(mremap(to, HUGE, HUGE, MREMAP_MAYMOVE | MREMAP_FIXED, to + 3 * HUGE + PAGE));
	pages_check(at, 511, 100);
	expect_eq(shmem_kb(at, HUGE), 0);
	pages_check(to + HUGE + PAGE, 1023, 613);
	close(mem);
	close(fd);
}

/* Who gets them in the other modes. */
static void modes(void)
{
	unsigned char *at;
	int fd;

	shmem_mode("within_size");
	fd = must(memfd_create("odd", 0));
	must(ftruncate(fd, HUGE + HUGE / 2));
	at = must(mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	pages_fill(at, 768, 1);
	expect_eq(shmem_kb(at, 2 * HUGE), HUGE_KB);
	expect_fault(at + 768 * PAGE, true, SIGBUS, BUS_ADRERR);
	shmem_unmap(at, 2, fd);
	shmem_mode("advise");
	at = shmem_map(2, &fd);
	must(madvise(at + HUGE, HUGE, MADV_HUGEPAGE));
	pages_fill(at, 1024, 1);
	expect_eq(shmem_kb(at, HUGE), 0);
	expect_eq(shmem_kb(at + HUGE, HUGE), HUGE_KB);
	shmem_unmap(at, 2, fd);
	shmem_mode("always");
	at = shmem_map(2, &fd);
	must(madvise(at, HUGE, MADV_NOHUGEPAGE));
	pages_fill(at, 1024, 1);
	expect_eq(shmem_kb(at, HUGE), 0);
	expect_eq(shmem_kb(at + HUGE, HUGE), HUGE_KB);
	/* What is there stays. */
	shmem_mode("deny");
	expect_eq(shmem_kb(at, 2 * HUGE), HUGE_KB);
	pages_check(at, 1024, 1);
	shmem_unmap(at, 2, fd);
	at = shmem_map(1, &fd);
	pages_fill(at, 512, 1);
	expect_eq(shmem_kb(at, HUGE), 0);
	shmem_unmap(at, 1, fd);
}

static void test(void)
{
	settings();
	never();
	say("never: no shared memory has 2 MiB pages");
	shmem_mode("always");
	anonymous();
	say("anonymous: parent and child have the same 2 MiB pages");
	coherent();
	say("memfd: read, write and all mappings see the same");
	unmap_parts();
	say("munmap of a part: the rest is there");
	protect();
	say("mprotect of a part: the rest is as it was; of a whole one: it stays whole");
	cut();
	say("holes and a new end: zeros there, and what was beside them");
	discard_and_move();
	say("MADV_DONTNEED, mremap, /proc/self/mem: the same bytes");
	modes();
	say("within_size, advise, deny, MADV_NOHUGEPAGE: where they are wanted");
}

int main(void)
{
	return with_shmem_modes(test);
}
