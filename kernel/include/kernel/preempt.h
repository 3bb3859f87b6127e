/*
 * Kernel code is preemptible wherever preempt_count is 0: an interrupt that makes a better task runnable then switches at
 * its end. Bit 31 of the count is the inverse of "a reschedule is wanted", so that enabling is one decrement and one jump.
 */
#pragma once

#include <platform/cpu.h>
#include <platform/percpu.h>

#define PREEMPT_NO_RESCHEDULE 0x80000000u

static inline void preempt_disable(void)
{
	this_cpu(preempt_count)++;
	barrier();
}

void preempt_schedule(void); /* sched: switches if still wanted and allowed */

static inline void preempt_enable(void)
{
	barrier();
	if (unlikely(--this_cpu(preempt_count) == 0))
		preempt_schedule();
}

/* For the scheduler itself and for paths that are about to sleep anyway. */
static inline void preempt_enable_no_schedule(void)
{
	barrier();
	this_cpu(preempt_count)--;
}

static inline bool preemptible(void)
{
	return (this_cpu(preempt_count) & ~PREEMPT_NO_RESCHEDULE) == 0 && irq_enabled();
}

static inline bool in_interrupt(void)
{
	return this_cpu(irq_depth) != 0;
}
