/*
 * The scheduler: per-CPU run queues, virtual-time fair policy (SCHED_OTHER, BATCH, IDLE) below fixed-priority real time
 * (FIFO, RR). No periodic tick: a slice timer runs only while a queue has more than one task, and an idle CPU sleeps until
 * its next timer or interrupt.
 */
#pragma once

#include <kernel/task.h>

void sched_init(void);
void sched_init_cpu(struct task *idle); /* on each CPU: its idle task is current */
void schedule(void); /* preemption may be on; picks the next task */
void sched_start(struct task *task); /* first time runnable, after task_clone; picks its CPU */
/* Makes a sleeping task whose state is in `states` runnable. True if it was. Any context. */
bool sched_wake(struct task *task, u32 states);
void sched_yield_current(void);
void sched_fork(
	struct task *child); /* initialises child->sched from current's; -ENOMEM is reported by task_clone */
void sched_exit(struct task *task);
int sched_set_nice(struct task *task, int nice);
int sched_set_policy(struct task *task, int policy, int rt_priority);
int sched_set_affinity(struct task *task,
		       const unsigned long *mask); /* -EINVAL: no online CPU in it */
/* Own state, with the barrier that pairs with sched_wake. */
static inline void task_set_state(u32 state)
{
	(void)xchg(&current->state, state);
}
__noreturn void sched_idle_loop(void);
__noreturn void
sched_task_dead(void); /* last act of an exiting task; its stack is freed by the next one */
void sched_resched_cpu(unsigned int cpu);
u64 task_runtime_ns(struct task *task); /* up to now, also while it runs */
/* Runs fn(arg) on each other online CPU, in interrupt context, and waits. Interrupts on, preemption off or on. */
void smp_call_others(void (*fn)(void *arg), void *arg);
void smp_call_cpu(unsigned int cpu, void (*fn)(void *arg), void *arg);
struct sched_cpu_times {
	u64 user_ns, nice_ns, system_ns, idle_ns, irq_ns;
};
void sched_cpu_times(unsigned int cpu, struct sched_cpu_times *times);
u64 sched_switch_count(void);
void sched_load_average(u64 load[3]); /* fixed point, 11 bits, as /proc/loadavg */
unsigned int sched_running_count(void);
/* Accounting at the border of user mode: called by the exit-work and tick paths, reads clock_ns. */
void account_user_enter(void), account_user_exit(void);
void sched_init_early(void); /* while there is boot memory */
