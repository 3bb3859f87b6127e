/*
 * Kernel code is preemptible wherever preempt_count is 0: an interrupt that makes a better task runnable then switches at
 * its end. Bit 31 of the count is the inverse of "a reschedule is wanted", so that enabling is one decrement and one jump.
 */
#pragma once

#include <platform/cpu.h>
#include <platform/percpu.h>

#define PREEMPT_NO_RESCHEDULE 0x80000000u

/*
 * One instruction each, in assembly: a count that the compiler keeps in a register could be stored on another CPU, or
 * undo a reschedule that an interrupt asked for in between.
 */
static inline void preempt_disable(void)
{
	__asm__ volatile("incl %0" : "+m"(this_cpu(preempt_count)) : : "memory", "cc");
}

void preempt_schedule(void); /* sched: switches if still wanted and allowed */

static inline void preempt_enable(void)
{
	bool now;

	__asm__ volatile("decl %0"
			 : "+m"(this_cpu(preempt_count)), "=@ccz"(now)
			 :
			 : "memory", "cc");
	if (unlikely(now))
		preempt_schedule();
}

/* For the scheduler itself and for paths that are about to sleep anyway. */
static inline void preempt_enable_no_schedule(void)
{
	__asm__ volatile("decl %0" : "+m"(this_cpu(preempt_count)) : : "memory", "cc");
}

static inline bool preemptible(void)
{
	return (this_cpu(preempt_count) & ~PREEMPT_NO_RESCHEDULE) == 0 && irq_enabled();
}

static inline bool in_interrupt(void)
{
	return this_cpu(irq_depth) != 0;
}
