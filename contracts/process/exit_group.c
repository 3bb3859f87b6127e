/*
 * exit_group.c - exit from one thread ends them all; a thread's own exit ends only itself.
 * mutants: exit=ENOSYS wait4=fill(status,4) exit_group=status=3
 */
#include "contract.h"
#include <pthread.h>

static volatile int running;

static void *spin(void *unused)
{
	running = 1;
	for (;;)
		pause();
	return unused;
}

static void *leave(void *unused)
{
	(void)unused;
	exit(21);
}

static void *brief(void *unused)
{
	return unused;
}

int main(void)
{
	pid_t child = fork_child();

	if (!child) {
		pthread_t thread;

		expect_eq(pthread_create(&thread, NULL, brief, NULL), 0);
		expect_eq(pthread_join(thread, NULL), 0);
		expect_eq(pthread_create(&thread, NULL, spin, NULL), 0);
		while (!running)
			sleep_ms(1);
		expect_eq(pthread_create(&thread, NULL, leave, NULL), 0);
		for (;;)
			pause();
	}
	expect_exit(child, 21);
	say("exit in a third thread ended the process with its status");
	return 0;
}
