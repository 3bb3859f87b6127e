/*
 * futex_shared.c - a futex in shared memory wakes waiters of other processes, as many as asked for.
 * mutants: futex(operation:0)=0 futex(operation:1)=0 futex=ENOSYS mmap(flags&MAP_SHARED)=flags^3
 */
#include "contract.h"
#include <linux/futex.h>

static long futex(volatile int *word, int operation, int value, struct timespec *timeout)
{
	return syscall(SYS_futex, word, operation, value, timeout, NULL, 0);
}

int main(void)
{
	volatile int *word = map_shared(PAGE);
	volatile int *awake = word + 1;
	pid_t children[3];
	int woken = 0;

	must_fail(futex(word, FUTEX_WAIT, 1, NULL), EAGAIN);
	expect_eq(futex(word, FUTEX_WAKE, 100, NULL), 0);
	for (int i = 0; i < 3; i++) {
		children[i] = fork_child();
		if (!children[i]) {
			while (*word == 0)
				if (futex(word, FUTEX_WAIT, 0, NULL) == 0)
					break;
			__atomic_fetch_add(awake, 1, __ATOMIC_SEQ_CST);
			_exit(0);
		}
	}
	while (woken == 0) {
		woken = must(futex(word, FUTEX_WAKE, 1, NULL));
		sleep_ms(1);
	}
	expect_eq(woken, 1);
	while (*awake != 1)
		sleep_ms(1);
	while (woken < 3)
		woken += must(futex(word, FUTEX_WAKE, 100, NULL));
	expect_eq(woken, 3);
	for (int i = 0; i < 3; i++)
		expect_exit(children[i], 0);
	expect_eq(*awake, 3);
	must_fail(futex((int *)((char *)word + 1), FUTEX_WAIT, 0, NULL), EINVAL);
	must_fail(futex((int *)8, FUTEX_WAIT, 0, NULL), EFAULT);
	must_fail(futex(word, 99, 0, NULL), ENOSYS);
	say("one woken, then the other two");
	return 0;
}
