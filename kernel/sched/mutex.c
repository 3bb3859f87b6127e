/*
 * Sleeping mutex. The owner word is the owning task, with bit 0 set while somebody waits. A waiter spins as long as the
 * owner is running on another CPU, then queues and sleeps. A waiter that was woken once and lost the race gets the lock
 * handed over by the next unlock, so nobody starves.
 */
#include <abi/errno.h>
#include <kernel/event.h>
#include <kernel/locks.h>
#include <kernel/sched.h>

#define MUTEX_WAITERS 1UL

struct lock_waiter {
	struct list link; /* [wait_lock] */
	struct task *task;
	bool lost; /* [wait_lock] was woken, and another took the lock */
};

void mutex_init(struct mutex *mutex, enum lock_rank rank)
{
	*mutex = (struct mutex)MUTEX_INIT(*mutex, rank);
}

static struct task *mutex_owner(const struct mutex *mutex)
{
	return (struct task *)((u64)READ_ONCE(mutex->owner) & ~MUTEX_WAITERS);
}

bool mutex_is_held(const struct mutex *mutex)
{
	return mutex_owner(mutex) == current;
}

static bool mutex_take(struct mutex *mutex)
{
	struct task *seen = NULL;

	return try_cmpxchg(&mutex->owner, &seen, current);
}

/* While the owner runs it will soon be done: waiting for it costs less than two switches. True if the lock was got. */
static bool mutex_spin(struct mutex *mutex)
{
	struct task *owner;
	bool taken = false;

	rcu_read_lock(); /* the owner's struct stays readable */
	for (;;) {
		owner = mutex_owner(mutex);
		if (!owner) {
			taken = mutex_take(mutex);
			if (taken || ((u64)READ_ONCE(mutex->owner) & MUTEX_WAITERS))
				break;
			continue;
		}
		if (!READ_ONCE(owner->sched.on_cpu) ||
		    !(this_cpu(preempt_count) & PREEMPT_NO_RESCHEDULE))
			break;
		cpu_relax();
	}
	rcu_read_unlock();
	return taken;
}

/* wait_lock held: takes a lock that has no owner, keeping the mark that others wait. */
static bool mutex_take_queued(struct mutex *mutex, struct lock_waiter *self)
{
	struct task *seen = READ_ONCE(mutex->owner);
	bool others = mutex->waiters.next != &self->link || self->link.next != &mutex->waiters;

	do {
		if (((u64)seen & ~MUTEX_WAITERS) == (u64)current)
			break; /* handed over */
		if ((u64)seen & ~MUTEX_WAITERS)
			return false;
	} while (!try_cmpxchg(&mutex->owner, &seen, (struct task *)((u64)current | MUTEX_WAITERS)));
	list_del(&self->link);
	if (!others)
		__atomic_fetch_and((u64 *)&mutex->owner, ~MUTEX_WAITERS, __ATOMIC_SEQ_CST);
	return true;
}

static void mutex_queue_leave(struct mutex *mutex, struct lock_waiter *self)
{
	list_del(&self->link);
	if (list_empty(&mutex->waiters))
		__atomic_fetch_and((u64 *)&mutex->owner, ~MUTEX_WAITERS, __ATOMIC_SEQ_CST);
}

static int mutex_sleep_result(u32 state)
{
	if (state == TASK_INTERRUPTIBLE && signal_is_pending(current))
		return -EINTR;
	if (state == TASK_KILLABLE && signal_is_fatal_pending(current))
		return -EINTR;
	return 0;
}

static int mutex_lock_slow(struct mutex *mutex, u32 state)
{
	struct lock_waiter self = { .task = current };
	unsigned long flags;
	int result = 0;

	event_count(EVENT_MUTEX_WAIT);
	if (mutex_spin(mutex))
		return 0;
	flags = spin_lock_irq(&mutex->wait_lock);
	list_add_tail(&self.link, &mutex->waiters);
	__atomic_fetch_or((u64 *)&mutex->owner, MUTEX_WAITERS, __ATOMIC_SEQ_CST);
	for (;;) {
		task_set_state(state);
		if (mutex_take_queued(mutex, &self))
			break;
		result = mutex_sleep_result(state);
		if (result) {
			mutex_queue_leave(mutex, &self);
			break;
		}
		spin_unlock_irq(&mutex->wait_lock, flags);
		schedule();
		flags = spin_lock_irq(&mutex->wait_lock);
		self.lost = true;
	}
	task_set_state(TASK_RUNNING);
	spin_unlock_irq(&mutex->wait_lock, flags);
	return result;
}

static int mutex_lock_state(struct mutex *mutex, u32 state, bool nested)
{
	int result = 0;

	sleep_check();
	lock_rank_enter(mutex->rank, nested);
	if (unlikely(!mutex_take(mutex)))
		result = mutex_lock_slow(mutex, state);
	if (result)
		lock_rank_exit(mutex->rank);
	return result;
}

void mutex_lock(struct mutex *mutex)
{
	(void)mutex_lock_state(mutex, TASK_UNINTERRUPTIBLE, false);
}

void mutex_lock_nested(struct mutex *mutex)
{
	(void)mutex_lock_state(mutex, TASK_UNINTERRUPTIBLE, true);
}

int mutex_lock_interruptible(struct mutex *mutex)
{
	return mutex_lock_state(mutex, TASK_INTERRUPTIBLE, false);
}

int mutex_lock_killable(struct mutex *mutex)
{
	return mutex_lock_state(mutex, TASK_KILLABLE, false);
}

bool mutex_try_lock(struct mutex *mutex)
{
	if (!mutex_take(mutex))
		return false;
	lock_rank_try(mutex->rank);
	return true;
}

static void mutex_unlock_slow(struct mutex *mutex)
{
	unsigned long flags = spin_lock_irq(&mutex->wait_lock);
	struct lock_waiter *first =
		list_first_entry_or_null(&mutex->waiters, struct lock_waiter, link);
	u64 next = 0;

	if (first)
		next = (first->lost ? (u64)first->task : 0) | MUTEX_WAITERS;
	store_release(&mutex->owner, (struct task *)next);
	if (first)
		sched_wake(first->task, TASK_UNINTERRUPTIBLE | TASK_KILLABLE | TASK_INTERRUPTIBLE);
	spin_unlock_irq(&mutex->wait_lock, flags);
}

void mutex_unlock(struct mutex *mutex)
{
	struct task *seen = current;

	lock_rank_exit(mutex->rank);
	if (unlikely(!try_cmpxchg(&mutex->owner, &seen, NULL)))
		mutex_unlock_slow(mutex);
}
