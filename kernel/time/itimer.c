/*
 * Interval timers of a process: ITIMER_REAL on a timer of its own, ITIMER_VIRTUAL and ITIMER_PROF on the CPU time that its
 * threads have used, looked at while one of them is armed.
 */
#include <abi/errno.h>
#include <abi/signal.h>
#include <kernel/sched.h>

#include "internal.h"

/* A periodic timer skips what is due before this time is over: shorter ones would never leave the interrupt. */
#define ITIMER_PACE_NS (50 * NSEC_PER_USEC)

/* Who sets a process's ITIMER_REAL holds it: between cancelling and starting, no callback may run. */
static struct mutex real_timer_lock = MUTEX_INIT(real_timer_lock, RANK_SLEEP_MISC);

static struct process *process_of_timer(struct hrtimer *timer)
{
	return container_of(timer, struct process, real_timer);
}

/* Runs in the timer interrupt. The process is alive: exit cancels the timer before the struct goes. */
enum hrtimer_restart itimer_real_expired(struct hrtimer *timer)
{
	struct process *process = process_of_timer(timer);
	u64 interval = READ_ONCE(process->real_interval_ns), now;

	signal_kernel(process->leader, SIGALRM, true);
	if (!interval)
		return HRTIMER_DONE;
	now = clock_ns() + ITIMER_PACE_NS;
	timer->expires_ns += interval * ((now - timer->expires_ns) / interval + 1);
	return HRTIMER_RESTART;
}

static void itimer_of_ns(struct abi_itimerval *value, u64 left_ns, u64 interval_ns)
{
	value->it_value.tv_sec = (s64)(left_ns / NSEC_PER_SEC);
	value->it_value.tv_usec = (s64)(left_ns % NSEC_PER_SEC / NSEC_PER_USEC);
	value->it_interval.tv_sec = (s64)(interval_ns / NSEC_PER_SEC);
	value->it_interval.tv_usec = (s64)(interval_ns % NSEC_PER_SEC / NSEC_PER_USEC);
}

static int timeval_ns(const struct abi_timeval *tv, u64 *ns)
{
	if (tv->tv_sec < 0 || tv->tv_usec < 0 || tv->tv_usec >= 1000000)
		return -EINVAL;
	if ((u64)tv->tv_sec >= INT64_MAX / NSEC_PER_SEC)
		*ns = INT64_MAX;
	else
		*ns = (u64)tv->tv_sec * NSEC_PER_SEC + (u64)tv->tv_usec * NSEC_PER_USEC;
	return 0;
}

static void itimer_real_get(struct process *process, u64 *left, u64 *interval)
{
	u64 now = clock_ns(), expires = process->real_timer.expires_ns;

	*interval = process->real_interval_ns;
	*left = 0;
	if (hrtimer_queued(&process->real_timer)) /* an armed timer never reads as 0: that means off */
		*left = expires > now + NSEC_PER_USEC ? expires - now : NSEC_PER_USEC;
}

static struct interval_timer *cpu_timer_of(struct process *process, unsigned int which)
{
	return which == ITIMER_VIRTUAL ? &process->virtual_timer : &process->profile_timer;
}

static u64 cpu_time_of(struct process *process, unsigned int which)
{
	u64 user, system;

	process_times(process, &user, &system);
	return which == ITIMER_VIRTUAL ? user : user + system;
}

static int itimer_read(struct process *process, unsigned int which, struct abi_itimerval *value)
{
	struct interval_timer *timer;
	u64 left, interval, used;

	if (which > ITIMER_PROF)
		return -EINVAL;
	if (which == ITIMER_REAL) {
		itimer_real_get(process, &left, &interval);
	} else {
		timer = cpu_timer_of(process, which);
		used = cpu_time_of(process, which);
		interval = timer->interval_ns;
		left = 0;
		if (timer->value_ns)
			left = timer->value_ns > used ? timer->value_ns - used : NSEC_PER_USEC;
	}
	itimer_of_ns(value, left, interval);
	return 0;
}

static void itimer_real_set(struct process *process, u64 value, u64 interval)
{
	mutex_lock(&real_timer_lock);
	hrtimer_cancel(&process->real_timer);
	WRITE_ONCE(process->real_interval_ns, interval);
	if (value)
		hrtimer_start(&process->real_timer, deadline_after(value));
	mutex_unlock(&real_timer_lock);
}

/* value_ns is the CPU time at which the timer fires; 0: off. */
static bool cpu_timer_check(struct process *process, unsigned int which, int signo)
{
	struct interval_timer *timer = cpu_timer_of(process, which);
	u64 used;

	if (!timer->value_ns)
		return false;
	used = cpu_time_of(process, which);
	if (used < timer->value_ns)
		return true;
	timer->value_ns = timer->interval_ns ? used + timer->interval_ns : 0;
	signal_kernel(process->leader, signo, true);
	return timer->value_ns != 0;
}

/* On return to user mode and in sleeps: not in the interrupt, as process_times walks the threads. */
void itimer_check_cpu(struct process *process)
{
	(void)cpu_timer_check(process, ITIMER_VIRTUAL, SIGVTALRM);
	(void)cpu_timer_check(process, ITIMER_PROF, SIGPROF);
}

static int itimer_write(struct process *process, unsigned int which,
			const struct abi_itimerval *value)
{
	struct interval_timer *timer;
	u64 ns, interval;

	if (timeval_ns(&value->it_value, &ns) || timeval_ns(&value->it_interval, &interval))
		return -EINVAL;
	if (which == ITIMER_REAL) {
		itimer_real_set(process, ns, interval);
		return 0;
	}
	timer = cpu_timer_of(process, which);
	timer->interval_ns = interval;
	WRITE_ONCE(timer->value_ns, ns ? cpu_time_of(process, which) + ns : 0);
	return 0;
}

long sys_getitimer(unsigned int which, struct user_ptr value)
{
	struct abi_itimerval now;
	int error = itimer_read(current->process, which, &now);

	return error ? error : user_write(value, &now, sizeof(now));
}

long sys_setitimer(unsigned int which, struct user_ptr value, struct user_ptr old_value)
{
	struct abi_itimerval now, new = { 0 };
	int error;

	if (value.addr && user_read(&new, value, sizeof(new)))
		return -EFAULT;
	error = itimer_read(current->process, which, &now);
	if (error)
		return error;
	error = itimer_write(current->process, which, &new);
	if (error)
		return error;
	return old_value.addr ? user_write(old_value, &now, sizeof(now)) : 0;
}

/* Seconds left of the old alarm, at least 1 if there was one. */
long sys_alarm(unsigned int seconds)
{
	struct process *process = current->process;
	u64 left, interval;

	itimer_real_get(process, &left, &interval);
	itimer_real_set(process, seconds * NSEC_PER_SEC, 0);
	return left ? (long)MAX((left + NSEC_PER_SEC / 2) / NSEC_PER_SEC, 1ULL) : 0;
}

void itimers_exit(struct process *process)
{
	hrtimer_cancel(&process->real_timer);
	process->virtual_timer.value_ns = 0;
	process->profile_timer.value_ns = 0;
}

void itimers_init(struct process *process)
{
	hrtimer_init(&process->real_timer, itimer_real_expired);
}
