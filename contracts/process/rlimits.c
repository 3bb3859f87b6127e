/*
 * rlimits.c - resource limits are kept, inherited and enforced.
 * mutants: prlimit64=0 prlimit64(limit:0)=fill(old_limit,16) prlimit64=ENOSYS dup=0
 * mutants: prlimit64=EPERM
 */
#include "contract.h"
#include <sys/resource.h>

int main(void)
{
	struct rlimit limit, again;
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
		while (dup(1) >= 0)
			continue;
		expect_eq(errno, EMFILE);
		must_fail(dup2(1, 10), EBADF);
		must_fail(open("/", O_RDONLY), EMFILE);
		_exit(0);
	}
	expect_exit(child, 0);
	limit.rlim_cur = limit.rlim_max + 1;
	must_fail(setrlimit(RLIMIT_NOFILE, &limit), EINVAL);
	must_fail(getrlimit(999, &limit), EINVAL);
	say("ten descriptors and no more");
	return 0;
}
