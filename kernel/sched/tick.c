/*
 * The tick of a busy CPU: ends slices, samples user and system time, drives grace periods and the load average. An idle CPU
 * has none.
 */
#include <kernel/rcu.h>
#include <platform/trap.h>

#include "internal.h"

static u64 load_averages[3]; /* [A, written by CPU 0's tick or catch-up] fixed point, 11 bits */
static u64 load_updated_ns;
#define LOAD_PERIOD_NS (5 * NSEC_PER_SEC)
#define LOAD_SHIFT 11

static DEFINE_PER_CPU(bool, irq_from_user); /* [C] the interrupt being handled came from user mode */

void irq_begin(bool from_user)
{
	this_cpu(irq_depth)++;
	this_cpu(irq_from_user) = from_user;
	rcu_irq_enter();
}

void irq_end(void)
{
	rcu_irq_exit();
	this_cpu(irq_depth)--;
}

static void sample_times(struct runqueue *rq, u64 ns)
{
	struct task *task = rq->running;

	if (task == rq->idle)
		return;
	if (READ_ONCE(task->process->virtual_timer.value_ns) |
	    READ_ONCE(task->process->profile_timer.value_ns))
		__atomic_fetch_or(&task->head.work, WORK_NOTIFY,
				  __ATOMIC_SEQ_CST); /* itimer_check_cpu */
	if (this_cpu(irq_from_user)) {
		task->user_ns += ns;
		if (task->sched.nice > 0)
			rq->times.nice_ns += ns;
		else
			rq->times.user_ns += ns;
		rcu_quiescent();
	} else {
		task->system_ns += ns;
		rq->times.system_ns += ns;
	}
}

unsigned int sched_running_count(void)
{
	unsigned int count = 0;

	for (unsigned int cpu = 0; cpu < cpu_count(); cpu++)
		if (runqueue_of(cpu)->ready)
			count += runqueue_count(runqueue_of(cpu));
	return count;
}

/* exp(-5 s / 1, 5, 15 min) in 11 bits of fraction. Periods missed while idle are made up for with a load of 0. */
static void load_update(u64 now)
{
	static const u64 decay[] = { 1884, 2014, 2037 };
	u64 active, periods = (now - load_updated_ns) / LOAD_PERIOD_NS;

	if (!periods)
		return;
	load_updated_ns += periods * LOAD_PERIOD_NS;
	active = (u64)sched_running_count() << LOAD_SHIFT;
	for (periods = MIN(periods, (u64)200); periods; periods--)
		for (unsigned int i = 0; i < ARRAY_LEN(decay); i++)
			load_averages[i] =
				(load_averages[i] * decay[i] +
				 (periods == 1 ? active : 0) * ((1 << LOAD_SHIFT) - decay[i])) >>
				LOAD_SHIFT;
}

void sched_load_average(u64 load[3])
{
	for (unsigned int i = 0; i < 3; i++)
		load[i] = READ_ONCE(load_averages[i]);
}

static bool slice_over(struct runqueue *rq)
{
	struct task *task = rq->running;
	u64 used = rq->clock_ns - task->sched.slice_start_ns;

	if (runqueue_count(rq) <= 1)
		return false;
	if (task_is_rt(task))
		return task->sched.policy == SCHED_RR && used >= SCHED_RR_SLICE_NS;
	return rq->rt_count || used >= fair_slice_ns(rq, task);
}

static enum hrtimer_restart tick_expired(struct hrtimer *timer)
{
	struct runqueue *rq = container_of(timer, struct runqueue, tick);
	unsigned long flags = spin_lock_irq(&rq->lock);

	runqueue_charge(rq);
	sample_times(rq, SCHED_TICK_NS);
	if (slice_over(rq))
		runqueue_reschedule(rq);
	if (rq->cpu == 0)
		load_update(rq->clock_ns);
	timer->expires_ns = rq->clock_ns + SCHED_TICK_NS;
	spin_unlock_irq(&rq->lock, flags);
	return rq->running == rq->idle ? HRTIMER_DONE : HRTIMER_RESTART;
}

void tick_init_cpu(struct runqueue *rq)
{
	hrtimer_init(&rq->tick, tick_expired);
}

void tick_start(struct runqueue *rq)
{
	if (!hrtimer_queued(&rq->tick))
		hrtimer_start(&rq->tick, rq->clock_ns + SCHED_TICK_NS);
}
