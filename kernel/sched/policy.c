/* Priorities, policies and affinity; times and counts that others show. */
#include <abi/errno.h>
#include <abi/sched.h>

#include "internal.h"

/* Takes a queued task out of its queue, changes it, and puts it back: its place depends on what is changed. */
static int sched_change(struct task *task, int nice, int policy, int rt_priority)
{
	unsigned long flags;
	struct runqueue *rq = task_lock_settled(task, &flags);
	bool queued = task->sched.queued, running = rq->running == task;

	if (running)
		runqueue_charge(rq);
	if (queued)
		runqueue_remove(rq, task);
	task->sched.nice = (s8)nice;
	task->sched.weight = policy == SCHED_IDLE ? 3 : fair_weight(nice);
	task->sched.policy = (u8)policy;
	if (task->sched.rt_priority && !rt_priority)
		fair_place_new(rq, task);
	task->sched.rt_priority = (u8)rt_priority;
	if (queued) {
		runqueue_add(rq, task);
		if (running)
			runqueue_reschedule(rq);
		else
			runqueue_check_preempt(rq, task);
	}
	spin_unlock_irq(&rq->lock, flags);
	return 0;
}

int sched_set_nice(struct task *task, int nice)
{
	return sched_change(task, nice, task->sched.policy, task->sched.rt_priority);
}

int sched_set_policy(struct task *task, int policy, int rt_priority)
{
	return sched_change(task, task->sched.nice, policy, rt_priority);
}

static unsigned int first_online_of(const unsigned long *mask)
{
	unsigned int cpu;

	for_each_online_cpu (cpu)
		if (bitmap_test(mask, cpu))
			return cpu;
	return ~0u;
}

/* An interrupt, from which the CPU returns to its task's user code by way of the scheduler if it was asked to. */
static void interrupted(void *unused)
{
	(void)unused;
}

/* A task that runs elsewhere has left, or will before it is in user mode again, when this returns. */
int sched_set_affinity(struct task *task, const unsigned long *mask)
{
	unsigned int target = first_online_of(mask), cpu;
	unsigned long flags;
	struct runqueue *rq, *to;

	if (target == ~0u)
		return -EINVAL;
	rq = task_lock_settled(task, &flags);
	for (unsigned int word = 0; word < BITMAP_WORDS(cpu_count()); word++)
		task->sched.affinity[word] = mask[word];
	if (bitmap_test(mask, rq->cpu)) {
		spin_unlock_irq(&rq->lock, flags);
		return 0;
	}
	if (rq->running == task) {
		task->sched.must_move = true;
		runqueue_reschedule(rq);
		cpu = rq->cpu;
		spin_unlock_irq(&rq->lock, flags);
		if (task != current)
			smp_call_cpu(cpu, interrupted, NULL);
		return 0;
	}
	if (!task->sched.queued) {
		spin_unlock_irq(&rq->lock, flags);
		return 0; /* asleep: the wake-up chooses */
	}
	runqueue_remove(rq, task);
	to = runqueue_of(target);
	task->sched.vruntime += to->min_vruntime - rq->min_vruntime;
	task->sched.must_move = true;
	WRITE_ONCE(task->sched.cpu, target);
	spin_unlock_raw(&rq->lock);
	spin_lock_raw(&to->lock);
	task->sched.must_move = false;
	runqueue_add(to, task);
	runqueue_check_preempt(to, task);
	spin_unlock_irq(&to->lock, flags);
	return 0;
}

u64 task_runtime_ns(struct task *task)
{
	unsigned long flags;
	struct runqueue *rq = task_lock_runqueue(task, &flags);
	u64 runtime;

	if (rq->running == task)
		runqueue_charge(rq);
	runtime = task->sched.runtime_ns;
	spin_unlock_irq(&rq->lock, flags);
	return runtime;
}

u64 sched_switch_count(void)
{
	u64 sum = 0;

	for (unsigned int cpu = 0; cpu < cpu_count(); cpu++)
		sum += READ_ONCE(runqueue_of(cpu)->switches);
	return sum;
}

void sched_cpu_times(unsigned int cpu, struct sched_cpu_times *times)
{
	struct runqueue *rq = runqueue_of(cpu);
	unsigned long flags = spin_lock_irq(&rq->lock);

	*times = rq->times;
	times->idle_ns = rq->idle_ns;
	if (rq->running == rq->idle)
		times->idle_ns += clock_ns() - rq->idle_since_ns;
	spin_unlock_irq(&rq->lock, flags);
}
