/*
 * dgram.c - datagrams keep their borders: truncation is told, empty ones arrive, the queue of a stranger is short.
 * mutants: sendto=0 recvfrom=0 ioctl=0 recvmsg=0 connect=0 bind=0
 */
#include "contract.h"
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

static struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "receiver" };

static void borders(void)
{
	char text[16];
	struct iovec part = { text, 2 };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };
	int s[2], count;

	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, s));
	expect_eq(write(s[0], "first", 5), 5);
	expect_eq(write(s[0], "", 0), 0);
	expect_eq(send(s[0], "third", 5, 0), 5);
	must(ioctl(s[1], FIONREAD, &count));
	expect_eq(count, 5);
	expect_eq(recv(s[1], text, 2, MSG_PEEK), 2);
	expect_eq(recv(s[1], text, 2, MSG_PEEK | MSG_TRUNC), 5);
	expect_eq(recvmsg(s[1], &header, 0), 2);
	expect_eq(header.msg_flags, MSG_TRUNC);
	expect_eq(recv(s[1], text, 16, 0), 0);
	expect_eq(recvmsg(s[1], &header, MSG_TRUNC), 5);
	must_fail(recv(s[1], text, 16, MSG_DONTWAIT), EAGAIN);
	must_fail(send(s[0], map_anon(1 << 20), 1 << 20, 0), EMSGSIZE);
	must(close(s[1]));
	must_fail(send(s[0], "x", 1, 0), ECONNREFUSED);
	must_fail(send(s[0], "x", 1, 0), ENOTCONN);
}

static void queue_length(void)
{
	int to = must(socket(AF_UNIX, SOCK_DGRAM, 0)),
	    from = must(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0));
	struct pollfd look = { .fd = from, .events = POLLOUT };
	int count = 0;
	char c;

	must_fail(sendto(from, "x", 1, 0, (void *)&name, sizeof(name)), ENOENT);
	must_fail(send(from, "x", 1, 0), ENOTCONN);
	must(bind(to, (void *)&name, sizeof(name)));
	must(connect(from, (void *)&name, sizeof(name)));
	while (send(from, "x", 1, 0) == 1)
		count++;
	expect_eq(errno, EAGAIN);
	say("%d messages wait for a stranger", count);
	expect_eq(poll(&look, 1, 0), 0);
	pid_t pid = fork_child();
	if (!pid) {
		sleep_ms(20);
		expect_eq(read(to, &c, 1), 1);
		_exit(0);
	}
	expect_eq(poll(&look, 1, 5000), 1);
	expect(look.revents & POLLOUT);
	expect_exit(pid, 0);
	expect_eq(send(from, "x", 1, 0), 1);
	must_fail(listen(to, 1), EOPNOTSUPP);
	must_fail(accept(to, NULL, NULL), EOPNOTSUPP);
	must(close(to));
	must_fail(send(from, "x", 1, 0), ECONNREFUSED);
	must_fail(connect(from, (void *)&name, sizeof(name)), ECONNREFUSED);
}

static void permission(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "a" },
			   b = { .sun_family = AF_UNIX, .sun_path = "b" };
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	int sa = must(socket(AF_UNIX, SOCK_DGRAM, 0)), sb = must(socket(AF_UNIX, SOCK_DGRAM, 0));
	int other = must(socket(AF_UNIX, SOCK_DGRAM, 0));
	struct sockaddr_un from;
	socklen_t size = sizeof(from);
	char text[8];

	must(bind(sa, (void *)&a, sizeof(a)));
	must(bind(sb, (void *)&b, sizeof(b)));
	must(connect(sa, (void *)&b, sizeof(b)));
	must_fail(sendto(other, "x", 1, 0, (void *)&a, sizeof(a)), EPERM);
	must_fail(connect(other, (void *)&a, sizeof(a)), EPERM);
	expect_eq(sendto(other, "x", 1, 0, (void *)&b, sizeof(b)), 1);
	expect_eq(recvfrom(sb, text, 8, 0, (void *)&from, &size), 1);
	expect_eq(size, 0);
	expect_eq(send(sa, "yz", 2, 0), 2);
	size = sizeof(from);
	expect_eq(recvfrom(sb, text, 8, 0, (void *)&from, &size), 2);
	expect_eq(size, 2 + 1 + 1);
	expect(!strcmp(from.sun_path, "a"));
	must(connect(sa, &none, sizeof(none)));
	must_fail(send(sa, "x", 1, 0), ENOTCONN);
	expect_eq(sendto(other, "x", 1, 0, (void *)&a, sizeof(a)), 1);
}

int main(void)
{
	borders();
	queue_length();
	permission();
	say("borders, truncation, a full receiver, and who may send to whom");
	return 0;
}
