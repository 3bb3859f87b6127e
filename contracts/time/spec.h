/* spec.h - what the contracts of time share: nanoseconds and milliseconds instead of pairs of numbers. */
#pragma once

static inline long long ns_of(struct timespec time)
{
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static inline long long read_clock(clockid_t clock)
{
	struct timespec time;

	must(clock_gettime(clock, &time));
	return ns_of(time);
}

static inline struct itimerspec spec_of(long value_ms, long interval_ms)
{
	return (struct itimerspec){ .it_value = { value_ms / 1000, value_ms % 1000 * 1000000 },
				    .it_interval = { interval_ms / 1000,
						     interval_ms % 1000 * 1000000 } };
}
