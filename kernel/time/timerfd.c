/*
 * timerfd: a timer that is read and waited for as a file. It fires once; the periods that have passed since are counted when
 * somebody looks, and only then is it armed again. So a timer that nobody reads costs one interrupt.
 */
#include <abi/errno.h>
#include <abi/fcntl.h>
#include <kernel/file.h>
#include <kernel/io_iter.h>
#include <kernel/sched.h>
#include <kernel/seq_file.h>
#include <kernel/slab.h>
#include <lib/err.h>

#include "internal.h"

struct timerfd {
	struct spinlock lock; /* RANK_TIMER_OBJECT, interrupts off */
	struct wait_queue wait;
	struct hrtimer timer;
	struct clock_watch watch; /* of the wall clock, always on for those that count by it */
	int clock; /* [I] */
	bool absolute; /* [lock] set by time of the clock: moves with the wall clock */
	bool cancel; /* [lock] TFD_TIMER_CANCEL_ON_SET */
	bool clock_set; /* [lock] since somebody was told last */
	bool expired; /* [lock] and not armed again */
	u32 settime_flags; /* [lock] for fdinfo */
	u64 ticks; /* [lock] expirations that nobody has read */
	u64 expires_ns; /* [lock] of the clock if absolute, else in clock_ns units; 0: disarmed */
	u64 interval_ns; /* [lock] */
};

static bool clock_is_alarm(int clock)
{
	return clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM;
}

/* The time that expires_ns is compared with. Lock held, as in all that follow. */
static u64 timer_now(const struct timerfd *timerfd)
{
	return timerfd->absolute && clock_is_realtime(timerfd->clock) ? realtime_ns() : clock_ns();
}

static void timer_start(struct timerfd *timerfd)
{
	bool wall = timerfd->absolute && clock_is_realtime(timerfd->clock);

	hrtimer_start(&timerfd->timer,
		      wall ? realtime_deadline(timerfd->expires_ns) : timerfd->expires_ns);
}

static enum hrtimer_restart timer_fired(struct hrtimer *timer)
{
	struct timerfd *timerfd = container_of(timer, struct timerfd, timer);
	unsigned long flags = spin_lock_irq(&timerfd->lock);
	/* Somebody may have set it anew while it was on its way here. */
	bool due = timerfd->expires_ns && !timerfd->expired &&
		   timer_now(timerfd) >= timerfd->expires_ns;

	if (due) {
		timerfd->expired = true;
		timerfd->ticks++;
	}
	spin_unlock_irq(&timerfd->lock, flags);
	if (due)
		wait_wake_all(&timerfd->wait, POLLIN);
	return HRTIMER_DONE;
}

static void timer_clock_set(struct clock_watch *watch)
{
	struct timerfd *timerfd = container_of(watch, struct timerfd, watch);
	unsigned long flags = spin_lock_irq(&timerfd->lock);
	bool tell = timerfd->cancel;

	if (tell) {
		timerfd->clock_set = true;
		timerfd->ticks++;
	}
	if (timerfd->absolute && timerfd->expires_ns && !timerfd->expired)
		timer_start(timerfd);
	spin_unlock_irq(&timerfd->lock, flags);
	if (tell)
		wait_wake_all(&timerfd->wait, POLLIN);
}

/* A periodic timer that has fired goes on: counts what was missed. */
static void timer_catch_up(struct timerfd *timerfd)
{
	u64 now, missed;

	if (!timerfd->expired || !timerfd->interval_ns)
		return;
	now = timer_now(timerfd);
	/* The wall clock may have been set back since it fired. */
	missed = now > timerfd->expires_ns ? (now - timerfd->expires_ns) / timerfd->interval_ns : 0;
	timerfd->ticks += missed;
	timerfd->expires_ns += (missed + 1) * timerfd->interval_ns;
	timerfd->expired = false;
	timer_start(timerfd);
}

static u64 timer_left(const struct timerfd *timerfd)
{
	u64 now = timer_now(timerfd);

	return timerfd->expires_ns > now && !timerfd->expired ? timerfd->expires_ns - now : 0;
}

/* What a read gets: -ECANCELED, or the count, which may be 0. */
static int timer_take(struct timerfd *timerfd, u64 *ticks)
{
	unsigned long flags = spin_lock_irq(&timerfd->lock);
	int error = 0;

	*ticks = 0;
	if (timerfd->cancel && timerfd->clock_set) {
		timerfd->clock_set = timerfd->expired = false;
		timerfd->ticks = 0;
		error = -ECANCELED;
	} else if (timerfd->ticks) {
		timer_catch_up(timerfd);
		*ticks = timerfd->ticks;
		timerfd->ticks = 0;
	}
	spin_unlock_irq(&timerfd->lock, flags);
	return error;
}

static ssize_t timerfd_read(struct file *file, struct io_iter *iter, u64 *position __unused)
{
	struct timerfd *timerfd = file->private_data;
	u64 ticks;
	int error;

	if (iter->left < sizeof(ticks))
		return -EINVAL;
	while (!(error = timer_take(timerfd, &ticks)) && !ticks) {
		if (iter->no_wait)
			return -EAGAIN;
		if (wait_event_interruptible(&timerfd->wait, READ_ONCE(timerfd->ticks)))
			return -ERESTARTSYS;
	}
	if (error)
		return error;
	return io_iter_write(iter, &ticks, sizeof(ticks)) == sizeof(ticks) ? (ssize_t)sizeof(ticks)
									   : -EFAULT;
}

static u32 timerfd_poll(struct file *file, struct poll_table *table)
{
	struct timerfd *timerfd = file->private_data;

	poll_wait(file, &timerfd->wait, table);
	return READ_ONCE(timerfd->ticks) ? POLLIN : 0;
}

static void timerfd_release(struct file *file)
{
	struct timerfd *timerfd = file->private_data;
	unsigned long flags;

	if (clock_is_realtime(timerfd->clock))
		clock_watch_remove(&timerfd->watch);
	flags = spin_lock_irq(&timerfd->lock);
	timerfd->expires_ns = 0;
	spin_unlock_irq(&timerfd->lock, flags);
	hrtimer_cancel(&timerfd->timer);
	kfree(timerfd);
}

static void timerfd_show_fdinfo(struct file *file, struct seq_file *out)
{
	struct timerfd *timerfd = file->private_data;
	unsigned long flags = spin_lock_irq(&timerfd->lock);
	u64 left = timer_left(timerfd), interval = timerfd->interval_ns, ticks = timerfd->ticks;
	u32 settime_flags = timerfd->settime_flags;

	spin_unlock_irq(&timerfd->lock, flags);
	seq_printf(out,
		   "clockid: %d\nticks: %llu\nsettime flags: 0%o\nit_value: (%llu, %llu)\n"
		   "it_interval: (%llu, %llu)\n",
		   timerfd->clock, (unsigned long long)ticks, settime_flags,
		   (unsigned long long)(left / NSEC_PER_SEC),
		   (unsigned long long)(left % NSEC_PER_SEC),
		   (unsigned long long)(interval / NSEC_PER_SEC),
		   (unsigned long long)(interval % NSEC_PER_SEC));
}

static const struct file_ops timerfd_ops = {
	.read = timerfd_read,
	.poll = timerfd_poll,
	.seek = file_seek_none,
	.release = timerfd_release,
	.show_fdinfo = timerfd_show_fdinfo,
	.name = "anon_inode:[timerfd]",
};

static struct file *timerfd_make(int clock, u32 flags)
{
	struct timerfd *timerfd = kzalloc(sizeof(*timerfd));
	struct file *file;

	if (!timerfd)
		return ERR_PTR(-ENOMEM);
	spin_init(&timerfd->lock, RANK_TIMER_OBJECT);
	wait_queue_init(&timerfd->wait);
	hrtimer_init(&timerfd->timer, timer_fired);
	timerfd->clock = clock;
	file = file_alloc_anonymous(&timerfd_ops, O_RDWR | (flags & TFD_NONBLOCK), timerfd);
	if (IS_ERR(file))
		kfree(timerfd);
	else if (clock_is_realtime(clock))
		clock_watch_add(&timerfd->watch, timer_clock_set);
	return file;
}

long sys_timerfd_create(unsigned int clock, u32 flags)
{
	if (flags & ~(u32)(TFD_CLOEXEC | TFD_NONBLOCK))
		return -EINVAL;
	if (clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME && clock != CLOCK_BOOTTIME &&
	    !clock_is_alarm((int)clock))
		return -EINVAL;
	if (clock_is_alarm((int)clock) && timer_alarm_permitted())
		return -EPERM;
	return fd_install_new(timerfd_make((int)clock, flags), flags & TFD_CLOEXEC);
}

/* With a reference; ERR_PTR(-EBADF, -EINVAL). */
static struct file *timerfd_get(int fd)
{
	struct file *file = fd_get_file(fd);

	if (!file)
		return ERR_PTR(-EBADF);
	if (file->ops == &timerfd_ops)
		return file;
	file_put(file);
	return ERR_PTR(-EINVAL);
}

/* An absolute moment that has passed is due at once. */
static int timer_set(struct timerfd *timerfd, u32 flags, u64 value, u64 interval)
{
	bool cancelled;

	timerfd->absolute = flags & TFD_TIMER_ABSTIME;
	timerfd->cancel = timerfd->absolute && (flags & TFD_TIMER_CANCEL_ON_SET) &&
			  clock_is_realtime(timerfd->clock);
	timerfd->settime_flags = flags;
	timerfd->expired = false;
	timerfd->ticks = 0;
	timerfd->interval_ns = interval;
	timerfd->expires_ns = 0;
	if (!value) {
		(void)hrtimer_try_cancel(&timerfd->timer);
		return 0;
	}
	timerfd->expires_ns = timerfd->absolute ? value : deadline_after(value);
	timer_start(timerfd);
	cancelled = timerfd->cancel && timerfd->clock_set;
	if (cancelled)
		timerfd->clock_set = false;
	return cancelled ? -ECANCELED : 0;
}

long sys_timerfd_settime(int fd, u32 flags, struct user_ptr new_value, struct user_ptr old_value)
{
	u64 value, interval, old_left, old_interval;
	struct timerfd *timerfd;
	unsigned long irq;
	struct file *file;
	int error = itimerspec_from_user(&value, &interval, new_value);

	if (error == -EFAULT || (flags & ~(u32)(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)))
		return error == -EFAULT ? error : -EINVAL;
	if (error)
		return error;
	file = timerfd_get(fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	timerfd = file->private_data;
	if (clock_is_alarm(timerfd->clock) && timer_alarm_permitted()) {
		file_put(file);
		return -EPERM;
	}
	irq = spin_lock_irq(&timerfd->lock);
	timer_catch_up(timerfd);
	old_left = timer_left(timerfd);
	old_interval = timerfd->interval_ns;
	error = timer_set(timerfd, flags, value, interval);
	spin_unlock_irq(&timerfd->lock, irq);
	file_put(file);
	if (old_value.addr && itimerspec_to_user(old_value, old_left, old_interval))
		return -EFAULT;
	return error;
}

long sys_timerfd_gettime(int fd, struct user_ptr value)
{
	struct file *file = timerfd_get(fd);
	struct timerfd *timerfd;
	u64 left, interval;
	unsigned long flags;

	if (IS_ERR(file))
		return PTR_ERR(file);
	timerfd = file->private_data;
	flags = spin_lock_irq(&timerfd->lock);
	timer_catch_up(timerfd);
	left = timer_left(timerfd);
	interval = timerfd->interval_ns;
	spin_unlock_irq(&timerfd->lock, flags);
	file_put(file);
	return itimerspec_to_user(value, left, interval);
}
