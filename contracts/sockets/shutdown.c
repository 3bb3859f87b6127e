/*
 * shutdown.c - one direction ended: end of file, EPIPE and SIGPIPE, and the bits that poll shows.
 * mutants: shutdown=0 shutdown=ENOSYS poll=0 epoll_wait=0 epoll_ctl=0
 */
#include "contract.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

static int bits(int s)
{
	struct pollfd look = { .fd = s, .events = POLLIN | POLLOUT | POLLRDHUP };

	poll(&look, 1, 0);
	return look.revents;
}

int main(void)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP | EPOLLET }, got;
	int s[2], ep = must(epoll_create1(0));
	char c;

	handle(SIGPIPE, SIG_IGN, 0);
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	expect_eq(bits(s[0]), POLLOUT);
	must(epoll_ctl(ep, EPOLL_CTL_ADD, s[1], &event));
	expect_eq(epoll_wait(ep, &got, 1, 0), 0);
	expect_eq(write(s[0], "x", 1), 1);
	expect_eq(epoll_wait(ep, &got, 1, 0), 1);
	expect_eq(got.events, EPOLLIN);
	expect_eq(epoll_wait(ep, &got, 1, 0), 0);
	must(shutdown(s[0], SHUT_WR));
	expect_eq(epoll_wait(ep, &got, 1, 0), 1);
	expect_eq(got.events, EPOLLIN | EPOLLRDHUP);
	expect_eq(bits(s[0]), POLLOUT);
	expect_eq(bits(s[1]), POLLIN | POLLOUT | POLLRDHUP);
	must_fail(write(s[0], "y", 1), EPIPE);
	expect_eq(read(s[1], &c, 1), 1);
	expect_eq(read(s[1], &c, 1), 0);
	expect_eq(write(s[1], "z", 1), 1);
	expect_eq(read(s[0], &c, 1), 1);
	must(shutdown(s[1], SHUT_WR));
	expect_eq(bits(s[0]), POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
	expect_eq(bits(s[1]), POLLIN | POLLOUT | POLLRDHUP | POLLHUP);

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	must(shutdown(s[0], SHUT_RD));
	must_fail(send(s[1], "x", 1, MSG_NOSIGNAL), EPIPE);
	expect_eq(read(s[0], &c, 1), 0);
	/* Closed with bytes unread: the other end is told once. */
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	expect_eq(write(s[0], "lost", 4), 4);
	must(close(s[1]));
	expect_eq(bits(s[0]), POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR);
	must_fail(read(s[0], &c, 1), ECONNRESET);
	expect_eq(read(s[0], &c, 1), 0);
	/* A datagram pair: nothing crosses but the messages. */
	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, s));
	must(shutdown(s[0], SHUT_RD));
	must_fail(send(s[1], "x", 1, 0), EPIPE);
	must_fail(recv(s[0], &c, 1, MSG_DONTWAIT), EAGAIN);
	expect_eq(recv(s[0], &c, 1, 0), 0);
	expect_eq(bits(s[1]), POLLOUT);
	must(shutdown(must(socket(AF_UNIX, SOCK_STREAM, 0)), SHUT_WR));
	say("ends of a direction, of both, and of a socket");
	return 0;
}
