/*
 * abstract_names.c - names without a file: any bytes, no NUL added, free again at once; and names made by the kernel.
 * mutants: bind=0 connect=0 getsockname=fill(address,4) getpeername=0 listen=0 bind=EINVAL
 */
#include "contract.h"
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#define AT(n) (offsetof(struct sockaddr_un, sun_path) + (n))

int main(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "\0aramid\0x" }, got;
	int a = must(socket(AF_UNIX, SOCK_STREAM, 0)), b = must(socket(AF_UNIX, SOCK_STREAM, 0)), c,
	    d;
	socklen_t size = sizeof(got);

	must(bind(a, (void *)&name, AT(9)));
	memset(&got, 'f', sizeof(got));
	must(getsockname(a, (void *)&got, &size));
	expect_eq(size, AT(9));
	expect(!memcmp(&got, &name, size) && got.sun_path[9] == 'f');
	must_fail(bind(b, (void *)&name, AT(9)), EADDRINUSE);
	must(listen(a, 4));
	must_fail(connect(b, (void *)&name, AT(8)), ECONNREFUSED);
	must_fail(connect(b, (void *)&name, sizeof(name)), ECONNREFUSED);
	c = must(socket(AF_UNIX, SOCK_DGRAM, 0));
	must_fail(connect(c, (void *)&name, AT(9)), ECONNREFUSED);
	must(connect(b, (void *)&name, AT(9)));
	size = sizeof(got);
	must(getpeername(b, (void *)&got, &size));
	expect_eq(size, AT(9));
	d = must(accept(a, NULL, NULL));
	size = sizeof(got);
	must(getsockname(d, (void *)&got, &size));
	expect_eq(size, AT(9));
	must(close(a));
	a = must(socket(AF_UNIX, SOCK_STREAM, 0));
	must(bind(a, (void *)&name, AT(9)));

	/* Only the family: the kernel finds a name of five hexadecimal digits. */
	must(bind(c, (void *)&name, AT(0)));
	size = sizeof(got);
	must(getsockname(c, (void *)&got, &size));
	expect_eq(size, AT(6));
	expect_eq(got.sun_path[0], 0);
	for (int i = 1; i < 6; i++)
		expect(strchr("0123456789abcdef", got.sun_path[i]));
	must(bind(c, (void *)&name, AT(0)));
	must_fail(bind(c, (void *)&name, AT(9)), EINVAL);
	say("abstract names of any bytes, and automatic ones");
	return 0;
}
