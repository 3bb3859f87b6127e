/*
 * orphan_no_stop.c - in an orphaned process group, where nobody could continue it, the terminal's stop
 * signals do nothing, while SIGSTOP stops; a group that becomes orphaned while stopped gets SIGHUP.
 * mutants: setpgid=0 kill=0 signal(signo:SIGHUP)=0 wait4=fill(status,4)
 */
#include "contract.h"

int main(void)
{
	pid_t child, leader;
	int status, pipe_fds[2];
	char byte;

	child = fork_child();
	if (!child) {
		must(setsid());
		must(kill(getpid(), SIGTSTP));
		must(kill(getpid(), SIGTTIN));
		must(kill(getpid(), SIGTTOU));
		must(kill(getpid(), SIGSTOP));
		_exit(6);
	}
	expect_eq(waitpid(child, &status, WUNTRACED), child);
	expect(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	must(kill(child, SIGCONT));
	expect_exit(child, 6);

	must(pipe(pipe_fds));
	leader = fork_child();
	if (!leader) {
		must(setsid());
		child = fork_child();
		if (!child) {
			must(setpgid(0, 0));
			must(kill(getpid(), SIGSTOP));
			must(write(pipe_fds[1], "x", 1)); /* continued, but not hung up */
			_exit(0);
		}
		expect_eq(waitpid(child, &status, WUNTRACED), child);
		_exit(0);
	}
	close(pipe_fds[1]);
	expect_exit(leader, 0);
	expect_eq(read(pipe_fds[0], &byte, 1), 0);
	say("only SIGSTOP stops an orphan; the stopped orphan was hung up");
	return 0;
}
