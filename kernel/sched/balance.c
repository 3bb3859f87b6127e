/* Which CPU a task runs on: chosen when it wakes or starts; an idle CPU takes a waiting task from the longest queue. */
#include <platform/memory.h>

#include "internal.h"

unsigned long *sched_idle_cpus;

void sched_init_early(void)
{
	sched_idle_cpus = boot_memory_alloc(BITMAP_WORDS(cpu_count()) * sizeof(*sched_idle_cpus));
}

bool sched_cpu_allowed(const struct task *task, unsigned int cpu)
{
	return !task->sched.affinity || bitmap_test(task->sched.affinity, cpu);
}

static bool cpu_usable(const struct task *task, unsigned int cpu)
{
	return runqueue_of(cpu)->ready && sched_cpu_allowed(task, cpu);
}

static unsigned int least_loaded_cpu(const struct task *task, unsigned int fallback)
{
	unsigned int best = fallback, least = ~0u;

	for (unsigned int cpu = 0; cpu < cpu_count(); cpu++) {
		unsigned int count;

		if (!cpu_usable(task, cpu))
			continue;
		count = runqueue_count(runqueue_of(cpu));
		if (count < least) {
			least = count;
			best = cpu;
		}
	}
	return best;
}

/* Interrupts off, which keeps the task that is looked at from being freed. */
static int running_priority(const struct runqueue *rq)
{
	return READ_ONCE(rq->running)->sched.rt_priority;
}

/* The CPU that runs the least urgent task, if that is below `priority`; ~0u. */
static unsigned int least_urgent_cpu(const struct task *task, int priority)
{
	unsigned int best = ~0u;

	for (unsigned int cpu = 0; cpu < cpu_count(); cpu++) {
		if (!cpu_usable(task, cpu) || runqueue_of(cpu)->rt_throttled ||
		    running_priority(runqueue_of(cpu)) >= priority)
			continue;
		priority = running_priority(runqueue_of(cpu));
		best = cpu;
	}
	return best;
}

/* Its last CPU if that is idle (warm caches), else any idle one, else the last one, else the shortest queue. */
unsigned int sched_pick_cpu(const struct task *task, bool new_task)
{
	unsigned int last = task->sched.cpu;
	unsigned long idle;

	if (cpu_online_count() == 1)
		return last;
	if (cpu_usable(task, last) && atomic_test_bit(sched_idle_cpus, last))
		return last;
	for (unsigned int word = 0; word < BITMAP_WORDS(cpu_count()); word++)
		for (idle = READ_ONCE(sched_idle_cpus[word]); idle; idle &= idle - 1) {
			unsigned int cpu = word * 64 + (unsigned int)__builtin_ctzl(idle);

			if (cpu_usable(task, cpu))
				return cpu;
		}
	if (task_is_rt(task) && running_priority(runqueue_of(last)) >= task->sched.rt_priority) {
		unsigned int urgent = least_urgent_cpu(task, task->sched.rt_priority);

		if (urgent != ~0u)
			return urgent;
	}
	if (!new_task && cpu_usable(task, last))
		return last;
	return least_loaded_cpu(task, last);
}

/* The longest queue but `self`, if it has more tasks than that. */
static struct runqueue *longest_queue(const struct runqueue *self, unsigned int more_than)
{
	struct runqueue *longest = NULL;
	unsigned int most = MAX(more_than, 1u); /* one task runs: only a second one waits */

	for (unsigned int cpu = 0; cpu < cpu_count(); cpu++) {
		struct runqueue *rq = runqueue_of(cpu);
		unsigned int count = runqueue_count(rq);

		if (rq != self && rq->ready && count > most) {
			most = count;
			longest = rq;
		}
	}
	return longest;
}

/*
 * Moves a waiting task: a real-time one above `priority`, else a fair one unless `rt_only`. Virtual times of two queues are
 * not comparable: the distance to the queue's minimum moves with the task.
 */
static bool move_waiting(struct runqueue *from, struct runqueue *to, int priority, bool rt_only)
{
	unsigned long flags = spin_lock_irq(&from->lock);
	struct task *task = runqueue_find_movable(from, to->cpu, priority, rt_only);

	if (task) {
		runqueue_remove(from, task);
		task->sched.must_move = true; /* in transit */
		task->sched.vruntime -= from->min_vruntime;
		WRITE_ONCE(task->sched.cpu, to->cpu);
	}
	spin_unlock_irq(&from->lock, flags);
	if (!task)
		return false;
	flags = spin_lock_irq(&to->lock);
	task->sched.vruntime += to->min_vruntime;
	task->sched.must_move = false;
	runqueue_add(to, task);
	runqueue_check_preempt(to, task);
	spin_unlock_irq(&to->lock, flags);
	return true;
}

bool sched_steal(struct runqueue *rq)
{
	struct runqueue *longest = longest_queue(rq, 1), *from;

	if (!longest)
		return false;
	if (move_waiting(longest, rq, 0, false))
		return true;
	/* All of it may be bound to its CPU. */
	for (unsigned int cpu = 0; cpu < cpu_count(); cpu++) {
		from = runqueue_of(cpu);
		if (from != rq && from != longest && from->ready && runqueue_count(from) > 1 &&
		    move_waiting(from, rq, 0, false))
			return true;
	}
	return false;
}

/* An idle CPU that may take a task of this queue, or ~0u. Interrupts off; the lock is not held: whoever comes looks again. */
static unsigned int idle_cpu_for(struct runqueue *rq)
{
	unsigned long flags = spin_lock_irq(&rq->lock);
	unsigned int found = ~0u;

	for (unsigned int word = 0; word < BITMAP_WORDS(cpu_count()) && found == ~0u; word++)
		for (unsigned long idle = READ_ONCE(sched_idle_cpus[word]); idle && found == ~0u;
		     idle &= idle - 1) {
			unsigned int cpu = word * 64 + (unsigned int)__builtin_ctzl(idle);

			if (runqueue_find_movable(rq, cpu, 0, false))
				found = cpu;
		}
	spin_unlock_irq(&rq->lock, flags);
	return found;
}

/* Real-time tasks that wait here go where something less urgent runs. */
static void rt_push(struct runqueue *rq)
{
	unsigned long flags = spin_lock_irq(&rq->lock);
	struct task *task = NULL;
	unsigned int to = ~0u;

	for (unsigned int cpu = 0; cpu < cpu_count() && to == ~0u; cpu++)
		if (cpu != rq->cpu && runqueue_of(cpu)->ready &&
		    (task = runqueue_find_movable(rq, cpu, running_priority(runqueue_of(cpu)), true)))
			to = least_urgent_cpu(task, task->sched.rt_priority);
	spin_unlock_irq(&rq->lock, flags);
	if (to != ~0u && to != rq->cpu)
		move_waiting(rq, runqueue_of(to), running_priority(runqueue_of(to)), true);
}

void sched_balance(struct runqueue *rq)
{
	unsigned int idle;
	struct runqueue *longest;

	if (runqueue_count(rq) > 1) {
		if (runqueue_rt_waits(rq))
			rt_push(rq);
		idle = idle_cpu_for(rq);
		if (idle != ~0u)
			ipi_send(idle, IPI_RESCHEDULE); /* it wakes, and takes a task */
	}
	if (rq->clock_ns < rq->balance_ns)
		return;
	rq->balance_ns = rq->clock_ns + SCHED_BALANCE_NS;
	longest = longest_queue(rq, runqueue_count(rq) + 1);
	if (longest)
		move_waiting(longest, rq, running_priority(rq), false);
}
