/*
 * pagemap.c - /proc/<pid>/pagemap: which pages are there, whether they are a file's and mapped once; the frames of a 2 MiB page lie
 * side by side.
 * mutants: pread64=fill(buffer,8) madvise(advice:14)=0 lseek=EINVAL
 */
#include "thp.h"

#define PRESENT (1ULL << 63)
#define FILE_PAGE (1ULL << 61)
#define ONCE (1ULL << 56)
#define FRAME ((1ULL << 55) - 1)

static int pagemap;

static uint64_t word(const void *at)
{
	uint64_t got = 0;

	expect_eq(pread(pagemap, &got, 8, (off_t)((uintptr_t)at / PAGE * 8)), 8);
	return got;
}

static uint64_t bits(const void *at)
{
	return word(at) & (PRESENT | FILE_PAGE | ONCE);
}

static void small_pages(void)
{
	unsigned char *at = map_anon(4 * PAGE);
	pid_t pid;

	must(madvise(at, 4 * PAGE, MADV_NOHUGEPAGE));
	at[0] = 1;
	(void)*(volatile unsigned char *)(at + PAGE);
	at[2 * PAGE] = 1;
	must(mprotect(at + 2 * PAGE, PAGE, PROT_NONE));
	expect(bits(at) == (PRESENT | ONCE));
	expect(bits(at + PAGE) == PRESENT);
	expect(bits(at + 2 * PAGE) == (PRESENT | ONCE));
	expect_eq(bits(at + 3 * PAGE), 0);
	expect_eq(word(at + 3 * PAGE) & FRAME, 0);
	expect((word(at) & FRAME) != (word(at + PAGE) & FRAME));
	pid = fork_child();
	if (!pid)
		for (;;)
			pause();
	expect(bits(at) == PRESENT);
	at[0] = 2;
	expect(bits(at) == (PRESENT | ONCE));
	must(kill(pid, SIGKILL));
	expect_killed(pid, SIGKILL);
	must(munmap(at, 4 * PAGE));
	expect_eq(bits(at), 0);
}

static void file_pages(void)
{
	int fd = file_with("file", "text");
	char *shared = must(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	char *private = must(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));

	expect_eq(bits(shared), 0);
	(void)*(volatile char *)shared;
	expect(bits(shared) == (PRESENT | FILE_PAGE | ONCE));
	(void)*(volatile char *)private;
	expect(bits(private) == (PRESENT | FILE_PAGE));
	private[0] = 'T';
	expect(bits(private) == (PRESENT | ONCE));
	expect(bits(shared) == (PRESENT | FILE_PAGE | ONCE));
	must(munmap(shared, PAGE));
	must(munmap(private, PAGE));
}

static void huge_pages(void)
{
	unsigned char *at = thp_map(1);
	uint64_t first;
	pid_t pid;

	at[99] = 1;
	first = word(at) & FRAME;
	expect_eq(first % 512, 0);
	for (unsigned int i = 0; i < 512; i++) {
		expect(bits(at + i * PAGE) == (PRESENT | ONCE));
		expect_eq(word(at + i * PAGE) & FRAME, first ? first + i : 0);
	}
	pid = fork_child();
	if (!pid)
		for (;;)
			pause();
	expect(bits(at + 5 * PAGE) == PRESENT);
	must(kill(pid, SIGKILL));
	expect_killed(pid, SIGKILL);
	expect(bits(at + 5 * PAGE) == (PRESENT | ONCE));
	/* Split, it lies where it lay. */
	must(munmap(at + PAGE, PAGE));
	expect_eq(bits(at + PAGE), 0);
	expect(bits(at + 2 * PAGE) == (PRESENT | ONCE));
	expect_eq(word(at + 2 * PAGE) & FRAME, first ? first + 2 : 0);
	must(munmap(at, HUGE));
}

int main(void)
{
	uint64_t words[2];

	thp_on();
	pagemap = must(open("/proc/self/pagemap", O_RDONLY));
	must_fail(pread(pagemap, words, 7, 0), EINVAL);
	must_fail(pread(pagemap, words, 8, 4), EINVAL);
	expect_eq(must(lseek(pagemap, 8, SEEK_SET)), 8);
	expect_eq(read(pagemap, words, 16), 16);
	expect_eq(pread(pagemap, words, 16, 1LL << 50), 0);
	small_pages();
	say("anonymous pages");
	file_pages();
	say("pages of files");
	huge_pages();
	say("2 MiB pages");
	return 0;
}
