/*
 * sigpipe.c - writing to a stream that nobody reads is SIGPIPE, unless the sender says no.
 * mutants: signal(signo:SIGPIPE)=0 sendto=0 sendto=flags=0 sendto=flags|MSG_NOSIGNAL close=0
 */
#include "contract.h"
#include <sys/socket.h>

static volatile int signals;

static void count(int signo)
{
	(void)signo;
	signals++;
}

int main(void)
{
	int s[2];

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	must(close(s[1]));
	pid_t pid = fork_child();
	if (!pid) {
		(void)!write(s[0], "x", 1);
		_exit(0);
	}
	expect_killed(pid, SIGPIPE);
	handle(SIGPIPE, count, 0);
	must_fail(write(s[0], "x", 1), EPIPE);
	expect_eq(signals, 1);
	must_fail(send(s[0], "x", 1, 0), EPIPE);
	expect_eq(signals, 2);
	must_fail(send(s[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	expect_eq(signals, 2);
	must(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s));
	must(close(s[1]));
	must_fail(send(s[0], "x", 1, 0), EPIPE);
	say("SIGPIPE on streams; on sequences %d more", signals - 2);
	return 0;
}
