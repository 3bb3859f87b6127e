/*
 * sigchld.c - a child's end raises SIGCHLD with its status; ignoring SIGCHLD reaps children by itself.
 * mutants: signal(signo:SIGCHLD)=0 rt_sigsuspend=EINTR wait4=0 rt_sigaction#2=0
 */
#include "contract.h"

static volatile int count, code, status;
static volatile pid_t from;

static void handler(int signo, siginfo_t *info, void *context)
{
	(void)signo;
	(void)context;
	count++;
	code = info->si_code;
	status = info->si_status;
	from = info->si_pid;
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	sigset_t block, none;
	pid_t child;

	must(sigaction(SIGCHLD, &action, NULL));
	sigemptyset(&none);
	sigemptyset(&block);
	sigaddset(&block, SIGCHLD);
	must(sigprocmask(SIG_BLOCK, &block, NULL));
	child = fork_child();
	if (!child)
		_exit(5);
	must_fail(sigsuspend(&none), EINTR);
	expect(count == 1 && code == CLD_EXITED && status == 5 && from == child);
	expect_exit(child, 5);

	child = fork_child();
	if (!child)
		for (;;)
			pause();
	must(kill(child, SIGKILL));
	must_fail(sigsuspend(&none), EINTR);
	expect(count == 2 && code == CLD_KILLED && status == SIGKILL && from == child);
	expect_killed(child, SIGKILL);

	must(sigprocmask(SIG_UNBLOCK, &block, NULL));
	handle(SIGCHLD, SIG_IGN, 0);
	child = fork_child();
	if (!child)
		_exit(0);
	must_fail(waitpid(child, NULL, 0), ECHILD);
	say("exited 5, killed by SIGKILL, and reaped unseen when ignored");
	return 0;
}
