/*
 * The tick of a busy CPU: ends slices, samples user and system time, drives grace periods and the load average. An idle CPU
 * has none.
 */
#include <kernel/rcu.h>
#include <platform/trap.h>

#include "internal.h"

static struct spinlock load_lock = SPINLOCK_INIT(RANK_RUNQUEUE); /* interrupts off */
static u64 load_averages[3]; /* [load_lock, read A] fixed point, 11 bits */
static u64 load_updated_ns; /* [load_lock, read A] */
#define LOAD_PERIOD_NS (5 * NSEC_PER_SEC)
#define LOAD_SHIFT 11

static DEFINE_PER_CPU(bool, irq_from_user); /* [C] the interrupt being handled came from user mode */

void irq_begin(bool from_user)
{
	this_cpu(irq_depth)++;
	lock_ranks_interrupt();
	this_cpu(irq_from_user) = from_user;
	rcu_irq_enter();
}

void irq_end(void)
{
	rcu_irq_exit();
	lock_ranks_resume();
	this_cpu(irq_depth)--;
}

static void sample_times(struct runqueue *rq, u64 ns)
{
	struct task *task = rq->running;

	if (task == rq->idle)
		return;
	if (process_watches_cpu(task->process))
		__atomic_fetch_or(&task->head.work, WORK_NOTIFY, __ATOMIC_SEQ_CST);
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

/* Tasks that run, wait for a CPU, or sleep in a way that a signal does not end. */
static u64 load_active(void)
{
	long count = 0;

	for (unsigned int cpu = 0; cpu < cpu_count(); cpu++)
		if (runqueue_of(cpu)->ready)
			count += (long)runqueue_count(runqueue_of(cpu)) +
				 READ_ONCE(runqueue_of(cpu)->uninterruptible);
	return (u64)MAX(count, 0L) << LOAD_SHIFT;
}

/* exp(-5 s / 1, 5, 15 min) in 11 bits of fraction; rounded up while the load grows, so that it can reach its limit. */
static void load_step(u64 active)
{
	static const u64 decay[] = { 1884, 2014, 2037 };

	for (unsigned int i = 0; i < ARRAY_LEN(decay); i++) {
		u64 load = load_averages[i],
		    sum = load * decay[i] + active * ((1 << LOAD_SHIFT) - decay[i]);

		if (active >= load)
			sum += (1 << LOAD_SHIFT) - 1;
		WRITE_ONCE(load_averages[i], sum >> LOAD_SHIFT);
	}
}

/*
 * By the tick of any busy CPU, or by who asks: one of them wins the lock, the others need not wait. In periods that nobody
 * counted no CPU had a tick, so nothing ran.
 */
static void load_update(u64 now)
{
	unsigned long flags;
	u64 periods;

	if (likely((s64)(now - READ_ONCE(load_updated_ns)) < (s64)LOAD_PERIOD_NS))
		return;
	flags = spin_lock_irq(&load_lock);
	periods = now > load_updated_ns ? (now - load_updated_ns) / LOAD_PERIOD_NS : 0;
	WRITE_ONCE(load_updated_ns, load_updated_ns + periods * LOAD_PERIOD_NS);
	for (u64 left = MIN(periods, (u64)1000); left > 1; left--)
		load_step(0);
	if (periods)
		load_step(load_active());
	spin_unlock_irq(&load_lock, flags);
}

void sched_load_average(u64 load[3])
{
	load_update(clock_ns());
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
	return (rq->rt_count && !rq->rt_throttled) || used >= fair_slice_ns(rq, task);
}

static enum hrtimer_restart tick_expired(struct hrtimer *timer)
{
	struct runqueue *rq = container_of(timer, struct runqueue, tick);
	unsigned long flags = spin_lock_irq(&rq->lock);

	runqueue_charge(rq);
	sample_times(rq, SCHED_TICK_NS);
	runqueue_throttle(rq);
	if (slice_over(rq))
		runqueue_reschedule(rq);
	timer->expires_ns = rq->clock_ns + SCHED_TICK_NS;
	spin_unlock_irq(&rq->lock, flags);
	load_update(rq->clock_ns);
	sched_balance(rq);
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
