/* Run queues: which task a CPU runs next. Real-time tasks by priority first, then the fair ones, then idle. */
#include "internal.h"

/* So many tasks are looked at for one that may go elsewhere; the others may be the first ones next time. */
#define MOVABLE_LOOK 32

DEFINE_PER_CPU(struct runqueue, runqueue);

struct runqueue *task_lock_runqueue(struct task *task, unsigned long *flags)
{
	for (;;) {
		struct runqueue *rq = runqueue_of(READ_ONCE(task->sched.cpu));

		*flags = spin_lock_irq(&rq->lock);
		if (likely(task->sched.cpu == rq->cpu))
			return rq;
		spin_unlock_irq(&rq->lock, *flags);
	}
}

struct runqueue *task_lock_settled(struct task *task, unsigned long *flags)
{
	struct runqueue *rq;

	while ((rq = task_lock_runqueue(task, flags)), task_in_transit(task)) {
		spin_unlock_irq(&rq->lock, *flags);
		cpu_relax();
	}
	return rq;
}

void runqueue_charge(struct runqueue *rq)
{
	struct task *task = rq->running;
	u64 now = clock_ns(), ns = now - rq->clock_ns;

	/* Another CPU, whose clock is a little ahead, may have been here last. */
	if ((s64)ns <= 0)
		return;
	rq->clock_ns = now;
	if (task == rq->idle)
		return;
	WRITE_ONCE(task->sched.runtime_ns, task->sched.runtime_ns + ns);
	if (task_is_rt(task))
		rq->rt_used_ns += ns;
	else
		fair_charge(rq, task, ns);
}

static void rt_enqueue(struct runqueue *rq, struct task *task, bool at_head)
{
	struct list *head = &rq->rt[task->sched.rt_priority];

	if (at_head)
		list_add(&task->sched.rt_link, head);
	else
		list_add_tail(&task->sched.rt_link, head);
	bitmap_set(rq->rt_present, task->sched.rt_priority);
}

static void rt_dequeue(struct runqueue *rq, struct task *task)
{
	list_del(&task->sched.rt_link);
	if (list_empty(&rq->rt[task->sched.rt_priority]))
		bitmap_clear(rq->rt_present, task->sched.rt_priority);
}

static int rt_highest(const struct runqueue *rq)
{
	for (int word = ARRAY_LEN(rq->rt_present) - 1; word >= 0; word--)
		if (rq->rt_present[word])
			return word * 64 + (int)ilog2(rq->rt_present[word]);
	return -1;
}

static void runqueue_count_in(struct runqueue *rq, struct task *task)
{
	if (task_is_rt(task)) {
		rq->rt_count++;
	} else {
		rq->fair_count++;
		rq->weight += task->sched.weight;
	}
}

static void runqueue_count_out(struct runqueue *rq, struct task *task)
{
	if (task_is_rt(task)) {
		rq->rt_count--;
	} else {
		rq->fair_count--;
		rq->weight -= task->sched.weight;
	}
}

void runqueue_add(struct runqueue *rq, struct task *task)
{
	task->sched.queued = true;
	runqueue_count_in(rq, task);
	if (task == rq->running)
		return;
	if (task_is_rt(task))
		rt_enqueue(rq, task, false);
	else
		fair_enqueue(rq, task);
}

void runqueue_remove(struct runqueue *rq, struct task *task)
{
	task->sched.queued = false;
	runqueue_count_out(rq, task);
	if (task == rq->running)
		return;
	if (task_is_rt(task))
		rt_dequeue(rq, task);
	else
		fair_dequeue(rq, task);
}

/* slice_start_ns 0: it has yielded. */
static bool rt_turn_over(const struct runqueue *rq, const struct task *task)
{
	if (!task->sched.slice_start_ns)
		return true;
	return task->sched.policy == SCHED_RR &&
	       rq->clock_ns - task->sched.slice_start_ns >= SCHED_RR_SLICE_NS;
}

/* A real-time task that was preempted keeps its place at the head; one whose turn is over goes to the end. */
void runqueue_put_back(struct runqueue *rq, struct task *task)
{
	if (task_is_rt(task))
		rt_enqueue(rq, task, !rt_turn_over(rq, task));
	else
		fair_enqueue(rq, task);
}

/*
 * What was used beyond a period's runtime is charged to the next one, but not to more than that: a late tick makes the
 * real-time tasks wait later, not less. Only while a fair task waits: nobody else has a claim to the rest of the period.
 */
void runqueue_throttle(struct runqueue *rq)
{
	u64 periods = (rq->clock_ns - rq->rt_period_start_ns) / SCHED_RT_PERIOD_NS;
	bool throttled = rq->rt_throttled;

	if (periods) {
		rq->rt_period_start_ns += periods * SCHED_RT_PERIOD_NS;
		rq->rt_used_ns -= MIN(rq->rt_used_ns, periods * SCHED_RT_RUNTIME_NS);
		rq->rt_used_ns = rq->fair_count ? MIN(rq->rt_used_ns, SCHED_RT_RUNTIME_NS) : 0;
		throttled = false;
	}
	if (rq->rt_used_ns >= SCHED_RT_RUNTIME_NS && rq->fair_count)
		throttled = true;
	if (throttled != rq->rt_throttled && rq->rt_count)
		runqueue_reschedule(rq);
	rq->rt_throttled = throttled;
}

bool runqueue_rt_waits(const struct runqueue *rq)
{
	return rt_highest(rq) >= 0;
}

static struct task *rt_find_movable(struct runqueue *rq, unsigned int cpu, int above)
{
	struct sched_entity *entity;

	for (int priority = rt_highest(rq); priority > above; priority--)
		list_for_each_entry (entity, &rq->rt[priority], rt_link)
			if (sched_cpu_allowed(task_of_entity(entity), cpu))
				return task_of_entity(entity);
	return NULL;
}

struct task *runqueue_find_movable(struct runqueue *rq, unsigned int cpu, int priority, bool rt_only)
{
	struct task *task = rt_find_movable(rq, cpu, priority);
	struct sched_entity *entity;
	unsigned int left = MOVABLE_LOOK;

	if (task || rt_only)
		return task;
	for (entity = rb_entry_or_null(rq->fair.leftmost, struct sched_entity, node);
	     entity && left--;
	     entity = rb_entry_or_null(rb_next(&entity->node), struct sched_entity, node))
		if (sched_cpu_allowed(task_of_entity(entity), cpu))
			return task_of_entity(entity);
	return NULL;
}

struct task *runqueue_pick(struct runqueue *rq)
{
	int priority = rt_highest(rq);
	struct task *task;

	if (priority >= 0 && !(rq->rt_throttled && fair_first(rq))) {
		task = task_of_entity(
			list_first_entry(&rq->rt[priority], struct sched_entity, rt_link));
		rt_dequeue(rq, task);
		return task;
	}
	task = fair_first(rq);
	if (!task)
		return rq->idle;
	fair_dequeue(rq, task);
	return task;
}

void runqueue_reschedule(struct runqueue *rq)
{
	struct task *task = rq->running;
	u32 old = __atomic_fetch_or(&task->head.work, WORK_RESCHEDULE, __ATOMIC_SEQ_CST);

	if (old & WORK_RESCHEDULE)
		return;
	if (rq->cpu == this_cpu_number())
		this_cpu(preempt_count) &= ~PREEMPT_NO_RESCHEDULE;
	else
		ipi_send(rq->cpu, IPI_RESCHEDULE);
}

void runqueue_check_preempt(struct runqueue *rq, struct task *woken)
{
	struct task *running = rq->running;

	if (unlikely(rq->rt_throttled) && running != rq->idle &&
	    task_is_rt(running) != task_is_rt(woken)) {
		if (task_is_rt(running))
			runqueue_reschedule(rq);
		return;
	}
	if (running == rq->idle || woken->sched.rt_priority > running->sched.rt_priority ||
	    (!task_is_rt(running) && !task_is_rt(woken) && fair_preempts(woken, running)))
		runqueue_reschedule(rq);
}
