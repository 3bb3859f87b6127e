/*
 * exec_from_thread.c - execve in any thread ends the others, and goes on under the process's own number.
 * mutants: execve#2=0 execve#2=EAGAIN getpid=result+1 gettid=result+1
 */
#include "contract.h"
#include <pthread.h>

static char *program;

static void *sleeper(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void *execer(void *unused)
{
	char number[16], *argv[] = { program, number, NULL };

	snprintf(number, sizeof(number), "%d", getpid());
	execv(program, argv);
	broken("execv: %s", errno_name(errno));
	return unused;
}

static void start(bool leader_leaves)
{
	pthread_t thread;

	for (int i = 0; i < 3; i++)
		expect_eq(pthread_create(&thread, NULL, sleeper, NULL), 0);
	expect_eq(pthread_create(&thread, NULL, execer, NULL), 0);
	if (leader_leaves)
		syscall(SYS_exit, 1);
	sleeper(NULL);
}

int main(int argc, char **argv)
{
	program = argv[0];
	if (argc > 1) {
		expect_eq(getpid(), atoi(argv[1]));
		expect_eq(syscall(SYS_gettid), getpid());
		return 42;
	}
	for (int i = 0; i < 10; i++) {
		pid_t child = fork_child();

		if (!child)
			start(i & 1);
		expect_exit(child, 42);
	}
	say("the thread became the process, ten times");
	return 0;
}
