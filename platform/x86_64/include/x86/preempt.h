/*
 * Preemption as the platform needs it, on the count of platform/percpu.h: one instruction each way, so that an interrupt in
 * between, which may change bit 31, is not lost.
 */
#pragma once

#include <platform/cpu.h>
#include <platform/percpu.h>
#include <platform/trap.h>

static inline void preempt_hold(void)
{
	__asm__ volatile("addl $1, %0" : "+m"(this_cpu(preempt_count)) : : "memory", "cc");
}

/* Interrupts as they were at preempt_hold. */
static inline void preempt_release(void)
{
	bool now;

	__asm__ volatile("subl $1, %0"
			 : "+m"(this_cpu(preempt_count)), "=@ccz"(now)
			 :
			 : "memory", "cc");
	if (unlikely(now) && irq_enabled()) {
		irq_disable();
		if (this_cpu(preempt_count) == 0)
			trap_preempt();
		irq_enable();
	}
}
