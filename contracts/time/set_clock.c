/*
 * set_clock.c - setting the wall clock forward ends what waits for a moment of it, and nothing else.
 * mutants: clock_adjtime=0 clock_settime=0 clock_settime=EINVAL
 */
#include "asleep.h"
#include <linux/futex.h>
#include <poll.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/timex.h>

static struct timespec wall(long seconds)
{
	struct timespec now;

	must(clock_gettime(CLOCK_REALTIME, &now));
	now.tv_sec += seconds;
	return now;
}

static void set(long seconds)
{
	struct timespec then = wall(seconds);

	must(clock_settime(CLOCK_REALTIME, &then));
}

static pid_t waiting_child(void (*wait)(void))
{
	pid_t child = fork_child();

	if (!child) {
		wait();
		_exit(0);
	}
	return child;
}

static void sleeper(void)
{
	struct timespec then = wall(3600);

	expect_eq(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &then, NULL), 0);
	expect(wall(0).tv_sec >= then.tv_sec);
}

static void futex_waiter(void)
{
	struct timespec then = wall(3600);
	unsigned int word = 0;

	must_fail(syscall(SYS_futex, &word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &then,
			  NULL, FUTEX_BITSET_MATCH_ANY),
		  ETIMEDOUT);
}

static void file_waiter(void)
{
	struct itimerspec spec = { .it_value = wall(3600) };
	int fd = must(timerfd_create(CLOCK_REALTIME, 0));
	uint64_t ticks;

	must(timerfd_settime(fd, TFD_TIMER_ABSTIME, &spec, NULL));
	expect_eq(read(fd, &ticks, 8), 8);
	expect_eq(ticks, 1);
}

/* A day ahead: only the change itself can end it. */
static void cancelled(void)
{
	struct itimerspec spec = { .it_value = wall(86400) };
	int fd = must(timerfd_create(CLOCK_REALTIME, 0));
	struct pollfd entry = { .fd = fd, .events = POLLIN };
	uint64_t ticks;

	must(timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &spec, NULL));
	expect_eq(poll(&entry, 1, 10000), 1);
	must_fail(read(fd, &ticks, 8), ECANCELED);
	expect_eq(poll(&entry, 1, 0), 0);
	must(fcntl(fd, F_SETFL, O_NONBLOCK));
	must_fail(read(fd, &ticks, 8), EAGAIN);
}

/* Not moved by it. */
static void relative(void)
{
	struct timespec rest = { 0, 200000000 };
	long long begin = now_ns();

	expect_eq(clock_nanosleep(CLOCK_REALTIME, 0, &rest, NULL), 0);
	expect(now_ns() - begin >= 200000000);
}

static void all_end(void (*change)(void))
{
	pid_t children[] = { waiting_child(sleeper), waiting_child(futex_waiter),
			     waiting_child(file_waiter), waiting_child(cancelled),
			     waiting_child(relative) };
	long long begin;

	for (int i = 0; i < 5; i++)
		wait_asleep(children[i]);
	begin = now_ns();
	change();
	for (int i = 0; i < 5; i++)
		expect_exit(children[i], 0);
	expect(now_ns() - begin < 10000000000LL);
}

static void by_clock_settime(void)
{
	set(4000);
}

static void by_settimeofday(void)
{
	struct timeval tv = { .tv_sec = wall(4000).tv_sec };

	must(settimeofday(&tv, NULL));
}

static void by_adjtimex(void)
{
	struct timex change = { .modes = ADJ_SETOFFSET | ADJ_NANO, .time = { 4000, 5 } };
	struct timespec before = wall(0);

	expect_eq(adjtimex(&change), TIME_ERROR);
	expect(wall(0).tv_sec - before.tv_sec >= 4000);
}

/* Only where the clock is a virtual machine's of the tests: its command line, and the environment its init gives. */
static bool may_set_clock(void)
{
	char line[512] = { 0 };
	int fd = open("/proc/cmdline", O_RDONLY);
	bool ours = fd >= 0 && read(fd, line, sizeof(line) - 1) > 0 && strstr(line, " panic=-1");

	if (fd >= 0)
		close(fd);
	return ours && getppid() == 1 && getenv("HOME") && !strcmp(getenv("HOME"), "/");
}

int main(void)
{
	struct timex state = { 0 };
	struct timespec bad = { 1, -1 }, before = wall(0);
	long long monotonic = now_ns();

	if (may_set_clock()) {
		all_end(by_clock_settime);
		all_end(by_settimeofday);
		all_end(by_adjtimex);
		expect(now_ns() - monotonic < 30000000000LL);
		expect(wall(0).tv_sec - before.tv_sec >= 12000);
		set(-12000);
		expect(wall(0).tv_sec - before.tv_sec < 60);
		must_fail(clock_settime(CLOCK_REALTIME, &bad), EINVAL);
		state.modes = ADJ_SETOFFSET;
		state.time.tv_usec = 1000000;
		must_fail(adjtimex(&state), EINVAL);
	}
	state = (struct timex){ 0 };
	expect(adjtimex(&state) >= 0);
	expect(llabs(state.time.tv_sec - wall(0).tv_sec) <= 2);
	must_fail(clock_adjtime(CLOCK_MONOTONIC, &state), EOPNOTSUPP);
	must_fail(clock_adjtime(99, &state), EINVAL);
	must_fail(clock_settime(CLOCK_MONOTONIC, &before), EINVAL);
	must_fail(clock_settime(CLOCK_PROCESS_CPUTIME_ID, &before), EINVAL);
	must_fail(clock_settime((clockid_t)-6, &before), EPERM);
	if (!geteuid())
		must(setresuid(1000, 1000, 1000));
	must_fail(clock_settime(CLOCK_REALTIME, &before), EPERM);
	state = (struct timex){ .modes = ADJ_SETOFFSET };
	must_fail(adjtimex(&state), EPERM);
	say("sleepers, futexes and timers of the wall clock end; others do not");
	return 0;
}
