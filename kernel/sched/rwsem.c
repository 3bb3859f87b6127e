/*
 * Sleeping reader-writer lock. The fast paths are one locked instruction on the state word. Whoever cannot have the lock
 * queues, and is given it by the one who releases (a writer, or all readers up to the next writer): first come, first
 * served, so neither side starves.
 */
#include <abi/errno.h>
#include <kernel/event.h>
#include <kernel/locks.h>
#include <kernel/sched.h>

struct rwsem_waiter {
	struct list link; /* [wait_lock] */
	struct task *task;
	bool writer;
	bool granted; /* [wait_lock to write] the lock is ours; this struct is not touched any more by the giver */
};

void rwsem_init(struct rwsem *sem, enum lock_rank rank)
{
	*sem = (struct rwsem)RWSEM_INIT(*sem, rank);
}

bool rwsem_is_held(const struct rwsem *sem)
{
	return READ_ONCE(sem->state) & ~RWSEM_WAITERS;
}

bool rwsem_is_write_held(const struct rwsem *sem)
{
	return READ_ONCE(sem->state) & RWSEM_WRITER;
}

static void rwsem_wake_one(struct rwsem *sem, struct rwsem_waiter *waiter)
{
	struct task *task = waiter->task;

	list_del(&waiter->link);
	if (list_empty(&sem->waiters))
		__atomic_fetch_and(&sem->state, ~RWSEM_WAITERS, __ATOMIC_SEQ_CST);
	if (waiter->writer)
		sem->writer = task;
	store_release(&waiter->granted, true);
	sched_wake(task, TASK_UNINTERRUPTIBLE | TASK_KILLABLE);
}

/* wait_lock held. Gives the lock to the first in the queue, if it is free for it, and to the readers right behind. */
static void rwsem_grant(struct rwsem *sem)
{
	struct rwsem_waiter *first;
	long seen;

	while ((first = list_first_entry_or_null(&sem->waiters, struct rwsem_waiter, link))) {
		seen = READ_ONCE(sem->state);
		do {
			if (seen & RWSEM_WRITER || (first->writer && seen >= RWSEM_READER))
				return;
		} while (!try_cmpxchg(&sem->state, &seen,
				      seen + (first->writer ? RWSEM_WRITER : RWSEM_READER)));
		rwsem_wake_one(sem, first);
	}
}

void rwsem_release_slow(struct rwsem *sem)
{
	unsigned long flags = spin_lock_irq(&sem->wait_lock);

	rwsem_grant(sem);
	spin_unlock_irq(&sem->wait_lock, flags);
}

static int rwsem_wait(struct rwsem *sem, bool writer, u32 state)
{
	struct rwsem_waiter self = { .task = current, .writer = writer };
	unsigned long flags = spin_lock_irq(&sem->wait_lock);
	int result = 0;

	event_count(EVENT_RWSEM_WAIT);
	list_add_tail(&self.link, &sem->waiters);
	__atomic_fetch_or(&sem->state, RWSEM_WAITERS, __ATOMIC_SEQ_CST);
	rwsem_grant(sem); /* it may have been released before we were queued */
	for (;;) {
		task_set_state(state);
		if (self.granted)
			break;
		if (state == TASK_KILLABLE && signal_is_fatal_pending(current)) {
			list_del(&self.link);
			if (list_empty(&sem->waiters))
				__atomic_fetch_and(&sem->state, ~RWSEM_WAITERS, __ATOMIC_SEQ_CST);
			rwsem_grant(sem); /* readers behind us may go now */
			result = -EINTR;
			break;
		}
		spin_unlock_irq(&sem->wait_lock, flags);
		schedule();
		flags = spin_lock_irq(&sem->wait_lock);
	}
	task_set_state(TASK_RUNNING);
	spin_unlock_irq(&sem->wait_lock, flags);
	return result;
}

static bool rwsem_take_read(struct rwsem *sem)
{
	long seen = READ_ONCE(sem->state);

	while (!(seen & (RWSEM_WRITER | RWSEM_WAITERS)))
		if (try_cmpxchg(&sem->state, &seen, seen + RWSEM_READER))
			return true;
	return false;
}

static bool rwsem_take_write(struct rwsem *sem)
{
	long seen = 0;

	if (!try_cmpxchg(&sem->state, &seen, RWSEM_WRITER))
		return false;
	sem->writer = current;
	return true;
}

void rwsem_read_lock(struct rwsem *sem)
{
	sleep_check();
	lock_rank_enter(sem->rank, false);
	if (unlikely(!rwsem_take_read(sem)))
		(void)rwsem_wait(sem, false, TASK_UNINTERRUPTIBLE);
}

bool rwsem_try_read_lock(struct rwsem *sem)
{
	if (!rwsem_take_read(sem))
		return false;
	lock_rank_try(sem->rank);
	return true;
}

void rwsem_read_unlock(struct rwsem *sem)
{
	rwsem_read_unlock_inline(sem);
}

static int rwsem_write_lock_state(struct rwsem *sem, bool nested, u32 state)
{
	int result = 0;

	sleep_check();
	lock_rank_enter(sem->rank, nested);
	if (unlikely(!rwsem_take_write(sem)))
		result = rwsem_wait(sem, true, state);
	if (result)
		lock_rank_exit(sem->rank);
	return result;
}

void rwsem_write_lock(struct rwsem *sem)
{
	(void)rwsem_write_lock_state(sem, false, TASK_UNINTERRUPTIBLE);
}

void rwsem_write_lock_nested(struct rwsem *sem)
{
	(void)rwsem_write_lock_state(sem, true, TASK_UNINTERRUPTIBLE);
}

int rwsem_write_lock_killable(struct rwsem *sem)
{
	return rwsem_write_lock_state(sem, false, TASK_KILLABLE);
}

void rwsem_write_unlock(struct rwsem *sem)
{
	long left;

	lock_rank_exit(sem->rank);
	sem->writer = NULL;
	left = __atomic_sub_fetch(&sem->state, RWSEM_WRITER, __ATOMIC_SEQ_CST);
	if (unlikely(left & RWSEM_WAITERS))
		rwsem_release_slow(sem);
}

void rwsem_downgrade(struct rwsem *sem)
{
	long left;

	sem->writer = NULL;
	left = __atomic_add_fetch(&sem->state, RWSEM_READER - RWSEM_WRITER, __ATOMIC_SEQ_CST);
	if (left & RWSEM_WAITERS)
		rwsem_release_slow(sem);
}
