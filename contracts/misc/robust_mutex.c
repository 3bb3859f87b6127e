/*
 * robust_mutex.c - a mutex whose owner died, thread or process, says so to the next one that locks it.
 * mutants: set_robust_list=0 futex=ENOSYS
 */
#include "contract.h"
#include <pthread.h>

struct shared {
	pthread_mutex_t mutex;
	volatile int locked;
};

static struct shared *shared;

static void *lock_and_end(void *unused)
{
	pthread_mutex_lock(&shared->mutex);
	return unused;
}

static void take_over(void)
{
	expect_eq(pthread_mutex_lock(&shared->mutex), EOWNERDEAD);
	expect_eq(pthread_mutex_consistent(&shared->mutex), 0);
	expect_eq(pthread_mutex_unlock(&shared->mutex), 0);
}

int main(void)
{
	pthread_mutexattr_t attributes;
	pthread_t thread;
	pid_t child;

	shared = map_shared(PAGE);
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	expect_eq(pthread_mutex_init(&shared->mutex, &attributes), 0);
	expect_eq(pthread_create(&thread, NULL, lock_and_end, NULL), 0);
	expect_eq(pthread_join(thread, NULL), 0);
	take_over();
	child = fork_child();
	if (!child) {
		pthread_mutex_lock(&shared->mutex);
		shared->locked = 1;
		for (;;)
			pause();
	}
	while (!shared->locked)
		usleep(1000);
	expect_eq(pthread_mutex_trylock(&shared->mutex), EBUSY);
	must(kill(child, SIGKILL));
	take_over();
	expect_killed(child, SIGKILL);
	say("told by a thread's death and by a process's");
	return 0;
}
