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
static unsigned int ranks[8], locks_held;

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

void lockcheck_enter(unsigned int rank, bool nested, unsigned long ip)
{
	(void)ip;
	MODEL_EXPECT(!locks_held || rank > ranks[locks_held - 1] ||
		     (nested && rank == ranks[locks_held - 1]));
	MODEL_REQUIRE(locks_held < ARRAY_LEN(ranks));
	ranks[locks_held++] = rank;
}

void lockcheck_exit(unsigned int rank, unsigned long ip)
{
	(void)ip;
	MODEL_REQUIRE(locks_held);
	MODEL_EXPECT(ranks[--locks_held] == rank);
}

void lockcheck_sleep(unsigned long ip)
{
	(void)ip;
	MODEL_EXPECT(!locks_held && !this_cpu(irq_depth));
}
