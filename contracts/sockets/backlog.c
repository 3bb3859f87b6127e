/*
 * backlog.c - listening, refusing, a full backlog, accepting what waits, and a listener that goes away.
 * mutants: listen=0 connect=0 accept=EAGAIN poll=0 fcntl=0 listen=backlog=100
 */
#include "contract.h"
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

static struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "listener" };

static int client_make(int flags)
{
	return must(socket(AF_UNIX, SOCK_STREAM | flags, 0));
}

int main(void)
{
	int listener = client_make(0), clients[3], late = client_make(SOCK_NONBLOCK), server;
	struct sockaddr_un peer;
	socklen_t size = sizeof(peer);
	struct pollfd look = { .fd = listener, .events = POLLIN | POLLOUT };
	char c;

	must_fail(connect(late, (void *)&name, sizeof(name)), ENOENT);
	must_fail(listen(listener, 1), EINVAL);
	must(bind(listener, (void *)&name, sizeof(name)));
	must_fail(bind(listener, (void *)&name, sizeof(name)), EADDRINUSE);
	must_fail(connect(late, (void *)&name, sizeof(name)), ECONNREFUSED);
	must(listen(listener, 1));
	expect_eq(poll(&look, 1, 0), 0);
	for (int i = 0; i < 2; i++) {
		clients[i] = client_make(SOCK_NONBLOCK);
		must(connect(clients[i], (void *)&name, sizeof(name)));
	}
	must_fail(connect(late, (void *)&name, sizeof(name)), EAGAIN);
	expect_eq(poll(&look, 1, 0), 1);
	expect_eq(look.revents, POLLIN);
	must_fail(recv(listener, &c, 1, 0), EINVAL);
	must_fail(send(listener, &c, 1, 0), ENOTCONN);
	expect_eq(write(clients[0], "early", 5), 5);

	pid_t pid = fork_child();
	if (!pid) {
		clients[2] = client_make(0);
		must(connect(clients[2], (void *)&name, sizeof(name)));
		expect_eq(write(clients[2], "z", 1), 1);
		expect_eq(read(clients[2], &c, 1), 0);
		_exit(0);
	}
	sleep_ms(20);
	server = must(accept4(listener, (void *)&peer, &size, SOCK_CLOEXEC | SOCK_NONBLOCK));
	expect_eq(size, 2);
	expect_eq(fcntl(server, F_GETFL), O_RDWR | O_NONBLOCK);
	expect_eq(fcntl(server, F_GETFD), FD_CLOEXEC);
	expect_eq(read(server, &c, 1), 1);
	expect_eq(c, 'e');
	must(close(server));
	must(close(must(accept(listener, NULL, NULL))));
	server = must(accept(listener, NULL, NULL));
	expect_eq(read(server, &c, 1), 1);
	expect_eq(c, 'z');
	must(close(server));
	expect_exit(pid, 0);

	must(fcntl(listener, F_SETFL, O_NONBLOCK));
	must_fail(accept(listener, NULL, NULL), EAGAIN);
	must(connect(late, (void *)&name, sizeof(name)));
	must(close(listener));
	must_fail(read(late, &c, 1), ECONNRESET);
	expect_eq(read(late, &c, 1), 0);
	must_fail(connect(clients[0], (void *)&name, sizeof(name)), ECONNREFUSED);
	say("refused, queued, full, accepted in order, reset");
	return 0;
}
