/*
 * thp_fork.c - after fork both have the 2 MiB page, until one of them writes: then he has pages of his own, small ones, and the
 * other sees nothing of it.
 * mutants: madvise(advice:14)=0 wait4=ECHILD mprotect=0
 */
#include "thp.h"

static volatile int *turn;

static void turn_wait(int want)
{
	while (*turn != want)
		sleep_ms(1);
}

static void child_writes(void)
{
	unsigned char *at = thp_map(2);
	pid_t pid;

	pages_fill(at, 1024, 1);
	pid = fork_child();
	if (!pid) {
		expect_eq(thp_kb(at, 2 * HUGE), 2 * HUGE_KB);
		pages_check(at, 1024, 1);
		pages_fill(at + 17 * PAGE, 1, 9000);
		expect_eq(thp_kb(at, 2 * HUGE), HUGE_KB);
		pages_check(at, 17, 1);
		pages_check(at + 17 * PAGE, 1, 9000);
		pages_check(at + 18 * PAGE, 1024 - 18, 1 + 18);
		pages_fill(at, 1024, 20000);
		pages_check(at, 1024, 20000);
		_exit(0);
	}
	expect_exit(pid, 0);
	pages_check(at, 1024, 1);
	expect_eq(thp_kb(at, 2 * HUGE), 2 * HUGE_KB);
	/* Alone again. */
	pages_fill(at, 1024, 2);
	pages_check(at, 1024, 2);
	must(munmap(at, 2 * HUGE));
}

static void parent_writes(void)
{
	unsigned char *at = thp_map(2);
	pid_t pid;

	pages_fill(at, 1024, 1);
	*turn = 0;
	pid = fork_child();
	if (!pid) {
		turn_wait(1);
		pages_check(at, 1024, 1);
		expect_eq(thp_kb(at, 2 * HUGE), 2 * HUGE_KB);
		must(munmap(at, HUGE / 2));
		pages_check(at + HUGE / 2, 1024 - 256, 1 + 256);
		must(mprotect(at + HUGE / 2, HUGE / 2, PROT_READ));
		expect_fault(at + HUGE - 1, true, SIGSEGV, SEGV_ACCERR);
		*turn = 2;
		turn_wait(3);
		pages_check(at + HUGE / 2, 1024 - 256, 1 + 256);
		_exit(0);
	}
	pages_fill(at + HUGE - PAGE, 1, 555);
	expect_eq(thp_kb(at, 2 * HUGE), HUGE_KB);
	*turn = 1;
	turn_wait(2);
	pages_check(at, 511, 1);
	pages_fill(at, 1024, 777);
	*turn = 3;
	expect_exit(pid, 0);
	pages_check(at, 1024, 777);
	must(munmap(at, 2 * HUGE));
}

/* Each of them changes one page of the same 2 MiB and forks on; the last one alive has all the others' pages as they were. */
static void chain(unsigned char *at, unsigned int depth)
{
	pid_t pid;

	if (!depth)
		return;
	pid = fork_child();
	if (!pid) {
		pages_fill(at + depth * 3 * PAGE, 1, 100000 + depth);
		chain(at, depth - 1);
		pages_check(at + depth * 3 * PAGE, 1, 100000 + depth);
		pages_check(at, 3, 50);
		pages_check(at + 40 * PAGE, 512 - 40, 50 + 40);
		_exit(0);
	}
	expect_exit(pid, 0);
	pages_check(at + depth * 3 * PAGE, 1, 50 + depth * 3);
	pages_check(at + 40 * PAGE, 512 - 40, 50 + 40);
}

int main(void)
{
	unsigned char *at;

	turn = map_shared(PAGE);
	thp_on();
	child_writes();
	say("a child's writes are its own");
	parent_writes();
	say("a parent's writes are its own, also where the child has only a part left");
	at = thp_map(1);
	pages_fill(at, 512, 50);
	chain(at, 8);
	pages_check(at, 512, 50);
	say("eight generations");
	return 0;
}
