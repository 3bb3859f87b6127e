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

/* sighand->lock of the process held. */
static void signal_from_timer(struct process *process, int signo)
{
	const struct abi_siginfo info = { .si_signo = signo, .si_code = SI_KERNEL };

	(void)signal_send_locked(process->leader, &info, true);
}

static void real_start(struct process *process, u64 expires_ns)
{
	process->real_expires_ns = expires_ns;
	if (expires_ns)
		hrtimer_start(&process->real_timer, expires_ns);
	else
		(void)hrtimer_try_cancel(&process->real_timer);
}

static void real_fire(struct process *process)
{
	u64 now = clock_ns() + ITIMER_PACE_NS, next = process->real_expires_ns;
	u64 interval = process->real_interval_ns;

	signal_from_timer(process, SIGALRM);
	if (interval)
		next += interval * ((now - next) / interval + 1);
	real_start(process, interval ? next : 0);
}

/*
 * Runs in the timer interrupt. The process is alive: exit cancels the timer before the struct goes. The timer may have been
 * set anew while this call was on its way.
 */
enum hrtimer_restart itimer_real_expired(struct hrtimer *timer)
{
	struct process *process = container_of(timer, struct process, real_timer);
	unsigned long flags;
	struct sighand *sighand = process_lock_sighand(process, &flags);

	if (!sighand)
		return HRTIMER_DONE;
	if (process->real_expires_ns && clock_ns() >= process->real_expires_ns)
		real_fire(process);
	spin_unlock_irq(&sighand->lock, flags);
	return HRTIMER_DONE;
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

static u64 left_of(u64 expires, u64 now)
{
	if (!expires) /* an armed timer never reads as 0: that means off */
		return 0;
	return expires > now + NSEC_PER_USEC ? expires - now : NSEC_PER_USEC;
}

static struct interval_timer *cpu_timer_of(struct process *process, unsigned int which)
{
	return which == ITIMER_VIRTUAL ? &process->virtual_timer : &process->profile_timer;
}

static u64 cpu_time_of(struct process *process, unsigned int which)
{
	u64 user, system;

	process_times_locked(process, &user, &system);
	return which == ITIMER_VIRTUAL ? user : user + system;
}

struct itimer_value {
	u64 left, interval;
};

static struct itimer_value itimer_read_locked(struct process *process, unsigned int which)
{
	struct interval_timer *timer = cpu_timer_of(process, which);

	if (which == ITIMER_REAL)
		return (struct itimer_value){ left_of(process->real_expires_ns, clock_ns()),
					      process->real_interval_ns };
	return (struct itimer_value){ left_of(timer->value_ns, cpu_time_of(process, which)),
				      timer->interval_ns };
}

static void itimer_write_locked(struct process *process, unsigned int which, struct itimer_value new)
{
	struct interval_timer *timer = cpu_timer_of(process, which);

	if (which == ITIMER_REAL) {
		process->real_interval_ns = new.interval;
		real_start(process, new.left ? deadline_after(new.left) : 0);
	} else {
		timer->interval_ns = new.interval;
		timer->value_ns = new.left ? cpu_time_of(process, which) + new.left : 0;
	}
}

/* The running task's timer; `new` NULL: only read. */
static struct itimer_value itimer_exchange(unsigned int which, const struct itimer_value *new)
{
	unsigned long flags = spin_lock_irq(&current->sighand->lock);
	struct itimer_value old = itimer_read_locked(current->process, which);

	if (new)
		itimer_write_locked(current->process, which, *new);
	spin_unlock_irq(&current->sighand->lock, flags);
	return old;
}

static void cpu_timer_check(struct process *process, unsigned int which, int signo, u64 used)
{
	struct interval_timer *timer = cpu_timer_of(process, which);

	if (!timer->value_ns || used < timer->value_ns)
		return;
	/* Periods that passed unseen, between two ticks, give one signal. */
	if (timer->interval_ns)
		timer->value_ns +=
			timer->interval_ns * ((used - timer->value_ns) / timer->interval_ns + 1);
	else
		timer->value_ns = 0;
	signal_from_timer(process, signo);
}

/* RLIMIT_CPU: SIGXCPU when the soft limit is reached and in each second after it, SIGKILL at the hard one. */
static int cpu_limit_signal(struct process *process, u64 used)
{
	struct abi_rlimit *limit = &process->limits.limit[RLIMIT_CPU];
	u64 seconds = used / NSEC_PER_SEC;
	int signo = 0;

	spin_lock(&process->limits_lock);
	if (seconds >= limit->rlim_max) {
		signo = SIGKILL;
	} else if (seconds >= limit->rlim_cur) {
		signo = SIGXCPU;
		limit->rlim_cur++;
	}
	spin_unlock(&process->limits_lock);
	return signo;
}

bool process_watches_cpu(const struct process *process)
{
	return (READ_ONCE(process->virtual_timer.value_ns) |
		READ_ONCE(process->profile_timer.value_ns) | READ_ONCE(process->cpu_timers_armed)) ||
	       READ_ONCE(process->limits.limit[RLIMIT_CPU].rlim_cur) != RLIM_INFINITY;
}

void process_check_cpu(void)
{
	struct process *process = current->process;
	unsigned long flags;
	u64 user, system;
	int signo;

	if (likely(!process_watches_cpu(process)) || xchg(&process->cpu_checking, 1))
		return;
	flags = spin_lock_irq(&current->sighand->lock);
	process_times_locked(process, &user, &system);
	cpu_timer_check(process, ITIMER_VIRTUAL, SIGVTALRM, user);
	cpu_timer_check(process, ITIMER_PROF, SIGPROF, user + system);
	posix_timers_check_cpu(process, current->sighand);
	spin_unlock_irq(&current->sighand->lock, flags);
	store_release(&process->cpu_checking, 0);
	signo = cpu_limit_signal(process, user + system);
	if (signo)
		signal_kernel(current, signo, true);
}

long sys_getitimer(unsigned int which, struct user_ptr value)
{
	struct itimer_value now;
	struct abi_itimerval user;

	if (which > ITIMER_PROF)
		return -EINVAL;
	now = itimer_exchange(which, NULL);
	itimer_of_ns(&user, now.left, now.interval);
	return user_write(value, &user, sizeof(user));
}

long sys_setitimer(unsigned int which, struct user_ptr value, struct user_ptr old_value)
{
	struct abi_itimerval user = { 0 };
	struct itimer_value new, old;

	if (value.addr && user_read(&user, value, sizeof(user)))
		return -EFAULT;
	if (which > ITIMER_PROF || timeval_ns(&user.it_value, &new.left) ||
	    timeval_ns(&user.it_interval, &new.interval))
		return -EINVAL;
	old = itimer_exchange(which, &new);
	if (!old_value.addr)
		return 0;
	itimer_of_ns(&user, old.left, old.interval);
	return user_write(old_value, &user, sizeof(user));
}

/* Seconds left of the old alarm, at least 1 if there was one. */
long sys_alarm(unsigned int seconds)
{
	const struct itimer_value new = { seconds * NSEC_PER_SEC, 0 };
	struct itimer_value old = itimer_exchange(ITIMER_REAL, &new);

	return old.left ? (long)MAX((old.left + NSEC_PER_SEC / 2) / NSEC_PER_SEC, 1ULL) : 0;
}

/* The last thread: nobody sets them any more. */
void itimers_exit(struct process *process)
{
	unsigned long flags = spin_lock_irq(&current->sighand->lock);

	process->real_expires_ns = 0;
	process->virtual_timer.value_ns = 0;
	process->profile_timer.value_ns = 0;
	spin_unlock_irq(&current->sighand->lock, flags);
	hrtimer_cancel(&process->real_timer);
}

void itimers_init(struct process *process)
{
	hrtimer_init(&process->real_timer, itimer_real_expired);
}
