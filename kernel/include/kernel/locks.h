/*
 * Locks. Each has a rank; a task takes locks in rising rank only (checked under LOCK_CHECKS), which makes deadlock by
 * order impossible. Two locks of one rank: in rising address order, through the _nested form.
 *
 * spinlock	preemption off while held. _irq: also interrupts off; required if an interrupt handler takes the lock.
 * mutex	sleeping, owner known, optimistic spin while the owner runs. Not from interrupts.
 * rwsem	sleeping; many readers or one writer; writers are not starved.
 *
 * Letters beside shared fields: [I] immutable after creation, [A] atomic, [C] only its CPU, interrupts off where they
 * matter, [S] only the owning task, [R] read under RCU and written under the named lock, else the name of the lock.
 *
 * Lock order, outermost first, is the order of enum lock_rank (kernel/lock_rank.h).
 */
#pragma once

#include <lib/atomic.h>
#include <lib/list.h>
#include <kernel/lock_rank.h>
#include <kernel/preempt.h>

/*
 * Who comes first gets it, not who waited longest: in a virtual machine a queue of waiters stands still whenever the host
 * has taken the CPU of its first one away, and sections are short.
 */
struct spinlock {
	u32 held; /* [A] */
	u32 rank; /* [I] enum lock_rank */
};

#define SPINLOCK_INIT(r)                                                                           \
	{                                                                                          \
		.rank = (r)                                                                        \
	}

static inline void spin_init(struct spinlock *lock, enum lock_rank rank)
{
	lock->held = 0;
	lock->rank = rank;
}

void spin_wait(struct spinlock *lock); /* the contended path: returns with the lock taken */

static inline void spin_lock_raw(struct spinlock *lock)
{
	if (unlikely(xchg(&lock->held, 1)))
		spin_wait(lock);
}

static inline void spin_unlock_raw(struct spinlock *lock)
{
	store_release(&lock->held, 0);
}

/* Preemption is off already, and stays so: the _pinned forms. */
static inline void spin_lock_pinned(struct spinlock *lock)
{
	lock_rank_enter(lock->rank, false);
	spin_lock_raw(lock);
}

static inline bool spin_try_lock_pinned(struct spinlock *lock)
{
	if (unlikely(xchg(&lock->held, 1)))
		return false;
	lock_rank_try(lock->rank);
	return true;
}

static inline void spin_unlock_pinned(struct spinlock *lock)
{
	lock_rank_exit(lock->rank); /* first: once unlocked, the memory may be gone */
	spin_unlock_raw(lock);
}

static inline void spin_lock(struct spinlock *lock)
{
	preempt_disable();
	spin_lock_pinned(lock);
}

/* Second lock of the same rank; the caller orders the two by address or by another rule it states. */
static inline void spin_lock_nested(struct spinlock *lock)
{
	preempt_disable();
	lock_rank_enter(lock->rank, true);
	spin_lock_raw(lock);
}

bool spin_try_lock(struct spinlock *lock);

static inline void spin_unlock(struct spinlock *lock)
{
	spin_unlock_pinned(lock);
	preempt_enable();
}

static inline unsigned long spin_lock_irq(struct spinlock *lock)
{
	unsigned long flags = irq_save();

	preempt_disable();
	lock_rank_enter_irq_off(lock->rank);
	spin_lock_raw(lock);
	return flags;
}

static inline void spin_unlock_irq(struct spinlock *lock, unsigned long flags)
{
	spin_unlock_pinned(lock);
	irq_restore(flags); /* before preempt_enable: an interrupt held back may want a reschedule */
	preempt_enable();
}

static inline bool spin_is_locked(const struct spinlock *lock)
{
	return READ_ONCE(lock->held);
}

struct task;

struct mutex {
	struct task *owner; /* [A] NULL when free; bit 0: there are waiters */
	struct spinlock wait_lock;
	struct list waiters; /* [wait_lock] of struct lock_waiter */
	u32 rank; /* [I] */
};

void mutex_init(struct mutex *mutex, enum lock_rank rank);
void mutex_lock(struct mutex *mutex);
void mutex_lock_nested(struct mutex *mutex);
__must_check int mutex_lock_interruptible(struct mutex *mutex); /* 0 or -EINTR */
__must_check int
mutex_lock_killable(struct mutex *mutex); /* 0 or -EINTR: only a fatal signal ends the wait */
bool mutex_try_lock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);
bool mutex_is_held(const struct mutex *mutex); /* by the running task; for expect() */
#define MUTEX_INIT(name, r)                                                                        \
	{                                                                                          \
		.wait_lock = SPINLOCK_INIT(RANK_WAIT), .waiters = LIST_INIT((name).waiters),       \
		.rank = (r)                                                                        \
	}

#define RWSEM_WRITER 1L
#define RWSEM_WAITERS 2L
#define RWSEM_READER 4L

struct rwsem {
	long state; /* [A] readers in units of RWSEM_READER, RWSEM_WRITER, RWSEM_WAITERS */
	struct spinlock wait_lock;
	struct list waiters; /* [wait_lock] first come, first served, runs of readers together */
	struct task *writer; /* for checks */
	u32 rank; /* [I] */
};

void rwsem_init(struct rwsem *sem, enum lock_rank rank);
void rwsem_read_lock(struct rwsem *sem);
bool rwsem_try_read_lock(struct rwsem *sem);
void rwsem_read_unlock(struct rwsem *sem);
void rwsem_release_slow(struct rwsem *sem); /* somebody waits, and the last reader has gone */
static inline void rwsem_read_drop(struct rwsem *sem)
{
	if (unlikely(__atomic_sub_fetch(&sem->state, RWSEM_READER, __ATOMIC_SEQ_CST) ==
		     RWSEM_WAITERS))
		rwsem_release_slow(sem);
}

static inline void rwsem_read_unlock_inline(struct rwsem *sem)
{
	lock_rank_exit(sem->rank);
	rwsem_read_drop(sem);
}

/*
 * A trylock in the caller, by one addition: no other reader makes it fail or try again. Where it finds a writer, or somebody who
 * waits, it takes the addition back; whoever has been kept waiting by it meanwhile is woken then. False: it may still be
 * possible to have the lock.
 */
static inline bool rwsem_try_read_lock_inline(struct rwsem *sem)
{
	if (unlikely(__atomic_fetch_add(&sem->state, RWSEM_READER, __ATOMIC_SEQ_CST) &
		     (RWSEM_WRITER | RWSEM_WAITERS))) {
		rwsem_read_drop(sem);
		return false;
	}
	lock_rank_try(sem->rank);
	return true;
}

void rwsem_write_lock(struct rwsem *sem);
void rwsem_write_lock_nested(struct rwsem *sem);
__must_check int rwsem_write_lock_killable(struct rwsem *sem);
void rwsem_write_unlock(struct rwsem *sem);
void rwsem_downgrade(struct rwsem *sem); /* writer becomes reader without letting a writer in between */
bool rwsem_is_held(const struct rwsem *sem); /* by anyone */
bool rwsem_is_write_held(const struct rwsem *sem);
#define RWSEM_INIT(name, r)                                                                        \
	{                                                                                          \
		.wait_lock = SPINLOCK_INIT(RANK_WAIT), .waiters = LIST_INIT((name).waiters),       \
		.rank = (r)                                                                        \
	}

/* Sequence counter: readers retry if a writer was active. Writers hold a lock of their own. */
struct seqcount {
	u32 sequence; /* odd while a writer is at work */
};

static inline u32 seq_read_begin(const struct seqcount *s)
{
	u32 v;

	while (unlikely((v = load_acquire(&s->sequence)) & 1))
		cpu_relax();
	return v;
}

static inline bool seq_read_retry(const struct seqcount *s, u32 begin)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return READ_ONCE(s->sequence) != begin;
}

static inline void seq_write_begin(struct seqcount *s)
{
	WRITE_ONCE(s->sequence, s->sequence + 1);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static inline void seq_write_end(struct seqcount *s)
{
	store_release(&s->sequence, s->sequence + 1);
}
