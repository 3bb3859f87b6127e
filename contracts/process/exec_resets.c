/*
 * exec_resets.c - execve closes close-on-exec descriptors only, resets caught signals, keeps ignored and
 * blocked ones, and keeps the process id.
 * mutants: dup3=flags=0 rt_sigaction=0 rt_sigprocmask#1=0 execve#2=0 getpid#2=1
 */
#include "contract.h"

static void nothing(int signo)
{
	(void)signo;
}

static int second(char **argv)
{
	struct sigaction action;
	sigset_t mask;

	expect_eq(getpid(), atoi(argv[2]));
	must(fcntl(20, F_GETFD));
	must_fail(fcntl(21, F_GETFD), EBADF);
	must(sigaction(SIGUSR1, NULL, &action));
	expect(action.sa_handler == SIG_DFL);
	must(sigaction(SIGUSR2, NULL, &action));
	expect(action.sa_handler == SIG_IGN);
	must(sigprocmask(SIG_BLOCK, NULL, &mask));
	expect(sigismember(&mask, SIGHUP));
	expect(!sigismember(&mask, SIGTERM));
	say("new program: descriptors, signals and id as promised");
	return 0;
}

int main(int argc, char **argv)
{
	char id[20];
	char *arguments[] = { argv[0], "second", id, NULL };
	char *none[] = { NULL };
	sigset_t mask;

	if (argc == 3)
		return second(argv);
	must(dup2(1, 20));
	must(dup3(1, 21, O_CLOEXEC));
	handle(SIGUSR1, nothing, 0);
	handle(SIGUSR2, SIG_IGN, 0);
	sigemptyset(&mask);
	sigaddset(&mask, SIGHUP);
	must(sigprocmask(SIG_SETMASK, &mask, NULL));
	snprintf(id, sizeof(id), "%d", getpid());
	execve(argv[0], arguments, none);
	broken("execve: %s", errno_name(errno));
}
