/*
 * nested.c - handlers nest: another signal interrupts, the same one waits, sa_mask and SA_NODEFER hold.
 * mutants: rt_sigaction=0 tgkill=0 signal#2=0 rt_sigprocmask=ENOSYS rt_sigaction=EINVAL
 */
#include "contract.h"

static char trace[64];
static volatile int length, depth;

static void note(char c)
{
	if (length < (int)sizeof(trace) - 1)
		trace[length++] = c;
}

static void outer(int signo)
{
	note('(');
	raise(SIGUSR2);
	raise(SIGHUP);
	if (depth++ == 0)
		raise(signo);
	note(')');
}

static void inner(int signo)
{
	note(signo == SIGUSR2 ? '2' : 'h');
}

static void again(int signo)
{
	note('<');
	if (++depth < 4)
		raise(signo);
	note('>');
}

static void trace_say(const char *what)
{
	say("%s: %s", what, trace);
	memset(trace, 0, sizeof(trace));
	length = depth = 0;
}

int main(void)
{
	struct sigaction action = { .sa_handler = outer };
	sigset_t mask;

	sigaddset(&action.sa_mask, SIGHUP);
	must(sigaction(SIGUSR1, &action, NULL));
	handle(SIGUSR2, inner, 0);
	handle(SIGHUP, inner, 0);
	raise(SIGUSR1);
	trace_say("USR2 interrupts, HUP and USR1 itself wait");

	handle(SIGUSR2, again, SA_NODEFER);
	raise(SIGUSR2);
	trace_say("SA_NODEFER");

	handle(SIGUSR2, inner, SA_RESETHAND);
	raise(SIGUSR2);
	must(sigaction(SIGUSR2, NULL, &action));
	expect(action.sa_handler == SIG_DFL);
	trace_say("SA_RESETHAND");

	must(sigprocmask(SIG_BLOCK, NULL, &mask));
	expect(!sigismember(&mask, SIGUSR1) && !sigismember(&mask, SIGUSR2) &&
	       !sigismember(&mask, SIGHUP));
	return 0;
}
