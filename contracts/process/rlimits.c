/*
 * rlimits.c - resource limits are kept, inherited and enforced.
 * mutants: prlimit64=0 prlimit64(limit:0)=fill(old_limit,16) prlimit64=ENOSYS dup=0
 * mutants: prlimit64=EPERM
 */
#include "contract.h"
#include <sys/resource.h>
#include <sys/socket.h>

/* All descriptors up to `last` are in use. What needs two and fails leaves none. */
static void two_or_none(int last)
{
	int fds[2];

	must(close(last));
	must_fail(pipe(fds), EMFILE);
	must_fail(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), EMFILE);
	must(close(last - 1));
	must_fail(pipe((int *)1), EFAULT);
	must_fail(socketpair(AF_UNIX, SOCK_STREAM, 0, (int *)1), EFAULT);
	must_fail(socketpair(AF_UNIX, SOCK_STREAM, 7, fds), EPROTONOSUPPORT);
	must(pipe(fds));
	expect_eq(fds[0], last - 1);
	expect_eq(fds[1], last);
}

int main(void)
{
	struct rlimit limit, again;
	int fd, last = -1;
	pid_t child;

	must(getrlimit(RLIMIT_STACK, &limit));
	expect_eq(limit.rlim_cur, 8 << 20);
	must(getrlimit(RLIMIT_NOFILE, &limit));
	expect(limit.rlim_cur >= 256 && limit.rlim_cur <= limit.rlim_max);
	limit.rlim_cur = 10;
	must(setrlimit(RLIMIT_NOFILE, &limit));
	child = fork_child();
	if (!child) {
		must(getrlimit(RLIMIT_NOFILE, &again));
		expect_eq(again.rlim_cur, 10);
		expect_eq(again.rlim_max, limit.rlim_max);
		while ((fd = dup(1)) >= 0)
			last = fd;
		expect_eq(errno, EMFILE);
		must_fail(dup2(1, 10), EBADF);
		must_fail(open("/", O_RDONLY), EMFILE);
		two_or_none(last);
		_exit(0);
	}
	expect_exit(child, 0);
	limit.rlim_cur = limit.rlim_max + 1;
	must_fail(setrlimit(RLIMIT_NOFILE, &limit), EINVAL);
	must_fail(getrlimit(999, &limit), EINVAL);
	say("ten descriptors and no more");
	return 0;
}
