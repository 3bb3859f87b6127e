/*
 * cpu_clocks.c - clocks of CPU time: of processes and threads, by number, how fine they are, and sleeping by them.
 * mutants: clock_gettime=EINVAL clock_getres=0 clock_nanosleep=0 clock_nanosleep=ENOSYS
 */
#include "contract.h"
#include "spec.h"
#include <pthread.h>

static volatile int stop;

static clockid_t id(pid_t pid, int bits)
{
	return (clockid_t)(~(unsigned int)pid << 3) | bits;
}

static void *burn(void *arg)
{
	while (!stop)
		continue;
	return arg;
}

int main(void)
{
	clockid_t process, mine, other, childs;
	struct timespec time, rest = { 0, 50000000 };
	long long before, begin;
	pthread_t thread;
	pid_t child;

	must(pthread_create(&thread, NULL, burn, NULL));
	expect_eq(clock_getcpuclockid(0, &process), 0);
	expect_eq(pthread_getcpuclockid(pthread_self(), &mine), 0);
	expect_eq(pthread_getcpuclockid(thread, &other), 0);
	before = read_clock(other);
	while (read_clock(other) - before < 100000000)
		sleep_ms(5);
	before = read_clock(other);
	expect(read_clock(process) >= before);
	before = read_clock(CLOCK_THREAD_CPUTIME_ID);
	expect(read_clock(CLOCK_PROCESS_CPUTIME_ID) >= before);
	before = read_clock(mine);
	expect(before < read_clock(process));
	/* Linux counts user time in ticks, each of which goes to whoever runs then. */
	before = read_clock(id(getpid(), 1));
	expect(read_clock(id(getpid(), 2)) + 1000000000 > before);
	expect(read_clock(id(0, 0)) + 1000000000 > read_clock(id(0, 2)));
	must(clock_getres(process, &time));
	say("process %ld ns", time.tv_nsec);
	must(clock_getres(mine, &time));
	say("thread %ld ns", time.tv_nsec);
	must(clock_getres(id(0, 1), &time));
	say("user time %ld ns", time.tv_nsec);

	/* The other thread makes the process's clock go. */
	before = read_clock(CLOCK_PROCESS_CPUTIME_ID);
	expect_eq(clock_nanosleep(CLOCK_PROCESS_CPUTIME_ID, 0, &rest, NULL), 0);
	expect(read_clock(CLOCK_PROCESS_CPUTIME_ID) - before >= 50000000);
	before = read_clock(other);
	expect_eq(clock_nanosleep(other, 0, &rest, NULL), 0);
	expect(read_clock(other) - before >= 50000000);
	must(clock_gettime(other, &time));
	time.tv_nsec += 30000000;
	if (time.tv_nsec >= 1000000000) {
		time.tv_nsec -= 1000000000;
		time.tv_sec++;
	}
	expect_eq(clock_nanosleep(other, TIMER_ABSTIME, &time, NULL), 0);
	expect(read_clock(other) >= ns_of(time));
	say("own clock: %s", errno_name((int)-syscall(SYS_clock_nanosleep, CLOCK_THREAD_CPUTIME_ID,
						      0, &rest, NULL) == 1
						? errno
						: 0));
	expect_eq(clock_nanosleep(mine, 0, &rest, NULL), EINVAL);
	expect_eq(clock_nanosleep(CLOCK_MONOTONIC_RAW, 0, &rest, NULL), EOPNOTSUPP);
	expect_eq(clock_nanosleep(CLOCK_MONOTONIC_COARSE, 0, &rest, NULL), EOPNOTSUPP);
	expect_eq(clock_nanosleep(99, 0, &rest, NULL), EINVAL);
	begin = now_ns();
	expect_eq(clock_nanosleep(CLOCK_BOOTTIME, 0, &rest, NULL), 0);
	expect_eq(clock_nanosleep(CLOCK_TAI, 0, &rest, NULL), 0);
	expect(now_ns() - begin >= 100000000);
	stop = 1;
	pthread_join(thread, NULL);

	/* Of another process: the process, but none of its threads. */
	child = fork_child();
	if (!child)
		for (;;)
			continue;
	expect_eq(clock_getcpuclockid(child, &childs), 0);
	while (read_clock(childs) < 50000000)
		sleep_ms(5);
	before = read_clock(childs);
	expect_eq(clock_nanosleep(childs, 0, &rest, NULL), 0);
	expect(read_clock(childs) - before >= 50000000);
	must_fail(clock_gettime(id(child, 6), &time), EINVAL);
	must_fail(clock_gettime(id(child, 3), &time), EINVAL);
	must(kill(child, SIGKILL));
	expect_killed(child, SIGKILL);
	must_fail(clock_gettime(childs, &time), EINVAL);
	must_fail(clock_getres(id(child, 2), &time), EINVAL);
	return 0;
}
