/*
 * timers.c - alarm and setitimer raise SIGALRM in time, once or again and again, and can be cancelled.
 * mutants: alarm=0 setitimer=0 getitimer=0 alarm=ENOSYS
 */
#include "contract.h"
#include <sys/time.h>

static volatile int ticks;

static void handler(int signo)
{
	(void)signo;
	ticks++;
}

int main(void)
{
	struct itimerval every = { { 0, 20000 }, { 0, 20000 } }, old, off = { 0 };
	long long begin;

	handle(SIGALRM, handler, 0);
	expect_eq(alarm(100), 0);
	expect(alarm(0) >= 99);
	begin = now_ns();
	expect_eq(alarm(1), 0);
	must_fail(pause(), EINTR);
	expect_eq(ticks, 1);
	expect(now_ns() - begin >= 990000000);
	expect_eq(alarm(0), 0);

	ticks = 0;
	begin = now_ns();
	must(setitimer(ITIMER_REAL, &every, NULL));
	while (ticks < 5)
		pause();
	expect(now_ns() - begin >= 95000000);
	must(getitimer(ITIMER_REAL, &old));
	expect(old.it_interval.tv_sec == 0 && old.it_interval.tv_usec == 20000);
	must(setitimer(ITIMER_REAL, &off, &old));
	expect_eq(old.it_interval.tv_usec, 20000);
	ticks = 0;
	sleep_ms(60);
	expect_eq(ticks, 0);
	off.it_value.tv_usec = 1000000;
	must_fail(setitimer(ITIMER_REAL, &off, NULL), EINVAL);
	say("one alarm after a second, five ticks of 20 ms, silence when cancelled");
	return 0;
}
