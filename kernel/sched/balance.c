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
	if (!new_task && cpu_usable(task, last))
		return last;
	return least_loaded_cpu(task, last);
}

static struct runqueue *longest_queue(const struct runqueue *self)
{
	struct runqueue *longest = NULL;
	unsigned int most = 1; /* one task runs: only a second one waits */

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

static struct task *stealable_task(struct runqueue *from, unsigned int to_cpu)
{
	struct sched_entity *entity;

	for (entity = rb_entry_or_null(from->fair.leftmost, struct sched_entity, node); entity;
	     entity = rb_entry_or_null(rb_next(&entity->node), struct sched_entity, node))
		if (sched_cpu_allowed(task_of_entity(entity), to_cpu))
			return task_of_entity(entity);
	return NULL;
}

/* Virtual times of two queues are not comparable: the distance to the queue's minimum moves with the task. */
bool sched_steal(struct runqueue *rq)
{
	struct runqueue *from = longest_queue(rq);
	struct task *task;
	unsigned long flags;

	if (!from)
		return false;
	flags = spin_lock_irq(&from->lock);
	task = stealable_task(from, rq->cpu);
	if (task) {
		runqueue_remove(from, task);
		task->sched.must_move = true; /* in transit */
		task->sched.vruntime -= from->min_vruntime;
		WRITE_ONCE(task->sched.cpu, rq->cpu);
	}
	spin_unlock_irq(&from->lock, flags);
	if (!task)
		return false;
	flags = spin_lock_irq(&rq->lock);
	task->sched.vruntime += rq->min_vruntime;
	task->sched.must_move = false;
	runqueue_add(rq, task);
	runqueue_check_preempt(rq, task);
	spin_unlock_irq(&rq->lock, flags);
	return true;
}
