/*
 * thp_threads.c - threads that write to their pages of the same 2 MiB keep what they write, while another splits, discards, forks and
 * reads it all.
 * mutants: madvise(advice:MADV_DONTNEED)=0 mprotect=EINVAL
 */
#define BLOCKS 3
#include "thp_workers.h"

#define MILLISECONDS 250

static void discard_own(unsigned int round)
{
	for (unsigned int i = 3 + round % 5 * 4; i < BLOCKS * 512; i += 100) {
		unsigned char *at = memory + i * PAGE;

		memset(at, 0xa5, PAGE);
		must(madvise(at, PAGE, MADV_DONTNEED));
		pages_check_zero(at, 1);
	}
}

static void protect_own(unsigned int round)
{
	unsigned char *at = memory + (3 + round % 300 * 4) * PAGE;

	must(mprotect(at, PAGE, PROT_READ));
	expect_fault(at, true, SIGSEGV, SEGV_ACCERR);
	must(mprotect(at, PAGE, PROT_READ | PROT_WRITE));
}

/* The child sees the memory stand still. */
static void fork_own(void)
{
	pid_t pid = fork_child();

	if (!pid) {
		uint32_t seen[BLOCKS * 512];

		for (unsigned int i = 0; i < BLOCKS * 512; i++)
			seen[i] = *(volatile uint32_t *)(memory + i * PAGE + 8 * (i % 4));
		for (unsigned int i = 0; i < BLOCKS * 512; i += 7)
			*(volatile uint32_t *)(memory + i * PAGE + 512) = 0xdead;
		for (unsigned int i = 0; i < BLOCKS * 512; i++)
			if (*(volatile uint32_t *)(memory + i * PAGE + 8 * (i % 4)) != seen[i])
				broken("page %u changes in the child", i);
		_exit(0);
	}
	expect_exit(pid, 0);
	for (unsigned int i = 0; i < BLOCKS * 512; i += 7)
		if (*(volatile uint32_t *)(memory + i * PAGE + 512) == 0xdead)
			broken("page %u: the child's write is seen", i);
}

/* New huge pages appear under the feet of all. */
static void churn(void)
{
	unsigned char *at = thp_map(2);

	pages_fill(at, 1024, 1);
	must(madvise(at, HUGE, MADV_DONTNEED));
	at[PAGE] = 1;
	pages_check_zero(at + 2 * PAGE, 510);
	pages_check(at + HUGE, 512, 513);
	must(munmap(at, 2 * HUGE));
}

int main(void)
{
	long long end = now_ns() + MILLISECONDS * 1000000LL;

	thp_on();
	memory = thp_map(BLOCKS);
	workers_start();
	for (unsigned int round = 0; round < 3 || now_ns() < end; round++) {
		if (round % 3 == 0)
			fork_own();
		if (round % 3 == 1)
			discard_own(round);
		if (round % 7 == 2)
			protect_own(round);
		churn();
	}
	workers_end();
	return 0;
}
