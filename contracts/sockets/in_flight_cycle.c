/*
 * in_flight_cycle.c - sockets that only messages in each other's queues hold are found and closed, and nothing else is.
 * mutants: close=0 sendmsg=0 poll=0 recvmsg=0 poll=1
 */
#include "contract.h"
#include "passing.h"
#include <poll.h>
#include <sys/un.h>

static void pass(int s, const int *fds, int count)
{
	expect_eq(send_files(s, "x", fds, count), 1);
}

static int take(int s)
{
	int fd, count, flags;
	char text;

	expect_eq(receive_files(s, &text, 1, &fd, 1, &count, &flags, 0), 1);
	expect_eq(count, 1);
	return fd;
}

/* Closing a socket makes the kernel look. */
static void provoke(void)
{
	int s[2];

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	must(close(s[0]));
	must(close(s[1]));
}

static bool ends(int fd)
{
	struct pollfd look = { .fd = fd };

	for (int i = 0; i < 100; i++) {
		provoke();
		if (poll(&look, 1, 20) == 1)
			return look.revents & POLLHUP;
	}
	return false;
}

static void cycle_of_one(int type)
{
	int s[2], p[2];

	must(socketpair(AF_UNIX, type, 0, s));
	must(pipe(p));
	pass(s[0], (int[]){ s[1], p[1] }, 2);
	must(close(p[1]));
	must(close(s[1]));
	must(close(s[0]));
	expect(ends(p[0]));
	must(close(p[0]));
}

static void cycle_of_two(void)
{
	int a[2], b[2], p[2];

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, a));
	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, b));
	must(pipe(p));
	pass(a[0], (int[]){ b[1] }, 1);
	pass(b[0], (int[]){ p[1], a[1] }, 2);
	must(close(a[1]));
	must(close(b[1]));
	must(close(p[1]));
	must(close(b[0]));
	must(close(a[0]));
	expect(ends(p[0]));
	must(close(p[0]));
}

/* The message lies with a connection that nobody has accepted, the listener in the message. */
static void cycle_of_listener(void)
{
	struct sockaddr_un address = { AF_UNIX, "\0in flight" };
	int listener = must(socket(AF_UNIX, SOCK_STREAM, 0)),
	    s = must(socket(AF_UNIX, SOCK_STREAM, 0)), p[2];

	must(bind(listener, (void *)&address, 12));
	must(listen(listener, 1));
	must(connect(s, (void *)&address, 12));
	must(pipe(p));
	pass(s, (int[]){ listener, p[1] }, 2);
	must(close(p[1]));
	must(close(listener));
	must(close(s));
	expect(ends(p[0]));
	must(close(p[0]));
}

/* In flight, but what holds it can be read: it stays. */
static void chain(void)
{
	int out[2], in[2], p[2], fd, inner;
	struct pollfd look;

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, out));
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, in));
	must(pipe(p));
	pass(in[0], (int[]){ p[1] }, 1);
	pass(out[0], (int[]){ in[1] }, 1);
	must(close(in[1]));
	must(close(p[1]));
	must(close(in[0]));
	look = (struct pollfd){ .fd = p[0] };
	for (int i = 0; i < 5; i++) {
		provoke();
		expect_eq(poll(&look, 1, 20), 0);
	}
	inner = take(out[1]);
	fd = take(inner);
	expect_eq(write(fd, "k", 1), 1);
	must(close(fd));
	must(close(inner));
	must(close(out[0]));
	must(close(out[1]));
}

int main(void)
{
	cycle_of_one(SOCK_STREAM);
	say("a socket in its own queue is closed");
	cycle_of_one(SOCK_DGRAM);
	cycle_of_one(SOCK_SEQPACKET);
	cycle_of_two();
	say("two sockets in each other's queues are closed");
	cycle_of_listener();
	say("a listener in the queue of its own connection is closed");
	chain();
	say("what can be received stays");
	return 0;
}
