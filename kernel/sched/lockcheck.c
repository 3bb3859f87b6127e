/*
 * LOCK_CHECKS: order, interrupt state and sleeping under locks, in full; kernel/lock_rank.h does what is usual by itself. A
 * violation panics at once: the order is wrong even if nobody waits today.
 */
#include <kernel/lock_rank.h>
#include <kernel/printk.h>
#include <kernel/task.h>
#include <lib/string.h>
#include <profile/bounds.h>

#define LOCKCHECK_IP ((unsigned long)__builtin_return_address(0))

/* The highest first, a lock taken later before one of the same rank; then zeros. */
struct held_locks {
	u8 ranks[24];
};

DEFINE_PER_CPU(u64, held_ranks); /* [C] */
DEFINE_PER_CPU(u64, held_ranks_interrupted); /* [C] */
static DEFINE_PER_CPU(u64[2], interrupt_deeper); /* [C] behind held_ranks; handlers do not nest */
static bool lockcheck_off; /* a violation was found: do not check on the way to the panic */

/* Behind the first eight. */
static u64 *deeper_now(void)
{
	return in_interrupt() ? *this_cpu_ptr(interrupt_deeper) : &current->held_ranks[1];
}

/* Interrupts off, until held_store. */
static struct held_locks held_load(void)
{
	const u64 *deeper = deeper_now();
	u64 words[3] = { this_cpu(held_ranks), deeper[0], deeper[1] };
	struct held_locks held;

	_Static_assert(sizeof(held) == sizeof(words), "three words");
	_Static_assert(sizeof(held) == sizeof(current->held_ranks), "the task has as many");
	memcpy(&held, words, sizeof(held));
	return held;
}

static void held_store(const struct held_locks *held)
{
	u64 *deeper = deeper_now();
	u64 words[3];

	memcpy(words, held, sizeof(words));
	this_cpu(held_ranks) = words[0];
	deeper[0] = words[1];
	deeper[1] = words[2];
}

/* `ip` is who takes the lock. */
static __cold void lockcheck_fail(const char *what, unsigned int rank, unsigned int other,
				  unsigned long ip)
{
	lockcheck_off = true;
	panic("lock check: %s (rank %u, holds %u) at %p", what, rank, other, (void *)ip);
}

/* Where it belongs: a trylock may take one that is lower than others. */
static void held_insert(struct held_locks *held, unsigned int rank, unsigned long ip)
{
	const unsigned int last = ARRAY_LEN(held->ranks) - 1;
	unsigned int at = 0;

	if (held->ranks[last])
		lockcheck_fail("too many locks held", rank, held->ranks[0], ip);
	while (AT(held->ranks, at) > rank)
		at++;
	memmove(held->ranks + at + 1, held->ranks + at, last - at);
	held->ranks[at] = (u8)rank;
}

static bool held_remove(struct held_locks *held, unsigned int rank)
{
	const unsigned int last = ARRAY_LEN(held->ranks) - 1;
	unsigned int at = 0;

	while (at <= last && AT(held->ranks, at) != rank)
		at++;
	if (at > last)
		return false;
	memmove(held->ranks + at, held->ranks + at + 1, last - at);
	held->ranks[last] = 0;
	return true;
}

void lockcheck_enter(unsigned int rank, bool nested)
{
	struct held_locks held;
	unsigned long flags;

	if (rank == RANK_NONE || lockcheck_off)
		return;
	if (rank >= RANK_SIGNAL && irq_enabled())
		lockcheck_fail("needs interrupts off", rank, 0, LOCKCHECK_IP);
	flags = irq_save();
	held = held_load();
	if (rank < held.ranks[0] || (rank == held.ranks[0] && !nested))
		lockcheck_fail("wrong order", rank, held.ranks[0], LOCKCHECK_IP);
	held_insert(&held, rank, LOCKCHECK_IP);
	held_store(&held);
	irq_restore(flags);
}

void lockcheck_try(unsigned int rank)
{
	struct held_locks held;
	unsigned long flags;

	if (rank == RANK_NONE || lockcheck_off)
		return;
	flags = irq_save();
	held = held_load();
	held_insert(&held, rank, LOCKCHECK_IP);
	held_store(&held);
	irq_restore(flags);
}

void lockcheck_exit(unsigned int rank)
{
	struct held_locks held;
	unsigned long flags;

	if (rank == RANK_NONE || lockcheck_off)
		return;
	flags = irq_save();
	held = held_load();
	if (!held_remove(&held, rank))
		lockcheck_fail("releases a lock it does not hold", rank, held.ranks[0],
			       LOCKCHECK_IP);
	held_store(&held);
	irq_restore(flags);
}

void lockcheck_sleep(void)
{
	const unsigned int highest = held_highest(this_cpu(held_ranks));

	if (lockcheck_off)
		return;
	if (in_interrupt() || !preemptible())
		lockcheck_fail("sleeps where it must not", 0, this_cpu(preempt_count), LOCKCHECK_IP);
	if (highest >= RANK_TASKLIST)
		lockcheck_fail("sleeps under a spinlock", 0, highest, LOCKCHECK_IP);
}
