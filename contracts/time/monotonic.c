/*
 * monotonic.c - CLOCK_MONOTONIC never goes back, on one CPU or when the task moves, and does advance.
 * mutants: clock_gettime=0 clock_gettime#500=fill(time,8) clock_gettime=EINVAL
 */
#include "contract.h"

static void watch(void)
{
	long long last = now_ns(), begin = last;
	int steps = 0;

	for (int i = 0; i < 20000; i++) {
		long long now = now_ns();

		expect(now >= last);
		steps += now > last;
		last = now;
		if (i % 1000 == 0)
			sched_yield();
	}
	expect(steps > 1000);
	expect(last - begin < 20000000000LL);
}

int main(void)
{
	struct timespec raw, boot, coarse, now;
	volatile long long *stamp = map_shared(PAGE);
	pid_t children[4];

	for (int i = 0; i < 4; i++) {
		children[i] = fork_child();
		if (!children[i]) {
			watch();
			_exit(0);
		}
	}
	for (int i = 0; i < 4; i++)
		expect_exit(children[i], 0);
	for (int i = 0; i < 50; i++) {
		pid_t child;

		*stamp = now_ns();
		child = fork_child();
		if (!child) {
			expect(now_ns() >= *stamp);
			*stamp = now_ns();
			_exit(0);
		}
		expect_exit(child, 0);
		expect(now_ns() >= *stamp);
	}
	must(clock_gettime(CLOCK_MONOTONIC_RAW, &raw));
	must(clock_gettime(CLOCK_BOOTTIME, &boot));
	must(clock_gettime(CLOCK_MONOTONIC_COARSE, &coarse));
	must(clock_gettime(CLOCK_MONOTONIC, &now));
	expect(boot.tv_sec - now.tv_sec <= 1 && now.tv_sec - coarse.tv_sec <= 1);
	must_fail(clock_gettime(999, &now), EINVAL);
	say("four watchers and fifty hand-overs saw no step back");
	return 0;
}
