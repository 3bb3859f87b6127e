/* Spinlocks: the paths that are not inlined. */
#include <kernel/event.h>
#include <kernel/locks.h>

/* Reads until the lock looks free, so that the waiters do not take its cache line from each other. */
void spin_wait(struct spinlock *lock)
{
	event_count(EVENT_SPIN_WAIT);
	do
		while (READ_ONCE(lock->held))
			cpu_relax();
	while (xchg(&lock->held, 1));
}

bool spin_try_lock(struct spinlock *lock)
{
	preempt_disable();
	if (!READ_ONCE(lock->held) && spin_try_lock_pinned(lock))
		return true;
	preempt_enable();
	return false;
}
