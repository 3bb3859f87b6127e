/* Ticket spinlocks: the paths that are not inlined. */
#include <kernel/event.h>
#include <kernel/locks.h>

void spin_wait(struct spinlock *lock, u16 ticket)
{
	event_count(EVENT_SPIN_WAIT);
	while (load_acquire(&lock->owner) != ticket)
		cpu_relax();
}

bool spin_try_lock(struct spinlock *lock)
{
	u32 seen = READ_ONCE(lock->both);

	preempt_disable();
	if ((u16)seen == (u16)(seen >> 16) && try_cmpxchg(&lock->both, &seen, seen + 0x10000)) {
		lock_rank_try(lock->rank);
		return true;
	}
	preempt_enable();
	return false;
}
