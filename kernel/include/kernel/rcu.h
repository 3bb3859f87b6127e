/*
 * Deferred freeing: readers run with preemption off and take no lock; a writer unlinks an object, and its memory is freed
 * only after every CPU has passed through a moment without a reader (a context switch, user mode, or idle). Grace periods
 * are driven by the scheduler's switches and, when a CPU runs one task for long, by a reschedule IPI.
 */
#pragma once

#include <kernel/preempt.h>

struct rcu_head {
	struct rcu_head *next;
	void (*fn)(struct rcu_head *head);
};

static inline void rcu_read_lock(void)
{
	preempt_disable();
}

static inline void rcu_read_unlock(void)
{
	preempt_enable();
}

/* Calls fn(head) after a grace period, in a kernel thread, preemptible. Callable anywhere, interrupts included. */
void rcu_call(struct rcu_head *head, void (*fn)(struct rcu_head *head));
void rcu_synchronize(void); /* sleeps for a grace period */
void rcu_barrier(void); /* sleeps until all rcu_call made so far have run */
void rcu_init(void);
/* The scheduler reports: this CPU switches tasks, enters idle or user mode. Interrupts off. */
void rcu_quiescent(void);
void rcu_idle_enter(void);
void rcu_idle_exit(void);
void rcu_irq_enter(void); /* around interrupt handlers */
void rcu_irq_exit(void);

#define rcu_dereference(p) __atomic_load_n(&(p), __ATOMIC_CONSUME)
#define rcu_assign(p, v) __atomic_store_n(&(p), v, __ATOMIC_RELEASE)
