/* The wall clock and the clock ids of the system calls. */
#include <abi/errno.h>
#include <kernel/sched.h>
#include <kernel/vdso.h>

/* As Linux: the clock can be set so that it stays valid for 30 years more. */
#define REALTIME_MAX_NS ((u64)INT64_MAX - 30ULL * 365 * 86400 * NSEC_PER_SEC)

static u64 realtime_offset; /* [A] CLOCK_REALTIME - clock_ns, never negative */

u64 realtime_ns(void)
{
	return clock_ns() + READ_ONCE(realtime_offset);
}

u64 realtime_offset_ns(void)
{
	return READ_ONCE(realtime_offset);
}

int realtime_set(u64 ns)
{
	u64 now = clock_ns();

	if (ns < now || ns > REALTIME_MAX_NS)
		return -EINVAL;
	WRITE_ONCE(realtime_offset, ns - now);
	vdso_set_realtime(ns - now);
	return 0;
}

void timekeeping_init(void)
{
	u64 seconds = wall_clock_read();

	(void)realtime_set(seconds * NSEC_PER_SEC);
}

u64 deadline_after(u64 ns)
{
	u64 deadline;

	if (__builtin_add_overflow(clock_ns(), ns, &deadline))
		return TIMEOUT_NEVER - 1;
	return ns == TIMEOUT_NEVER ? ns : deadline;
}

static u64 process_cpu_ns(void)
{
	u64 user, system;

	process_times(current->process, &user, &system);
	return user + system;
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
	case CLOCK_PROCESS_CPUTIME_ID:
		*ns = process_cpu_ns();
		return 0;
	case CLOCK_THREAD_CPUTIME_ID:
		*ns = task_runtime_ns(current);
		return 0;
	default:
		return -EINVAL;
	}
}

int timespec_from_user(u64 *ns, struct user_ptr from)
{
	struct abi_timespec time;

	if (user_read(&time, from, sizeof(time)))
		return -EFAULT;
	if (time.tv_sec < 0 || time.tv_nsec < 0 || time.tv_nsec >= (s64)NSEC_PER_SEC)
		return -EINVAL;
	if ((u64)time.tv_sec >= INT64_MAX / NSEC_PER_SEC)
		*ns = INT64_MAX;
	else
		*ns = (u64)time.tv_sec * NSEC_PER_SEC + (u64)time.tv_nsec;
	return 0;
}

int timespec_to_user(struct user_ptr to, u64 ns)
{
	struct abi_timespec time = timespec_of_ns(ns);

	return user_write(to, &time, sizeof(time));
}
