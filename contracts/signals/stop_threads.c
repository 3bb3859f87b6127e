/*
 * stop_threads.c - a stop signal holds all threads of a process, whichever takes it, until SIGCONT.
 * mutants: kill=0 kill(signo:SIGCONT)=0 wait4=fill(status,4)
 */
#include "contract.h"
#include <pthread.h>

#define THREADS 3

static volatile long *counters;

static void *count(void *number)
{
	for (;;)
		counters[(long)number]++;
	return NULL;
}

static long sum(void)
{
	long result = 0;

	for (int i = 0; i < THREADS; i++)
		result += counters[i];
	return result;
}

int main(void)
{
	pthread_t thread;
	pid_t child;
	int status;

	counters = map_shared(PAGE);
	child = fork_child();
	if (!child) {
		for (long i = 0; i < THREADS; i++)
			expect_eq(pthread_create(&thread, NULL, count, (void *)i), 0);
		for (;;)
			pause();
	}
	for (int round = 0; round < 5; round++) {
		long before = sum();

		while (sum() == before)
			usleep(1000);
		must(kill(child, SIGSTOP));
		expect_eq(must(waitpid(child, &status, WUNTRACED)), child);
		expect(WIFSTOPPED(status));
		before = sum();
		usleep(5000);
		expect_eq(sum(), before);
		must(kill(child, SIGCONT));
		expect_eq(must(waitpid(child, &status, WCONTINUED)), child);
		expect(WIFCONTINUED(status));
	}
	must(kill(child, SIGKILL));
	expect_killed(child, SIGKILL);
	say("five times still, five times on");
	return 0;
}
