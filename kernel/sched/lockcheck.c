/*
 * LOCK_CHECKS: order, interrupt state and sleeping under locks. The ranks held lie in the task, or in the CPU's own list
 * while an interrupt handler runs (handlers do not nest). A violation panics at once: the order is wrong even if nobody
 * waits today.
 */
#include <kernel/locks.h>
#include <kernel/printk.h>
#include <kernel/task.h>
#include <profile/bounds.h>

struct held_locks {
	u8 count;
	u8 ranks[23];
};

static DEFINE_PER_CPU(struct held_locks, interrupt_held);
static bool lockcheck_off; /* a violation was found: do not check on the way to the panic */

static struct held_locks *held_now(void)
{
	struct task *task = current;

	if (in_interrupt())
		return this_cpu_ptr(interrupt_held);
	_Static_assert(sizeof(task->held_ranks) == sizeof(struct held_locks),
		       "task->held_ranks is a held_locks");
	return (struct held_locks *)task->held_ranks;
}

static __cold void lockcheck_fail(const char *what, unsigned int rank, unsigned int other,
				  unsigned long ip)
{
	lockcheck_off = true;
	panic("lock check: %s (rank %u, holds %u) at %p", what, rank, other, (void *)ip);
}

static void held_push(struct held_locks *held, unsigned int rank, unsigned long ip)
{
	if (held->count == ARRAY_LEN(held->ranks))
		lockcheck_fail("too many locks held", rank, held->count, ip);
	held->ranks[held->count++] = (u8)rank;
}

static unsigned int held_highest(const struct held_locks *held)
{
	unsigned int highest = 0;

	for (unsigned int i = 0; i < held->count; i++)
		highest = MAX(highest, (unsigned int)held->ranks[i]);
	return highest;
}

void lockcheck_enter(unsigned int rank, bool nested, unsigned long ip)
{
	unsigned long flags;
	struct held_locks *held;
	unsigned int highest;

	if (rank == RANK_NONE || lockcheck_off)
		return;
	if (rank >= RANK_SIGNAL && irq_enabled())
		lockcheck_fail("needs interrupts off", rank, 0, ip);
	flags = irq_save();
	held = held_now();
	highest = held_highest(held);
	if (rank < highest || (rank == highest && !nested))
		lockcheck_fail("wrong order", rank, highest, ip);
	held_push(held, rank, ip);
	irq_restore(flags);
}

void lockcheck_try(unsigned int rank)
{
	unsigned long flags;

	if (rank == RANK_NONE || lockcheck_off)
		return;
	flags = irq_save();
	held_push(held_now(), rank, LOCKCHECK_IP);
	irq_restore(flags);
}

void lockcheck_exit(unsigned int rank, unsigned long ip)
{
	unsigned long flags;
	struct held_locks *held;

	if (rank == RANK_NONE || lockcheck_off)
		return;
	flags = irq_save();
	held = held_now();
	for (unsigned int i = held->count; i-- > 0;)
		if (held->ranks[i] == rank) {
			for (; i + 1 < held->count; i++)
				held->ranks[i] = held->ranks[i + 1];
			held->count--;
			irq_restore(flags);
			return;
		}
	lockcheck_fail("releases a lock it does not hold", rank, held->count, ip);
}

void lockcheck_sleep(unsigned long ip)
{
	struct held_locks *held = held_now();

	if (lockcheck_off)
		return;
	if (in_interrupt() || !preemptible())
		lockcheck_fail("sleeps where it must not", 0, this_cpu(preempt_count), ip);
	if (held_highest(held) >= RANK_TASKLIST)
		lockcheck_fail("sleeps under a spinlock", 0, held_highest(held), ip);
}
