/*
 * POSIX timers of a process. A timer has one signal of its own: while that is pending, expirations are only counted, and a
 * periodic timer is armed again when its signal is taken. All state is guarded by sighand->lock of the process.
 */
#include <abi/errno.h>
#include <abi/signal.h>
#include <kernel/rcu.h>
#include <kernel/sched.h>
#include <kernel/slab.h>
#include <lib/err.h>

#include "internal.h"

/* An ignored signal is taken at once: a shorter period would never leave the interrupt. */
#define IGNORED_PACE_NS (4 * NSEC_PER_MSEC)

/* --- With the lock held ------------------------------------------------------------------------------------------------ */

/* The time that expires_ns is compared with. */
static u64 timer_now(const struct posix_timer *timer)
{
	if (timer->cpu_task)
		return cpu_clock_of_locked(timer->cpu_task, timer->clock);
	return timer->absolute && clock_is_realtime(timer->clock) ? realtime_ns() : clock_ns();
}

static void timer_arm_at(struct posix_timer *timer, u64 expires_ns)
{
	timer->expires_ns = expires_ns;
	timer->armed = true;
	if (timer->notify == SIGEV_NONE)
		return;
	if (timer->cpu_task)
		timer->process->cpu_timers_armed++;
	else
		hrtimer_start(&timer->timer, timer->absolute && clock_is_realtime(timer->clock)
						     ? realtime_deadline(expires_ns)
						     : expires_ns);
}

static void timer_disarm(struct posix_timer *timer)
{
	if (timer->armed && timer->notify != SIGEV_NONE) {
		if (timer->cpu_task)
			timer->process->cpu_timers_armed--;
		else
			(void)hrtimer_try_cancel(&timer->timer);
	}
	timer->armed = false;
}

/* To the next period that is not over at `now`; how many began. */
static u64 timer_skip(struct posix_timer *timer, u64 now)
{
	u64 periods;

	if (now < timer->expires_ns)
		return 0;
	periods = (now - timer->expires_ns) / timer->interval_ns + 1;
	timer->expires_ns += periods * timer->interval_ns;
	return periods;
}

void posix_timer_taken(struct posix_timer *timer, struct abi_siginfo *info)
{
	if (!timer->resume)
		return;
	timer->resume = false;
	timer->overrun += timer_skip(timer, timer_now(timer));
	timer->overrun_last = timer->overrun ? (int)MIN(timer->overrun - 1, 0x7fffffffULL) : 0;
	timer->overrun = 0;
	timer_arm_at(timer, timer->expires_ns);
	info->fields.timer.overrun = timer->overrun_last;
}

/* Whose signal it is. RCU. */
static struct task *timer_target(const struct posix_timer *timer)
{
	return timer->thread ? timer->thread : rcu_dereference(timer->process->leader);
}

static void timer_fire(struct posix_timer *timer, const struct sighand *sighand)
{
	struct task *task;
	bool taken = false;

	timer_disarm(timer);
	timer->resume = timer->interval_ns != 0;
	rcu_read_lock();
	task = timer_target(timer);
	if (task && READ_ONCE(task->sighand) == sighand)
		taken = !signal_send_timer(task, timer->entry, !timer->thread);
	rcu_read_unlock();
	if (!taken || !timer->resume)
		return;
	timer->resume = false;
	timer->overrun += timer_skip(timer, timer_now(timer) + IGNORED_PACE_NS);
	timer_arm_at(timer, timer->expires_ns);
}

static bool timer_due(const struct posix_timer *timer)
{
	return timer->armed && timer->notify != SIGEV_NONE && timer_now(timer) >= timer->expires_ns;
}

void posix_timers_check_cpu(struct process *process, const struct sighand *sighand)
{
	struct posix_timer *timer;

	list_for_each_entry (timer, &process->posix_timers, link)
		if (timer->cpu_task && timer_due(timer))
			timer_fire(timer, sighand);
}

static void timer_read(struct posix_timer *timer, u64 *left, u64 *interval)
{
	u64 now;

	*left = 0;
	*interval = timer->interval_ns;
	if (!timer->armed && !timer->resume)
		return;
	now = timer_now(timer);
	if (timer->interval_ns && (timer->resume || timer->notify == SIGEV_NONE))
		timer->overrun += timer_skip(timer, now);
	if (timer->expires_ns > now)
		*left = timer->expires_ns - now;
	else if (timer->notify != SIGEV_NONE)
		*left = 1; /* it is on its way: 0 means that it is off */
}

static void timer_set(struct posix_timer *timer, bool absolute, u64 value, u64 interval)
{
	timer_disarm(timer);
	timer->resume = false;
	timer->overrun = 0;
	timer->overrun_last = 0;
	timer->interval_ns = 0;
	if (!value)
		return;
	timer->interval_ns = interval;
	timer->absolute = absolute;
	if (!absolute)
		value = timer->cpu_task ? timer_now(timer) + value : deadline_after(value);
	timer_arm_at(timer, value);
}

static struct posix_timer *timer_find(struct process *process, int id)
{
	struct posix_timer *timer;

	list_for_each_entry (timer, &process->posix_timers, link)
		if (timer->id == id)
			return timer;
	return NULL;
}

/* --- Called without it ------------------------------------------------------------------------------------------------- */

static enum hrtimer_restart timer_expired(struct hrtimer *hrtimer)
{
	struct posix_timer *timer = container_of(hrtimer, struct posix_timer, timer);
	unsigned long flags;
	struct sighand *sighand = process_lock_sighand(timer->process, &flags);

	if (!sighand)
		return HRTIMER_DONE;
	/* It may have been set anew while this call was on its way. */
	if (timer_due(timer))
		timer_fire(timer, sighand);
	spin_unlock_irq(&sighand->lock, flags);
	return HRTIMER_DONE;
}

static void timer_clock_set(struct clock_watch *watch)
{
	struct posix_timer *timer = container_of(watch, struct posix_timer, watch);
	unsigned long flags;
	struct sighand *sighand = process_lock_sighand(timer->process, &flags);

	if (!sighand)
		return;
	if (timer->armed && timer->absolute)
		timer_arm_at(timer, timer->expires_ns);
	spin_unlock_irq(&sighand->lock, flags);
}

/* In no list. */
static void timer_free(struct posix_timer *timer)
{
	if (timer->watched)
		clock_watch_remove(&timer->watch);
	hrtimer_cancel(&timer->timer);
	if (timer->thread)
		task_put(timer->thread);
	if (timer->cpu_task)
		task_put(timer->cpu_task);
	kfree(timer);
}

/* Out of all lists; a signal that is pending stays. */
static void timer_unlink(struct posix_timer *timer)
{
	timer_disarm(timer);
	timer->resume = false;
	list_del(&timer->link);
	if (timer->entry)
		signal_timer_release(timer->entry);
}

void posix_timers_delete(void)
{
	struct process *process = current->process;
	struct posix_timer *timer;
	unsigned long flags;

	while (!list_empty(&process->posix_timers)) {
		flags = spin_lock_irq(&current->sighand->lock);
		timer = list_first_entry_or_null(&process->posix_timers, struct posix_timer, link);
		if (timer)
			timer_unlink(timer);
		spin_unlock_irq(&current->sighand->lock, flags);
		if (timer)
			timer_free(timer);
	}
}

/* --- System calls ------------------------------------------------------------------------------------------------------ */

static int timer_clock_check(int clock)
{
	u64 ns;

	if (clock == CLOCK_MONOTONIC_RAW || clock == CLOCK_REALTIME_COARSE ||
	    clock == CLOCK_MONOTONIC_COARSE)
		return -EOPNOTSUPP;
	if (clock_read(clock, &ns))
		return -EINVAL;
	if (clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM)
		return timer_alarm_permitted();
	return 0;
}

/* The thread that is to get the signals: a reference in timer->thread, or -EINVAL. */
static int timer_thread_get(struct posix_timer *timer, s32 number)
{
	struct task *task = task_find_get(number);

	if (task && task->process == current->process) {
		timer->thread = task;
		return 0;
	}
	if (task)
		task_put(task);
	return -EINVAL;
}

/* CPU time of other processes can be read, but not waited for with a timer. */
static int timer_cpu_get(struct posix_timer *timer)
{
	bool thread;
	struct task *task = cpu_clock_task(timer->clock, &thread);

	if (task && task->process == current->process) {
		timer->cpu_task = task;
		return 0;
	}
	if (task)
		task_put(task);
	return -EINVAL;
}

static int timer_fill(struct posix_timer *timer, const struct abi_sigevent *event)
{
	bool to_thread = event->sigev_notify == (SIGEV_SIGNAL | SIGEV_THREAD_ID);

	timer->notify = event->sigev_notify;
	if (timer->notify != SIGEV_NONE) {
		if (timer->notify != SIGEV_SIGNAL && timer->notify != SIGEV_THREAD && !to_thread)
			return -EINVAL;
		if (to_thread && timer_thread_get(timer, event->sigev_tid))
			return -EINVAL;
		if (event->sigev_signo < 1 || event->sigev_signo > ABI_NSIG)
			return -EINVAL;
	}
	return clock_is_cpu_time(timer->clock) ? timer_cpu_get(timer) : 0;
}

static struct posix_timer *timer_new(int clock, const struct abi_sigevent *event)
{
	struct posix_timer *timer = kzalloc(sizeof(*timer));
	int error;

	if (!timer)
		return ERR_PTR(-EAGAIN);
	timer->process = current->process;
	timer->clock = clock;
	hrtimer_init(&timer->timer, timer_expired);
	error = timer_fill(timer, event);
	/* One that sends no signal has an entry too: RLIMIT_SIGPENDING is the limit of timers. */
	if (!error) {
		timer->entry = signal_timer_entry(timer);
		error = timer->entry ? 0 : -EAGAIN;
	}
	if (!error)
		return timer;
	timer_free(timer);
	return ERR_PTR(error);
}

/* Numbers grow and begin again after the last; one that is in use is left out. */
static int timer_number(struct process *process)
{
	do
		process->next_timer_id &= 0x7fffffff;
	while (timer_find(process, (int)process->next_timer_id++));
	return (int)process->next_timer_id - 1;
}

static int timer_publish(struct posix_timer *timer, const struct abi_sigevent *event,
			 bool default_event)
{
	struct process *process = current->process;
	unsigned long flags = spin_lock_irq(&current->sighand->lock);
	int id = timer->id = timer_number(process);

	if (timer->entry) {
		struct abi_siginfo info = { .si_signo = event->sigev_signo, .si_code = SI_TIMER };

		info.fields.timer.tid = id;
		info.fields.timer.value = event->sigev_value;
		if (default_event)
			info.fields.timer.value.sival_int = id;
		signal_timer_info(timer->entry, &info);
	}
	list_add_tail(&timer->link, &process->posix_timers);
	spin_unlock_irq(&current->sighand->lock, flags);
	return id;
}

long sys_timer_create(unsigned int clock, struct user_ptr user_event, struct user_ptr user_id)
{
	struct abi_sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	struct posix_timer *timer;
	int error = timer_clock_check((int)clock), id;

	if (error)
		return error;
	if (user_event.addr && user_read(&event, user_event, sizeof(event)))
		return -EFAULT;
	timer = timer_new((int)clock, &event);
	if (IS_ERR(timer))
		return PTR_ERR(timer);
	if (clock_is_realtime((int)clock)) {
		timer->watched = true;
		clock_watch_add(&timer->watch, timer_clock_set);
	}
	id = timer_publish(timer, &event, !user_event.addr);
	if (!user_write_u32(user_id, (u32)id))
		return 0;
	(void)sys_timer_delete(id);
	return -EFAULT;
}

long sys_timer_settime(int id, u32 flags, struct user_ptr new_value, struct user_ptr old_value)
{
	u64 value, interval, old_left, old_interval;
	struct posix_timer *timer;
	unsigned long irq;
	int error;

	if (!new_value.addr)
		return -EINVAL;
	error = itimerspec_from_user(&value, &interval, new_value);
	if (error)
		return error;
	irq = spin_lock_irq(&current->sighand->lock);
	timer = timer_find(current->process, id);
	if (timer) {
		timer_read(timer, &old_left, &old_interval);
		timer_set(timer, flags & TIMER_ABSTIME, value, interval);
	}
	spin_unlock_irq(&current->sighand->lock, irq);
	if (!timer)
		return -EINVAL;
	return old_value.addr ? itimerspec_to_user(old_value, old_left, old_interval) : 0;
}

long sys_timer_gettime(int id, struct user_ptr value)
{
	unsigned long flags = spin_lock_irq(&current->sighand->lock);
	struct posix_timer *timer = timer_find(current->process, id);
	u64 left, interval;

	if (timer)
		timer_read(timer, &left, &interval);
	spin_unlock_irq(&current->sighand->lock, flags);
	return timer ? itimerspec_to_user(value, left, interval) : -EINVAL;
}

long sys_timer_getoverrun(int id)
{
	unsigned long flags = spin_lock_irq(&current->sighand->lock);
	struct posix_timer *timer = timer_find(current->process, id);
	long overrun = timer ? timer->overrun_last : -EINVAL;

	spin_unlock_irq(&current->sighand->lock, flags);
	return overrun;
}

long sys_timer_delete(int id)
{
	unsigned long flags = spin_lock_irq(&current->sighand->lock);
	struct posix_timer *timer = timer_find(current->process, id);

	if (timer)
		timer_unlink(timer);
	spin_unlock_irq(&current->sighand->lock, flags);
	if (!timer)
		return -EINVAL;
	timer_free(timer);
	return 0;
}
