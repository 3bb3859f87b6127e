/* machine.c - a machine of one CPU, as the kernel's own files see it: all tests of them are linked with it. */
#include <kernel/fail_alloc.h>
#include <kernel/locks.h>
#include <kernel/printk.h>
#include <profile/refcount.h>

#include "model.h"

DEFINE_PER_CPU(unsigned long, percpu_offset);
DEFINE_PER_CPU(unsigned int, cpu_number);
DEFINE_PER_CPU(unsigned int, preempt_count);
DEFINE_PER_CPU(unsigned int, irq_depth);
DEFINE_PER_CPU(struct task *, current_task);
static unsigned long offsets[1];
unsigned long *percpu_offsets = offsets;
DEFINE_PER_CPU(u64, held_ranks);
DEFINE_PER_CPU(u64, held_ranks_interrupted);

unsigned int cpu_count(void)
{
	return 1;
}

void preempt_schedule(void)
{
}

void spin_wait(struct spinlock *lock)
{
	(void)lock;
	check_fail("one CPU waits for itself", __FILE__, __LINE__);
}

void printk(enum log_level level, const char *format, ...)
{
	(void)level, (void)format;
}

bool fail_alloc_now(void)
{
	return false;
}

void panic(const char *format, ...)
{
	check_fail(format, __FILE__, __LINE__);
}

void refcount_fail(struct refcount *ref, const char *what)
{
	(void)ref;
	check_fail(what, __FILE__, __LINE__);
}

/* Out of order, or one that wants interrupts off: a program always has them on. */
void lockcheck_enter(unsigned int rank, bool nested)
{
	const u64 held = this_cpu(held_ranks);

	MODEL_EXPECT(rank > held_highest(held) || (nested && rank == held_highest(held)));
	MODEL_REQUIRE(!held_is_full(held));
	this_cpu(held_ranks) = held << 8 | rank;
}

void lockcheck_exit(unsigned int rank)
{
	(void)rank;
	check_fail("a lock is released out of order", __FILE__, __LINE__);
}

void lockcheck_sleep(void)
{
	MODEL_EXPECT(!this_cpu(held_ranks) && !this_cpu(irq_depth));
}
