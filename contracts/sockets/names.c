/*
 * names.c - path names: the inode made, lengths told, truncation to the caller's room, errors.
 * mutants: bind=0 getsockname=0 getpeername=0 connect=0 unlink=0 umask=0
 */
#include "contract.h"
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#define AT(n) (offsetof(struct sockaddr_un, sun_path) + (n))

int main(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "here" }, got;
	struct {
		struct sockaddr_un name;
		char more[20];
	} longest = { .name.sun_family = AF_UNIX };
	int a = must(socket(AF_UNIX, SOCK_STREAM, 0)), b = must(socket(AF_UNIX, SOCK_STREAM, 0)),
	    plain;
	socklen_t size = sizeof(got);
	struct stat stat_buffer;
	char big[256];

	must(getsockname(a, (void *)&got, &size));
	expect_eq(size, 2);
	expect_eq(got.sun_family, AF_UNIX);
	size = sizeof(got);
	must_fail(getpeername(a, (void *)&got, &size), ENOTCONN);
	must_fail(bind(a, (void *)&name, 1), EINVAL);
	must_fail(bind(a, (void *)&name, sizeof(name) + 1), EINVAL);
	must_fail(bind(a, (void *)&name, 500), EINVAL);
	must_fail(bind(a, (void *)8, sizeof(name)), EFAULT);
	name.sun_family = AF_INET;
	must_fail(bind(a, (void *)&name, sizeof(name)), EINVAL);
	name.sun_family = AF_UNIX;
	plain = file_with("plain", "");
	umask(027);
	must(bind(a, (void *)&name, sizeof(name)));
	must(stat("here", &stat_buffer));
	expect(S_ISSOCK(stat_buffer.st_mode));
	say("mode %o", stat_buffer.st_mode & 07777);
	must_fail(open("here", O_RDWR), ENXIO);
	must_fail(bind(b, (void *)&name, sizeof(name)), EADDRINUSE);
	must_fail(bind(a, (void *)&name, sizeof(name)), EADDRINUSE);
	strcpy(name.sun_path, "second");
	must_fail(bind(a, (void *)&name, sizeof(name)), EINVAL);
	must_fail(access("second", F_OK), ENOENT);

	memset(&got, 'f', sizeof(got));
	size = sizeof(got);
	must(getsockname(a, (void *)&got, &size));
	expect_eq(size, AT(5));
	expect(!strcmp(got.sun_path, "here") && got.sun_path[5] == 'f');
	memset(&got, 'f', sizeof(got));
	size = 4;
	must(getsockname(a, (void *)&got, &size));
	expect_eq(size, AT(5));
	expect(!memcmp(got.sun_path, "heff", 4));
	size = -1;
	must_fail(getsockname(a, (void *)&got, &size), EINVAL);
	must_fail(getsockname(a, (void *)&got, NULL), EFAULT);
	size = sizeof(got);
	must_fail(getsockname(a, (void *)8, &size), EFAULT);

	must(listen(a, 5));
	must(symlink("here", "link"));
	strcpy(name.sun_path, "link");
	must(connect(b, (void *)&name, sizeof(name)));
	size = sizeof(got);
	must(getpeername(b, (void *)&got, &size));
	expect(!strcmp(got.sun_path, "here"));
	b = must(socket(AF_UNIX, SOCK_DGRAM, 0));
	must_fail(connect(b, (void *)&name, sizeof(name)), EPROTOTYPE);
	strcpy(name.sun_path, "plain");
	must_fail(connect(b, (void *)&name, sizeof(name)), ECONNREFUSED);
	strcpy(name.sun_path, "plain/x");
	must_fail(connect(b, (void *)&name, sizeof(name)), ENOTDIR);
	must_fail(bind(b, (void *)&name, sizeof(name)), ENOTDIR);
	must(unlink("here"));
	b = must(socket(AF_UNIX, SOCK_STREAM, 0));
	strcpy(name.sun_path, "link");
	must_fail(connect(b, (void *)&name, sizeof(name)), ENOENT);

	/* All 108 bytes may be used: the NUL is then behind the struct. */
	memset(longest.name.sun_path, 'l', 108);
	must(bind(b, (void *)&longest, sizeof(longest.name)));
	size = sizeof(big);
	must(getsockname(b, (void *)big, &size));
	expect_eq(size, 2 + 108 + 1);
	expect_eq(big[110], 0);
	must(close(plain));
	say("a socket in the file system, its name and length");
	return 0;
}
