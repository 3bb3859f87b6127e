/*
 * last_thread_status.c - a process lives as long as a thread of it does, and its status is the last one's.
 * mutants: wait4=fill(status,4) wait4=0
 */
#include "asleep.h"
#include <pthread.h>

static int release[2];

static void *last(void *unused)
{
	char byte;

	expect_eq(read(release[0], &byte, 1), 1);
	syscall(SYS_exit, 3);
	return unused;
}

int main(void)
{
	pthread_t thread;
	pid_t child;
	int status;

	must(pipe(release));
	child = fork_child();
	if (!child) {
		expect_eq(pthread_create(&thread, NULL, last, NULL), 0);
		syscall(SYS_exit, 5);
	}
	wait_first_thread(child);
	expect_eq(waitpid(child, &status, WNOHANG), 0);
	must(kill(child, 0));
	expect_eq(write(release[1], "x", 1), 1);
	expect_exit(child, 3);
	say("the last thread's status, and not before");
	return 0;
}
