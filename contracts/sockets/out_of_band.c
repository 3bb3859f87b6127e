/*
 * out_of_band.c - MSG_OOB on a stream: one byte that is taken by itself, a mark where it was, SIGURG and POLLPRI for it.
 * mutants: sendto(flags:1)=0 recvfrom(flags:1)=0 recvfrom(flags:1)=EINVAL setsockopt=0 ioctl=0 poll=0 fcntl(command:8)=0
 * mutants: sendto(flags:1)=EOPNOTSUPP sendto(flags:1)=flags=0 ioctl(command:0x8905)=EINVAL
 */
#include "asleep.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static int from, to;

static void pair_new(void)
{
	int pair[2];

	if (from)
		close(from), close(to);
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	from = pair[0];
	to = pair[1];
}

static void in_line(int on)
{
	must(setsockopt(to, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on)));
}

static void put(const char *text, int flags)
{
	expect_eq(send(from, text, strlen(text), flags), strlen(text));
}

static void take(const char *when, size_t size, int flags)
{
	char text[100];
	struct iovec part = { text, size };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t got = recvmsg(to, &message, flags | MSG_DONTWAIT);

	if (got < 0)
		say("%s: %s%s: %s", when, flags & MSG_OOB ? "urgent" : "read",
		    flags & MSG_PEEK ? ", peek" : "", errno_name(errno));
	else
		say("%s: %s%s: %.*s%s", when, flags & MSG_OOB ? "urgent" : "read",
		    flags & MSG_PEEK ? ", peek" : "", (int)got, text,
		    message.msg_flags & MSG_OOB ? " (MSG_OOB)" : "");
}

static void tell(const char *when)
{
	struct pollfd one = { to, POLLIN | POLLPRI | POLLRDBAND, 0 };
	int mark = -1, bytes = -1;

	must(poll(&one, 1, 0));
	must(ioctl(to, 0x8905, &mark)); /* SIOCATMARK */
	must(ioctl(to, FIONREAD, &bytes));
	say("%s: %s%s, %s mark, %d bytes", when, one.revents & POLLIN ? "POLLIN " : "",
	    one.revents & POLLPRI ? "POLLPRI" : "no POLLPRI", mark ? "at the" : "not at the", bytes);
}

static void taking(void)
{
	pair_new();
	take("nothing sent", 1, MSG_OOB);
	put("abX", MSG_OOB);
	tell("abX");
	take("abX", 10, MSG_OOB | MSG_PEEK);
	take("abX", 10, MSG_PEEK);
	take("abX", 10, 0);
	tell("up to the mark");
	take("at the mark", 10, MSG_PEEK);
	take("at the mark", 10, MSG_OOB);
	tell("X was taken");
	take("X was taken", 10, MSG_OOB);
	take("X was taken", 10, MSG_PEEK);
	take("X was taken", 10, 0);
	tell("all is read");

	pair_new();
	put("abX", MSG_OOB);
	put("cd", 0);
	take("abX cd", 1, 0);
	take("abX cd", 10, MSG_OOB);
	tell("X taken early");
	take("X taken early", 10, MSG_PEEK);
	take("X taken early", 10, 0);
	tell("behind it");
	take("behind it", 10, 0);
	take("the end", 10, 0);

	pair_new();
	put("X", MSG_OOB);
	put("cd", 0);
	tell("X cd");
	take("X cd", 10, MSG_OOB);
	tell("X taken at once");
	take("X taken at once", 10, MSG_PEEK);
	take("X taken at once", 10, 0);
	take("X taken at once", 10, 0);
}

static void passing(void)
{
	/* Who reads on loses it. */
	pair_new();
	put("abX", MSG_OOB);
	put("cd", 0);
	take("not taken", 10, 0);
	tell("not taken");
	take("not taken", 10, 0);
	take("read past", 10, MSG_OOB);
	tell("read past");

	pair_new();
	put("X", MSG_OOB);
	put("cd", 0);
	take("first", 10, MSG_PEEK);
	take("first", 10, 0);
	tell("first");

	pair_new();
	put("X", MSG_OOB);
	take("alone", 10, 0);
	tell("alone, read");

	/* A second one makes the first a byte as others. */
	pair_new();
	put("abX", MSG_OOB);
	put("cdY", MSG_OOB);
	tell("two");
	take("two", 10, MSG_OOB);
	take("two", 10, 0);
	tell("two, read");
	take("two, read", 10, 0);
	take("two, over", 10, 0);
}

static void lines(void)
{
	pair_new();
	in_line(1);
	put("abX", MSG_OOB);
	put("cd", 0);
	tell("in line");
	take("in line", 10, MSG_OOB);
	take("in line", 10, 0);
	tell("in line, at the mark");
	take("in line, at the mark", 10, MSG_PEEK);
	take("in line, at the mark", 10, 0);
	tell("in line, behind");
	take("in line, behind", 10, 0);
}

static volatile int urgent;

static void handler(int signo)
{
	(void)signo;
	urgent++;
}

static void signals(void)
{
	struct epoll_event event = { .events = EPOLLPRI }, seen;
	int set = must(epoll_create1(0));

	pair_new();
	handle(SIGURG, handler, 0);
	put("X", MSG_OOB);
	expect_eq(urgent, 0);
	must(fcntl(to, F_SETOWN, getpid()));
	put("Y", MSG_OOB);
	expect_eq(urgent, 1);
	put("y", 0);
	expect_eq(urgent, 1);
	say("SIGURG to the owner");

	pair_new();
	must(epoll_ctl(set, EPOLL_CTL_ADD, to, &event));
	expect_eq(epoll_wait(set, &seen, 1, 0), 0);
	put("abc", 0);
	expect_eq(epoll_wait(set, &seen, 1, 0), 0);
	put("Z", MSG_OOB);
	expect_eq(epoll_wait(set, &seen, 1, 1000), 1);
	expect_eq(seen.events, EPOLLPRI);
	say("EPOLLPRI");
	must(close(set));
}

/* A peek that waits does not see it, and does not spin. */
static void waiting(void)
{
	struct timespec before, after;
	char bytes[10];
	pid_t child;

	pair_new();
	put("X", MSG_OOB);
	child = fork_child();
	if (!child) {
		wait_asleep(getppid());
		sleep_ms(150);
		put("cd", 0);
		_exit(0);
	}
	must(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before));
	expect_eq(recv(to, bytes, sizeof(bytes), MSG_PEEK), 2);
	must(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after));
	expect((after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec <
	       100000000);
	expect_eq(recv(to, bytes, sizeof(bytes), MSG_OOB), 1);
	expect_eq(recv(to, bytes, sizeof(bytes), 0), 2);
	expect_exit(child, 0);
	pair_new();
	put("X", MSG_OOB);
	must(shutdown(from, SHUT_WR));
	expect_eq(recv(to, bytes, sizeof(bytes), MSG_PEEK), 0);
	expect_eq(recv(to, bytes, sizeof(bytes), 0), 0);
	say("waiting");
}

static volatile int broken_pipes;

static void pipe_broken(int signo)
{
	(void)signo;
	broken_pipes++;
}

static void errors(void)
{
	int pair[2], mark;
	char byte;

	pair_new();
	must_fail(send(from, "", 0, MSG_OOB), EOPNOTSUPP);
	must(shutdown(to, SHUT_RD));
	must_fail(send(from, "x", 1, MSG_OOB | MSG_NOSIGNAL), EPIPE);
	must(signal(SIGPIPE, pipe_broken) == SIG_ERR ? -1 : 0);
	must_fail(send(from, "x", 1, MSG_OOB), EPIPE);
	say("SIGPIPE: %d", broken_pipes);
	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
	must_fail(send(pair[0], "x", 1, MSG_OOB), EOPNOTSUPP);
	must_fail(recv(pair[1], &byte, 1, MSG_OOB | MSG_DONTWAIT), EOPNOTSUPP);
	must_fail(ioctl(pair[1], 0x8905, &mark), EOPNOTSUPP);
	must_fail(ioctl(to, 0x8905, NULL), EFAULT);
	must(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
	must_fail(send(pair[0], "x", 1, MSG_OOB), EOPNOTSUPP);
	must_fail(ioctl(pair[1], 0x8905, &mark), EOPNOTSUPP);
	say("errors");
}

int main(void)
{
	taking();
	passing();
	lines();
	signals();
	waiting();
	errors();
	return 0;
}
