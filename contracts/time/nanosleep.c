/*
 * nanosleep.c - a sleep lasts at least its time and not wildly more; a signal cuts it and tells the rest.
 * mutants: clock_nanosleep=0 clock_nanosleep=EINTR clock_nanosleep=ENOSYS kill=0
 */
#include "contract.h"
#include "spec.h"

static void handler(int signo)
{
	(void)signo;
}

int main(void)
{
	static const long times_us[] = { 0, 1, 100, 1000, 5000, 20000, 100000 };
	struct timespec rest, left;
	long long begin;
	pid_t child;

	for (size_t i = 0; i < sizeof(times_us) / sizeof(times_us[0]); i++) {
		rest = (struct timespec){ 0, times_us[i] * 1000 };
		begin = now_ns();
		must(nanosleep(&rest, NULL));
		begin = now_ns() - begin;
		expect(begin >= times_us[i] * 1000);
		expect(begin < times_us[i] * 1000 + 1000000000LL);
	}
	handle(SIGUSR1, handler, SA_RESTART);
	child = fork_child();
	if (!child) {
		sleep_ms(50);
		must(kill(getppid(), SIGUSR1));
		_exit(0);
	}
	rest = (struct timespec){ 20, 0 };
	begin = now_ns();
	must_fail(nanosleep(&rest, &left), EINTR);
	begin = now_ns() - begin;
	expect(left.tv_sec >= 10 && left.tv_sec < 20);
	expect(ns_of(left) + begin >= 19990000000LL);
	expect_exit(child, 0);

	must(clock_gettime(CLOCK_MONOTONIC, &rest));
	begin = now_ns();
	rest.tv_nsec += 30000000;
	if (rest.tv_nsec >= 1000000000) {
		rest.tv_nsec -= 1000000000;
		rest.tv_sec++;
	}
	expect_eq(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &rest, NULL), 0);
	expect(now_ns() - begin >= 25000000);
	expect_eq(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &rest, NULL), 0);
	rest = (struct timespec){ 0, 1000000000 };
	must_fail(nanosleep(&rest, NULL), EINVAL);
	rest = (struct timespec){ -1, 0 };
	must_fail(nanosleep(&rest, NULL), EINVAL);
	say("seven lengths, one cut short with its rest, one until a point in time");
	return 0;
}
