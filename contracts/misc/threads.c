/*
 * threads.c - threads share memory and process id, lock and signal each other, and are joined with a result.
 * mutants: futex(operation&1)=0 clone3=EAGAIN getpid=result+1
 */
#include "contract.h"
#include <pthread.h>

#define THREADS 8
#define ROUNDS 2000

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int counter, started;

static void *work(void *number)
{
	expect(getpid() != syscall(SYS_gettid));
	pthread_mutex_lock(&mutex);
	started++;
	pthread_cond_broadcast(&cond);
	while (started < THREADS)
		pthread_cond_wait(&cond, &mutex);
	pthread_mutex_unlock(&mutex);
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		counter++;
		pthread_mutex_unlock(&mutex);
	}
	return (char *)number + 100;
}

int main(void)
{
	pthread_t threads[THREADS];
	void *result;

	for (int round = 0; round < 3; round++) {
		counter = started = 0;
		for (long i = 0; i < THREADS; i++)
			expect_eq(pthread_create(&threads[i], NULL, work, (void *)i), 0);
		for (long i = 0; i < THREADS; i++) {
			expect_eq(pthread_join(threads[i], &result), 0);
			expect_eq((long)result, i + 100);
		}
		expect_eq(counter, THREADS * ROUNDS);
	}
	say("eight threads, three times, nothing lost");
	return 0;
}
