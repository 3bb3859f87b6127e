/*
 * thread_local.c - each thread has its own thread-local storage and errno, kept across switches and fork.
 * mutants: close=0 clone=flags|CLONE_VM|CLONE_VFORK
 */
#include "contract.h"
#include <pthread.h>

static __thread int value = 7;
static __thread char block[3000];

static void *work(void *number)
{
	int mine = (long)number;

	expect_eq(value, 7);
	value = mine;
	memset(block, mine, sizeof(block));
	for (int i = 0; i < 200; i++) {
		if (mine % 2)
			must_fail(close(-1), EBADF);
		else
			must_fail(open("/missing", O_RDONLY), ENOENT);
		sched_yield();
		expect_eq(errno, mine % 2 ? EBADF : ENOENT);
		expect_eq(value, mine);
	}
	for (size_t i = 0; i < sizeof(block); i++)
		expect_eq(block[i], mine);
	return NULL;
}

int main(void)
{
	pthread_t threads[6];
	pid_t child;

	for (long i = 0; i < 6; i++)
		expect_eq(pthread_create(&threads[i], NULL, work, (void *)(i + 10)), 0);
	for (int i = 0; i < 6; i++)
		expect_eq(pthread_join(threads[i], NULL), 0);
	expect_eq(value, 7);
	value = 8;
	child = fork_child();
	if (!child) {
		expect_eq(value, 8);
		value = 9;
		_exit(0);
	}
	expect_exit(child, 0);
	expect_eq(value, 8);
	say("six threads and a child keep their own");
	return 0;
}
