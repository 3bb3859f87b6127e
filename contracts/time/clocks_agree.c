/*
 * clocks_agree.c - gettimeofday, time and clock_gettime tell the same time, by vDSO and by system call.
 * mutants: clock_gettime=0 gettimeofday=0 clock_gettime=fill(time,8) gettimeofday=fill(tv,8)
 * mutants: gettimeofday=ENOSYS
 */
#include "contract.h"
#include <sys/time.h>

int main(void)
{
	struct timespec a, b, raw;
	struct timeval middle, raw_middle;
	long long low, high;

	for (int i = 0; i < 200; i++) {
		must(clock_gettime(CLOCK_REALTIME, &a));
		must(gettimeofday(&middle, NULL));
		must(syscall(SYS_clock_gettime, CLOCK_REALTIME, &raw));
		must(syscall(SYS_gettimeofday, &raw_middle, NULL));
		must(clock_gettime(CLOCK_REALTIME, &b));
		low = a.tv_sec * 1000000LL + a.tv_nsec / 1000;
		high = b.tv_sec * 1000000LL + b.tv_nsec / 1000;
		expect(middle.tv_sec * 1000000LL + middle.tv_usec >= low);
		expect(middle.tv_sec * 1000000LL + middle.tv_usec <= high);
		expect(raw_middle.tv_sec * 1000000LL + raw_middle.tv_usec >= low);
		expect(raw.tv_sec * 1000000LL + raw.tv_nsec / 1000 >= low);
		expect(raw.tv_sec * 1000000LL + raw.tv_nsec / 1000 <= high);
	}
	expect(llabs((long long)time(NULL) - b.tv_sec) <= 1);
	expect(b.tv_sec > 1500000000);
	say("200 times in order, to the microsecond");
	return 0;
}
