/* System calls that read and set clocks, and sleep. */
#include <abi/capability.h>
#include <abi/errno.h>
#include <kernel/cred.h>
#include <kernel/sched.h>

#include "internal.h"

int timer_alarm_permitted(void)
{
	return capable(CAP_WAKE_ALARM) ? 0 : -EPERM;
}

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
	if (clock_is_cpu_time((int)clock)
		    ? !cpu_clock_is_fine((int)clock)
		    : clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE)
		return timespec_to_user(resolution, COARSE_RESOLUTION_NS);
	return timespec_to_user(resolution, 1);
}

long sys_clock_settime(unsigned int clock, struct user_ptr time)
{
	u64 ns;
	int error;

	if (clock != CLOCK_REALTIME && (int)clock >= 0)
		return -EINVAL;
	error = timespec_from_user(&ns, time);
	if (error == -EFAULT)
		return error;
	if (clock != CLOCK_REALTIME)
		return clock_read((int)clock, &ns) ? -EINVAL : -EPERM;
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

/* Never disciplined: what Linux says of a clock that nobody keeps in step. */
static struct abi_timex timex_now(bool nanoseconds)
{
	u64 now = realtime_ns();
	u64 fraction = now % NSEC_PER_SEC;

	return (struct abi_timex){
		.maxerror = 16000000,
		.esterror = 16000000,
		.status = STA_UNSYNC | (nanoseconds ? STA_NANO : 0),
		.constant = 2,
		.precision = 1,
		.tolerance = 32768000,
		.tick = 10000,
		.time = { (long)(now / NSEC_PER_SEC),
			  (long)(nanoseconds ? fraction : fraction / NSEC_PER_USEC) },
	};
}

/* Steps by seconds, which may be negative, and a positive fraction. */
static int timex_step(const struct abi_timex *timex)
{
	u64 unit = timex->modes & ADJ_NANO ? 1 : NSEC_PER_USEC;
	s64 ns;

	if (timex->time.tv_usec < 0 || (u64)timex->time.tv_usec >= NSEC_PER_SEC / unit)
		return -EINVAL;
	if (__builtin_mul_overflow(timex->time.tv_sec, (s64)NSEC_PER_SEC, &ns) ||
	    __builtin_add_overflow(ns, timex->time.tv_usec * (s64)unit, &ns))
		return -EINVAL;
	return realtime_step(ns);
}

/* The rate of the clock cannot be changed: whoever wants to is refused. */
long sys_adjtimex(struct user_ptr user_timex)
{
	struct abi_timex timex, now;
	int error = 0;

	if (user_read(&timex, user_timex, sizeof(timex)))
		return -EFAULT;
	if (timex.modes && !capable(CAP_SYS_TIME))
		return -EPERM;
	if (timex.modes & ~(u32)(ADJ_SETOFFSET | ADJ_NANO | ADJ_MICRO))
		return -EINVAL;
	if (timex.modes & ADJ_SETOFFSET)
		error = timex_step(&timex);
	if (error)
		return error;
	now = timex_now(timex.modes & ADJ_NANO);
	now.modes = timex.modes;
	return user_write(user_timex, &now, sizeof(now)) ? -EFAULT : TIME_ERROR;
}

long sys_clock_adjtime(unsigned int clock, struct user_ptr timex)
{
	u64 ns;

	if (clock != CLOCK_REALTIME)
		return clock_read((int)clock, &ns) ? -EINVAL : -EOPNOTSUPP;
	return sys_adjtimex(timex);
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

/* The wall clock may be set meanwhile: then the sleeper is woken, and works out its deadline anew. */
static long sleep_until_realtime(u64 ns)
{
	struct clock_sleeper sleeper;
	int result = 0;

	clock_sleeper_add(&sleeper);
	while (result != -EINTR && realtime_ns() < ns) {
		task_set_state(TASK_INTERRUPTIBLE);
		result = wait_sleep(SLEEP_INTERRUPTIBLE, realtime_deadline(ns));
	}
	clock_watch_remove(&sleeper.watch);
	return realtime_ns() < ns ? -ERESTARTNOHAND : 0;
}

static long sleep_absolute(unsigned int clock, u64 ns)
{
	if (clock_is_realtime((int)clock))
		return sleep_until_realtime(ns);
	return sleep_until_signal(ns) ? -ERESTARTNOHAND : 0;
}

/* The clock does not go faster than all CPUs together, nor is it looked at more often than a tick would. */
static u64 cpu_sleep_step(u64 left)
{
	return MAX(left / cpu_online_count(), 4 * NSEC_PER_MSEC);
}

/* restart.args: where the remaining time goes, the clock, the time on it. */
static long cpu_sleep_restart(struct restart_block *restart)
{
	struct user_ptr remaining = user_ptr(restart->args[0]);
	u64 now, until = restart->args[2];
	int error;

	for (;;) {
		error = clock_read((int)restart->args[1], &now);
		if (error || now >= until)
			return error;
		if (sleep_until_signal(deadline_after(cpu_sleep_step(until - now))))
			break;
	}
	error = clock_read((int)restart->args[1], &now);
	if (error || now >= until)
		return error;
	if (remaining.addr && timespec_to_user(remaining, until - now))
		return -EFAULT;
	return -ERESTART_RESTARTBLOCK;
}

static long cpu_sleep(unsigned int clock, bool absolute, u64 ns, struct user_ptr remaining)
{
	struct restart_block *restart = &current->restart;
	u64 now;
	int error = clock_read((int)clock, &now);
	long result;

	if (error)
		return error;
	restart->fn = cpu_sleep_restart;
	restart->args[0] = absolute ? 0 : remaining.addr;
	restart->args[1] = clock;
	restart->args[2] = absolute ? ns : now + ns;
	result = cpu_sleep_restart(restart);
	return absolute && result == -ERESTART_RESTARTBLOCK ? -ERESTARTNOHAND : result;
}

/* A thread that waits for its own CPU time would wait for ever. */
static bool own_thread_clock(unsigned int clock)
{
	struct task *task;
	bool thread, own;

	if (clock == CLOCK_THREAD_CPUTIME_ID)
		return true;
	if (!clock_is_cpu_time((int)clock))
		return false;
	task = cpu_clock_task((int)clock, &thread);
	if (!task)
		return false;
	own = thread && task == current;
	task_put(task);
	return own;
}

long sys_clock_nanosleep(unsigned int clock, u32 flags, struct user_ptr request,
			 struct user_ptr remaining)
{
	u64 ns, now;
	int error;

	if (clock == CLOCK_MONOTONIC_RAW || clock == CLOCK_REALTIME_COARSE ||
	    clock == CLOCK_MONOTONIC_COARSE || clock == CLOCK_THREAD_CPUTIME_ID)
		return -EOPNOTSUPP;
	if (clock_read((int)clock, &now) && !clock_is_cpu_time((int)clock))
		return -EINVAL;
	error = timespec_from_user(&ns, request);
	if (error)
		return error;
	if (own_thread_clock(clock))
		return -EINVAL;
	if (clock_is_cpu_time((int)clock))
		return cpu_sleep(clock, flags & TIMER_ABSTIME, ns, remaining);
	return flags & TIMER_ABSTIME ? sleep_absolute(clock, ns) : sleep_relative(ns, remaining);
}
