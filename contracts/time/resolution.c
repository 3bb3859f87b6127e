/* resolution.c - clock_getres tells nanoseconds for the fine clocks and refuses unknown ones. */
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
