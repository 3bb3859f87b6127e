/* threads.c - page faults of several threads of one process at once. */
#include "bench.h"
#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>

#define THREADS_MAX 4

static pthread_barrier_t start;
static size_t pages_each;

static void *store_pages(void *at)
{
	pthread_barrier_wait(&start);
	map_touch(at, pages_each * PAGE);
	return NULL;
}

static unsigned threads_create(pthread_t threads[], unsigned count, char *at)
{
	for (unsigned i = 0; i < count; i++)
		if (pthread_create(&threads[i], NULL, store_pages, at + i * pages_each * PAGE))
			return i;
	return count;
}

/* n pages in all. Threads are created before the clock runs, and wait at a barrier. */
static void fault_threads(struct timer *t, unsigned n, unsigned count)
{
	pthread_t threads[THREADS_MAX];
	char *at = map_fresh(n * PAGE);
	if (!at) {
		t->result = -ENOMEM;
		return;
	}
	pages_each = n / count;
	pthread_barrier_init(&start, NULL, count + 1);
	if (threads_create(threads, count, at) != count) {
		/* The others wait at the barrier for ever: the program ends with this failure. */
		t->result = -EAGAIN;
		return;
	}
	timer_begin(t);
	pthread_barrier_wait(&start);
	for (unsigned i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	timer_end(t);
	pthread_barrier_destroy(&start);
	t->result = munmap(at, n * PAGE) ? -errno : 0;
}

void run_fault_threads_1(struct timer *t, unsigned n)
{
	fault_threads(t, n, 1);
}

void run_fault_threads_2(struct timer *t, unsigned n)
{
	fault_threads(t, n, 2);
}

void run_fault_threads_4(struct timer *t, unsigned n)
{
	fault_threads(t, n, 4);
}
