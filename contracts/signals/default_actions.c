/*
 * default_actions.c - what each signal does by default, and the faults that raise their own.
 * mutants: kill=0 signal=0 signal=SIGTERM wait4=fill(status,4) signal(signo:SIGSEGV)=SIGBUS
 */
#include "contract.h"

static void fault(int signo)
{
	switch (signo) {
	case SIGSEGV:
		*(volatile char *)8 = 1;
		break;
	case SIGILL:
		__asm__ volatile("ud2");
		break;
	case SIGFPE:
		__asm__ volatile("xorl %%ecx, %%ecx; divl %%ecx" ::: "eax", "ecx", "edx");
		break;
	case SIGTRAP:
		__asm__ volatile("int3");
		break;
	}
}

int main(void)
{
	static const int terminate[] = {
		SIGHUP,	 SIGINT,  SIGQUIT,   SIGABRT, SIGUSR1, SIGUSR2, SIGPIPE, SIGALRM,
		SIGTERM, SIGXCPU, SIGVTALRM, SIGPROF, SIGIO,   SIGPWR,	SIGSYS,	 SIGKILL,
	};
	static const int ignore[] = { SIGCHLD, SIGURG, SIGWINCH, SIGCONT };
	static const int faults[] = { SIGSEGV, SIGILL, SIGFPE, SIGTRAP };
	pid_t child;

	for (size_t i = 0; i < sizeof(terminate) / sizeof(terminate[0]); i++) {
		child = fork_child();
		if (!child) {
			kill(getpid(), terminate[i]);
			_exit(0);
		}
		expect_killed(child, terminate[i]);
	}
	for (size_t i = 0; i < sizeof(ignore) / sizeof(ignore[0]); i++)
		must(kill(getpid(), ignore[i]));
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		child = fork_child();
		if (!child) {
			fault(faults[i]);
			_exit(0);
		}
		expect_killed(child, faults[i]);
	}
	child = fork_child();
	if (!child) {
		signal(SIGSEGV, SIG_IGN);
		fault(SIGSEGV);
		_exit(0);
	}
	expect_killed(child, SIGSEGV);
	say("16 end, 4 do nothing, 4 faults kill, an ignored fault kills too");
	return 0;
}
