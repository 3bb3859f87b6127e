/* System calls that read and set clocks, and sleep. */
#include <abi/capability.h>
#include <abi/errno.h>
#include <kernel/cred.h>
#include <kernel/sched.h>

#include "internal.h"

long sys_clock_gettime(unsigned int clock, struct user_ptr time)
{
	u64 ns;
	int error = clock_read((int)clock, &ns);

	return error ? error : timespec_to_user(time, ns);
}

long sys_clock_getres(unsigned int clock, struct user_ptr resolution)
{
	u64 ns;
	int error = clock_read((int)clock, &ns);

	if (error || !resolution.addr)
		return error;
	return timespec_to_user(resolution,
				clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE
					? COARSE_RESOLUTION_NS
					: 1);
}

long sys_clock_settime(unsigned int clock, struct user_ptr time)
{
	u64 ns;
	int error;

	if (clock != CLOCK_REALTIME)
		return -EINVAL;
	error = timespec_from_user(&ns, time);
	if (error)
		return error;
	return capable(CAP_SYS_TIME) ? realtime_set(ns) : -EPERM;
}

long sys_gettimeofday(struct user_ptr tv, struct user_ptr tz)
{
	u64 ns = realtime_ns();
	struct abi_timeval now = { (s64)(ns / NSEC_PER_SEC),
				   (s64)(ns % NSEC_PER_SEC / NSEC_PER_USEC) };
	static const struct abi_timezone utc;

	if (tv.addr && user_write(tv, &now, sizeof(now)))
		return -EFAULT;
	return tz.addr ? user_write(tz, &utc, sizeof(utc)) : 0;
}

long sys_settimeofday(struct user_ptr tv, struct user_ptr tz)
{
	struct abi_timeval new;

	(void)tz; /* the zone is user space's */
	if (!tv.addr)
		return capable(CAP_SYS_TIME) ? 0 : -EPERM;
	if (user_read(&new, tv, sizeof(new)))
		return -EFAULT;
	if (new.tv_sec < 0 || (u64) new.tv_sec > INT64_MAX / NSEC_PER_SEC || new.tv_usec < 0 ||
	    new.tv_usec >= 1000000)
		return -EINVAL;
	if (!capable(CAP_SYS_TIME))
		return -EPERM;
	return realtime_set((u64) new.tv_sec *NSEC_PER_SEC + (u64) new.tv_usec *NSEC_PER_USEC);
}

long sys_time(struct user_ptr time)
{
	u64 seconds = realtime_ns() / NSEC_PER_SEC;

	if (time.addr && user_write_u64(time, seconds))
		return -EFAULT;
	return (long)seconds;
}

/* On no queue: only the deadline or a signal ends the sleep. 0 when the time is up, else -EINTR. */
static int sleep_until_signal(u64 deadline_ns)
{
	int result;

	do {
		task_set_state(TASK_INTERRUPTIBLE);
		result = wait_sleep(SLEEP_INTERRUPTIBLE, deadline_ns);
	} while (!result);
	return result == -ETIMEDOUT ? 0 : result;
}

/* restart.args[0]: user address of the remaining time, 0 if none. */
static long nanosleep_restart(struct restart_block *restart)
{
	struct user_ptr remaining = user_ptr(restart->args[0]);
	u64 now;

	if (!sleep_until_signal(restart->deadline_ns))
		return 0;
	now = clock_ns();
	if (now >= restart->deadline_ns)
		return 0;
	if (remaining.addr && timespec_to_user(remaining, restart->deadline_ns - now))
		return -EFAULT;
	return -ERESTART_RESTARTBLOCK;
}

static long sleep_relative(u64 ns, struct user_ptr remaining)
{
	struct restart_block *restart = &current->restart;

	restart->fn = nanosleep_restart;
	restart->deadline_ns = deadline_after(ns);
	restart->args[0] = remaining.addr;
	return nanosleep_restart(restart);
}

long sys_nanosleep(struct user_ptr request, struct user_ptr remaining)
{
	u64 ns;
	int error = timespec_from_user(&ns, request);

	return error ? error : sleep_relative(ns, remaining);
}

/* An absolute sleep on the wall clock ends when that clock says so; it is looked at again whenever the deadline passes. */
static long sleep_absolute(unsigned int clock, u64 ns)
{
	u64 now;

	for (;;) {
		(void)clock_read((int)clock, &now);
		if (now >= ns)
			return 0;
		if (sleep_until_signal(deadline_after(ns - now)))
			return -ERESTARTNOHAND;
	}
}

long sys_clock_nanosleep(unsigned int clock, u32 flags, struct user_ptr request,
			 struct user_ptr remaining)
{
	u64 ns, now;
	int error;

	if (clock == CLOCK_THREAD_CPUTIME_ID || clock_read((int)clock, &now))
		return -EINVAL;
	if (clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_MONOTONIC_RAW ||
	    clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE)
		return -EOPNOTSUPP;
	error = timespec_from_user(&ns, request);
	if (error)
		return error;
	return flags & TIMER_ABSTIME ? sleep_absolute(clock, ns) : sleep_relative(ns, remaining);
}
