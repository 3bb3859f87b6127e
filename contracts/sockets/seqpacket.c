/*
 * seqpacket.c - a sequence is connected as a stream is and keeps borders as datagrams do.
 * mutants: bind=0 connect=0 listen=0 recvfrom=0 poll=0 sendto=0
 */
#include "contract.h"
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

int main(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "seq" };
	int listener = must(socket(AF_UNIX, SOCK_SEQPACKET, 0)),
	    client = must(socket(AF_UNIX, SOCK_SEQPACKET, 0)), server;
	struct pollfd look = { .fd = client, .events = POLLIN | POLLOUT | POLLRDHUP };
	char text[16];

	must_fail(send(client, "x", 1, 0), ENOTCONN);
	must_fail(recv(client, text, 1, 0), ENOTCONN);
	expect_eq(poll(&look, 1, 0), 1);
	expect(look.revents & POLLHUP);
	must(bind(listener, (void *)&name, sizeof(name)));
	must_fail(connect(client, (void *)&name, sizeof(name)), ECONNREFUSED);
	must(listen(listener, 3));
	must(connect(client, (void *)&name, sizeof(name)));
	must_fail(connect(client, (void *)&name, sizeof(name)), EISCONN);
	server = must(accept(listener, NULL, NULL));
	expect_eq(write(client, "one", 3), 3);
	expect_eq(write(client, "three", 5), 5);
	expect_eq(recv(server, text, 2, 0), 2);
	expect_eq(recv(server, text, 16, 0), 5);
	expect(!memcmp(text, "three", 5));
	expect_eq(write(server, "left", 4), 4);
	must(close(server));
	expect_eq(poll(&look, 1, 0), 1);
	expect_eq(look.revents, POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
	expect_eq(read(client, text, 16), 4);
	expect_eq(read(client, text, 16), 0);
	handle(SIGPIPE, SIG_IGN, 0);
	must_fail(write(client, "x", 1), EPIPE);
	say("connected, with borders, then at its end");
	return 0;
}
