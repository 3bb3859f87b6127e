/*
 * exit_status.c - wait tells a child's exit status, its low eight bits, or the signal that ended it.
 * mutants: wait4=fill(status,4) exit_group=status+1 kill=0 waitid=0 exit_group=status=0
 */
#include "contract.h"

int main(void)
{
	static const int codes[] = { 0, 1, 42, 255, 256 + 7, -1 };
	pid_t child;
	siginfo_t info;

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		child = fork_child();
		if (!child)
			_exit(codes[i]);
		expect_exit(child, codes[i] & 255);
	}
	child = fork_child();
	if (!child)
		for (;;)
			pause();
	must(kill(child, SIGTERM));
	expect_killed(child, SIGTERM);

	child = fork_child();
	if (!child)
		_exit(9);
	must(waitid(P_PID, child, &info, WEXITED | WNOWAIT));
	expect_eq(info.si_pid, child);
	expect_eq(info.si_code, CLD_EXITED);
	expect_eq(info.si_status, 9);
	expect_exit(child, 9);
	say("six exit codes, one signal, waitid without reaping");
	return 0;
}
