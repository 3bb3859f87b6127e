/*
 * kill_stopped.c - SIGKILL ends a process that is stopped, that blocks every signal, or that sleeps.
 * mutants: kill=0 kill(signo:SIGKILL)=0 kill(signo:SIGKILL)=signo=SIGTERM kill(signo:SIGSTOP)=0
 */
#include "contract.h"

int main(void)
{
	sigset_t all;
	pid_t child;
	int status, pipe_fds[2];
	char byte;

	child = fork_child();
	if (!child)
		for (;;)
			pause();
	must(kill(child, SIGSTOP));
	expect_eq(waitpid(child, &status, WUNTRACED), child);
	must(kill(child, SIGKILL));
	expect_killed(child, SIGKILL);

	must(pipe(pipe_fds));
	child = fork_child();
	if (!child) {
		sigfillset(&all);
		must(sigprocmask(SIG_SETMASK, &all, NULL));
		expect_eq(write(pipe_fds[1], "b", 1), 1);
		for (;;)
			read(pipe_fds[0], &byte, 0);
	}
	expect_eq(read(pipe_fds[0], &byte, 1), 1);
	must(kill(child, SIGTERM));
	must(kill(child, SIGKILL));
	expect_killed(child, SIGKILL);

	child = fork_child();
	if (!child)
		_exit(read(pipe_fds[0], &byte, 1));
	sleep_ms(20);
	must(kill(child, SIGKILL));
	expect_killed(child, SIGKILL);
	say("stopped, blocking and sleeping ones end");
	return 0;
}
