/*
 * stop_continue.c - SIGSTOP halts a process, SIGCONT resumes it, and wait tells both once.
 * mutants: kill=0 kill(signo:SIGCONT)=0 wait4=fill(status,4) kill(signo:SIGSTOP)=0
 */
#include "contract.h"

int main(void)
{
	volatile unsigned long *counter = map_shared(PAGE);
	unsigned long seen;
	pid_t child;
	int status;

	child = fork_child();
	if (!child) {
		setpgid(0, 0);
		for (;;)
			++*counter;
	}
	while (!*counter)
		sleep_ms(1);
	must(kill(child, SIGSTOP));
	expect_eq(waitpid(child, &status, WUNTRACED), child);
	expect(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	expect_eq(waitpid(child, &status, WUNTRACED | WNOHANG), 0);
	seen = *counter;
	sleep_ms(60);
	expect_eq(*counter, seen);

	must(kill(child, SIGCONT));
	expect_eq(waitpid(child, &status, WCONTINUED), child);
	expect(WIFCONTINUED(status));
	while (*counter == seen)
		sleep_ms(1);

	must(kill(child, SIGTSTP));
	expect_eq(waitpid(child, &status, WUNTRACED), child);
	expect(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTSTP);
	must(kill(child, SIGTERM));
	expect_eq(waitpid(child, &status, WNOHANG), 0);
	must(kill(child, SIGCONT));
	expect_killed(child, SIGTERM);
	say("stopped, continued, stopped, and ended only when continued");
	return 0;
}
