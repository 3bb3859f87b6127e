/*
 * timerfd.c - a timer as a file: counts what nobody has read, is waited for, tells its rest, and refuses what makes no sense.
 * mutants: timerfd_create=ENOSYS timerfd_settime=0 timerfd_gettime=0 timerfd_settime=ENOSYS read=0
 */
#include "contract.h"
#include "spec.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

static void once(int clock)
{
	int fd = must(timerfd_create(clock, TFD_CLOEXEC)), poller = must(epoll_create1(0));
	struct itimerspec spec = spec_of(50, 0), now;
	struct epoll_event event = { .events = EPOLLIN };
	struct pollfd entry = { .fd = fd, .events = POLLIN };
	uint64_t ticks = 0;
	long long begin;

	must(timerfd_gettime(fd, &now));
	expect(!ns_of(now.it_value) && !ns_of(now.it_interval));
	must(epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event));
	expect_eq(poll(&entry, 1, 0), 0);
	begin = now_ns();
	must(timerfd_settime(fd, 0, &spec, &now));
	expect(!ns_of(now.it_value));
	must(timerfd_gettime(fd, &now));
	expect(ns_of(now.it_value) > 0 && ns_of(now.it_value) <= 50000000);
	expect_eq(epoll_wait(poller, &event, 1, 5000), 1);
	expect(now_ns() - begin >= 50000000);
	expect_eq(poll(&entry, 1, 0), 1);
	expect_eq(entry.revents, POLLIN);
	expect_eq(read(fd, &ticks, 8), 8);
	expect_eq(ticks, 1);
	expect_eq(poll(&entry, 1, 0), 0);
	must(timerfd_gettime(fd, &now));
	expect(!ns_of(now.it_value));
	/* Blocking read; and an absolute time. */
	must(clock_gettime(clock, &spec.it_value));
	spec.it_value.tv_sec++;
	begin = now_ns();
	must(timerfd_settime(fd, TFD_TIMER_ABSTIME, &spec, NULL));
	spec = spec_of(20, 0);
	must(timerfd_settime(fd, 0, &spec, &now));
	expect(ns_of(now.it_value) > 500000000 && ns_of(now.it_value) <= 1000000000);
	expect_eq(read(fd, &ticks, 8), 8);
	expect(now_ns() - begin >= 20000000);
	/* Long past. */
	spec = spec_of(1, 0);
	must(timerfd_settime(fd, TFD_TIMER_ABSTIME, &spec, NULL));
	expect_eq(read(fd, &ticks, 100), 8);
	expect_eq(ticks, 1);
	close(poller);
	close(fd);
}

static void periodic(void)
{
	int fd = must(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));
	struct itimerspec spec = spec_of(10, 10), now;
	uint64_t ticks = 0, small = 0;

	must(timerfd_settime(fd, 0, &spec, NULL));
	must_fail(read(fd, &ticks, 8), EAGAIN);
	must_fail(read(fd, &small, 7), EINVAL);
	sleep_ms(105);
	must(timerfd_gettime(fd, &now));
	/* On a busy machine it may have run out between two looks at the clock. */
	for (int tries = 0; tries < 5 && !ns_of(now.it_value); tries++)
		must(timerfd_gettime(fd, &now));
	expect_eq(ns_of(now.it_interval), 10000000);
	expect(ns_of(now.it_value) > 0 && ns_of(now.it_value) <= 10000000);
	expect_eq(read(fd, &ticks, 8), 8);
	expect(ticks >= 10);
	/* Setting it forgets what was not read. */
	sleep_ms(30);
	spec = spec_of(0, 10);
	must(timerfd_settime(fd, 0, &spec, NULL));
	must_fail(read(fd, &ticks, 8), EAGAIN);
	must(timerfd_gettime(fd, &now));
	expect(!ns_of(now.it_value));
	must_fail(write(fd, &ticks, 8), EINVAL);
	must_fail(pread(fd, &ticks, 8, 0), ESPIPE);
	close(fd);
}

static void errors(void)
{
	int fd = must(timerfd_create(CLOCK_MONOTONIC, 0)), other = must(open("/dev/null", O_RDWR));
	struct itimerspec spec = { .it_value.tv_nsec = 1000000000 };

	must_fail(timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0), EINVAL);
	must_fail(timerfd_create(CLOCK_MONOTONIC_RAW, 0), EINVAL);
	must_fail(timerfd_create(CLOCK_TAI, 0), EINVAL);
	must_fail(timerfd_create(77, 0), EINVAL);
	must_fail(timerfd_create(CLOCK_MONOTONIC, 1), EINVAL);
	must_fail(timerfd_settime(fd, 0, &spec, NULL), EINVAL);
	spec.it_value = (struct timespec){ -1, 0 };
	must_fail(timerfd_settime(fd, 0, &spec, NULL), EINVAL);
	spec.it_value = (struct timespec){ 1, 0 };
	must_fail(timerfd_settime(fd, 8, &spec, NULL), EINVAL);
	must_fail(timerfd_settime(other, 0, &spec, NULL), EINVAL);
	must_fail(timerfd_settime(-1, 0, &spec, NULL), EBADF);
	must_fail(timerfd_settime(fd, 0, (void *)1, NULL), EFAULT);
	must_fail(timerfd_gettime(fd, (void *)1), EFAULT);
	must_fail(timerfd_gettime(other, &spec), EINVAL);
	must_fail(timerfd_gettime(-1, &spec), EBADF);
	/* Centuries. */
	spec.it_value = (struct timespec){ 0x7fffffffffffffff, 999999999 };
	must(timerfd_settime(fd, 0, &spec, NULL));
	must(timerfd_settime(fd, TFD_TIMER_ABSTIME, &spec, NULL));
	if (!geteuid()) {
		int alarm = must(timerfd_create(CLOCK_BOOTTIME_ALARM, 0));

		close(must(timerfd_create(CLOCK_REALTIME_ALARM, 0)));
		must(setresuid(1000, 1000, 1000));
		must_fail(timerfd_create(CLOCK_BOOTTIME_ALARM, 0), EPERM);
		must_fail(timerfd_settime(alarm, 0, &spec, NULL), EPERM);
	}
}

static void shared_with_child(void)
{
	int fd = must(timerfd_create(CLOCK_MONOTONIC, 0));
	struct itimerspec spec = spec_of(30, 0);
	uint64_t ticks;
	pid_t child;

	must(timerfd_settime(fd, 0, &spec, NULL));
	child = fork_child();
	if (!child) {
		expect_eq(read(fd, &ticks, 8), 8);
		_exit((int)ticks);
	}
	expect_exit(child, 1);
}

int main(void)
{
	once(CLOCK_MONOTONIC);
	once(CLOCK_REALTIME);
	once(CLOCK_BOOTTIME);
	periodic();
	shared_with_child();
	errors();
	say("fires, repeats, counts, refuses");
	return 0;
}
