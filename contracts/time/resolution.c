/*
 * resolution.c - clock_getres tells nanoseconds for the fine clocks and refuses unknown ones.
 * mutants: clock_getres=0 clock_getres=ENOSYS clock_getres=fill(resolution,16)
 */
#include "contract.h"

int main(void)
{
	struct timespec res = { 9, 9 };

	must(clock_getres(CLOCK_MONOTONIC, &res));
	say("monotonic %ld.%09ld", (long)res.tv_sec, res.tv_nsec);
	must(clock_getres(CLOCK_REALTIME, &res));
	say("realtime %ld.%09ld", (long)res.tv_sec, res.tv_nsec);
	must(clock_getres(CLOCK_REALTIME, NULL));
	must_fail(clock_getres(999, &res), EINVAL);
	return 0;
}
