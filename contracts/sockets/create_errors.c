/*
 * create_errors.c - what socket and socketpair refuse, and what is no socket.
 * mutants: socket=3 socketpair=0 bind=0 listen=0 shutdown=0 accept=3 socket=ENOSYS
 */
#include "contract.h"
#include <sys/socket.h>
#include <sys/un.h>

int main(void)
{
	int s[2], plain = file_with("plain", "x");
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	socklen_t size = sizeof(name);

	must_fail(socket(-1, SOCK_STREAM, 0), EAFNOSUPPORT);
	must_fail(socket(AF_MAX + 7, SOCK_STREAM, 0), EAFNOSUPPORT);
	must_fail(socket(AF_UNIX, 0x1000, 0), EINVAL);
	must_fail(socket(AF_UNIX, 0, 0), ESOCKTNOSUPPORT);
	must_fail(socket(AF_UNIX, SOCK_RDM, 0), ESOCKTNOSUPPORT);
	must_fail(socket(AF_UNIX, 12, 0), EINVAL);
	must_fail(socket(AF_UNIX, SOCK_STREAM, 5), EPROTONOSUPPORT);
	must(close(must(socket(AF_UNIX, SOCK_STREAM, AF_UNIX))));
	must(close(must(socket(AF_UNIX, SOCK_RAW, 0))));
	must_fail(socketpair(AF_UNIX, SOCK_STREAM, 0, NULL), EFAULT);
	must_fail(socketpair(AF_UNIX, SOCK_STREAM, 7, s), EPROTONOSUPPORT);
	must_fail(bind(plain, (void *)&name, sizeof(name)), ENOTSOCK);
	must_fail(send(plain, "x", 1, 0), ENOTSOCK);
	must_fail(recv(99, &name, 1, 0), EBADF);
	must_fail(listen(99, 1), EBADF);
	must_fail(getsockname(plain, (void *)&name, &size), ENOTSOCK);
	must_fail(accept4(plain, NULL, NULL, 1), EINVAL);
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s));
	expect_eq(fcntl(s[1], F_GETFL), O_RDWR | O_NONBLOCK);
	must_fail(shutdown(s[0], 3), EINVAL);
	must_fail(shutdown(plain, 0), ENOTSOCK);
	must_fail(listen(s[0], 1), EINVAL);
	must_fail(accept(s[0], NULL, NULL), EINVAL);
	say("families, types, protocols and descriptors that are none");
	return 0;
}
