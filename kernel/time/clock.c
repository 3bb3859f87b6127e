/* The wall clock and the clock ids of the system calls. */
#include <abi/errno.h>
#include <kernel/sched.h>
#include <kernel/vdso.h>

#include "internal.h"

/* As Linux: the clock can be set so that it stays valid for 30 years more. */
#define REALTIME_MAX_NS ((u64)INT64_MAX - 30ULL * 365 * 86400 * NSEC_PER_SEC)

static struct mutex clock_set_lock = MUTEX_INIT(clock_set_lock, RANK_SLEEP_MISC);
static u64 realtime_offset; /* [A] CLOCK_REALTIME - clock_ns, never negative */

u64 realtime_ns(void)
{
	return clock_ns() + READ_ONCE(realtime_offset);
}

u64 realtime_offset_ns(void)
{
	return READ_ONCE(realtime_offset);
}

u64 realtime_deadline(u64 ns)
{
	u64 offset = realtime_offset_ns();

	return ns > offset ? ns - offset : 0;
}

/* clock_set_lock held. */
static int realtime_set_locked(u64 ns)
{
	u64 now = clock_ns();

	if (ns < now || ns > REALTIME_MAX_NS)
		return -EINVAL;
	WRITE_ONCE(realtime_offset, ns - now);
	vdso_set_realtime(ns - now);
	memory_fence(); /* the offset before the watches: see clock_watch_add */
	clock_watches_call();
	return 0;
}

int realtime_set(u64 ns)
{
	int error;

	mutex_lock(&clock_set_lock);
	error = realtime_set_locked(ns);
	mutex_unlock(&clock_set_lock);
	return error;
}

int realtime_step(s64 ns)
{
	u64 now;
	int error = -EINVAL;

	mutex_lock(&clock_set_lock);
	now = realtime_ns();
	if (ns >= 0 ? (u64)ns <= REALTIME_MAX_NS : now > (u64)-ns)
		error = realtime_set_locked(now + (u64)ns);
	mutex_unlock(&clock_set_lock);
	return error;
}

void timekeeping_init(void)
{
	u64 seconds = wall_clock_read();

	clock_watches_init();
	(void)realtime_set_locked(seconds * NSEC_PER_SEC);
}

u64 deadline_after(u64 ns)
{
	u64 deadline;

	if (__builtin_add_overflow(clock_ns(), ns, &deadline))
		return TIMEOUT_NEVER - 1;
	return ns == TIMEOUT_NEVER ? ns : deadline;
}

bool clock_is_realtime(int clock_id)
{
	return clock_id == CLOCK_REALTIME || clock_id == CLOCK_REALTIME_ALARM ||
	       clock_id == CLOCK_REALTIME_COARSE || clock_id == CLOCK_TAI;
}

int clock_read(int clock_id, u64 *ns)
{
	switch (clock_id) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_REALTIME_ALARM:
	case CLOCK_TAI:
		*ns = realtime_ns();
		return 0;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
	case CLOCK_BOOTTIME_ALARM:
		*ns = clock_ns();
		return 0;
	default:
		return cpu_clock_read(clock_id, ns);
	}
}

static int timespec_ns(u64 *ns, const struct abi_timespec *time)
{
	if (time->tv_sec < 0 || time->tv_nsec < 0 || time->tv_nsec >= (s64)NSEC_PER_SEC)
		return -EINVAL;
	if ((u64)time->tv_sec >= INT64_MAX / NSEC_PER_SEC)
		*ns = INT64_MAX;
	else
		*ns = (u64)time->tv_sec * NSEC_PER_SEC + (u64)time->tv_nsec;
	return 0;
}

int timespec_from_user(u64 *ns, struct user_ptr from)
{
	struct abi_timespec time;

	return user_read(&time, from, sizeof(time)) ? -EFAULT : timespec_ns(ns, &time);
}

int itimerspec_from_user(u64 *value, u64 *interval, struct user_ptr from)
{
	struct abi_itimerspec spec;

	if (user_read(&spec, from, sizeof(spec)))
		return -EFAULT;
	return timespec_ns(value, &spec.it_value) || timespec_ns(interval, &spec.it_interval)
		       ? -EINVAL
		       : 0;
}

int itimerspec_to_user(struct user_ptr to, u64 value, u64 interval)
{
	struct abi_itimerspec spec = { timespec_of_ns(interval), timespec_of_ns(value) };

	return user_write(to, &spec, sizeof(spec));
}

int timespec_to_user(struct user_ptr to, u64 ns)
{
	struct abi_timespec time = timespec_of_ns(ns);

	return user_write(to, &time, sizeof(time));
}
