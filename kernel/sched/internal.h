/* Shared within kernel/sched: the run queue of a CPU. */
#pragma once

#include <abi/sched.h>
#include <kernel/sched.h>
#include <lib/bitmap.h>

#define RT_PRIORITIES 100
#define SCHED_TICK_NS (4 * NSEC_PER_MSEC) /* while a CPU is busy; an idle CPU has no tick */
#define SCHED_LATENCY_NS                                                                           \
	(6 *                                                                                       \
	 NSEC_PER_MSEC) /* each runnable task runs once in this time, while slices stay long enough */
#define SCHED_SLICE_MIN_NS (750 * NSEC_PER_USEC)
#define SCHED_WAKE_GRANULARITY_NS NSEC_PER_MSEC /* how far ahead a woken task must be to preempt */
#define SCHED_WEIGHT_NICE_0 1024u
#define SCHED_RR_SLICE_NS (100 * NSEC_PER_MSEC)
#define SCHED_RT_PERIOD_NS                                                                         \
	NSEC_PER_SEC /* in each, real-time tasks may keep others waiting for... */
#define SCHED_RT_RUNTIME_NS (950 * NSEC_PER_MSEC)
#define SCHED_BALANCE_NS (64 * NSEC_PER_MSEC) /* how often a busy CPU looks for a longer queue */

/* The tasks that wait for one CPU, and the one that runs there. */
struct runqueue {
	struct spinlock lock; /* RANK_RUNQUEUE, interrupts off */
	unsigned int cpu; /* [I] */
	struct task *running; /* [lock] */
	struct task *idle; /* [I] */
	struct rb_root_cached fair; /* [lock] by virtual time; without the running task */
	u64 min_vruntime; /* [lock] never back */
	u64 weight; /* [lock] of the fair tasks, the running one included */
	unsigned int fair_count; /* [lock] likewise */
	struct list rt[RT_PRIORITIES]; /* [lock] index: priority; without the running task */
	unsigned long rt_present[BITMAP_WORDS(RT_PRIORITIES)]; /* [lock] */
	unsigned int rt_count; /* [lock] the running one included */
	u64 rt_used_ns, rt_period_start_ns; /* [lock] in this period */
	bool rt_throttled; /* [lock] fair tasks go first until the period is over */
	long uninterruptible; /* [lock] slept here so, minus those that woke here: only the sum over all CPUs counts */
	u64 balance_ns; /* [C] next look at other queues */
	u64 clock_ns; /* [lock] when `current` was last charged */
	u64 switches; /* [lock] */
	u64 idle_ns, idle_since_ns; /* [lock] */
	struct hrtimer tick;
	struct sched_cpu_times times; /* [C] sampled by the tick */
	bool ready; /* may be given tasks */
} __cache_aligned;

DECLARE_PER_CPU(struct runqueue, runqueue);

static inline struct runqueue *runqueue_of(unsigned int cpu)
{
	return per_cpu_ptr(runqueue, cpu);
}

static inline struct task *task_of_entity(struct sched_entity *entity)
{
	return container_of(entity, struct task, sched);
}

static inline bool task_is_rt(const struct task *task)
{
	return task->sched.rt_priority != 0;
}

/* Runnable, and on its way from one queue to another with neither lock held. */
static inline bool task_in_transit(const struct task *task)
{
	return task->sched.must_move && !task->sched.queued;
}

static inline unsigned int runqueue_count(const struct runqueue *rq)
{
	return rq->fair_count + rq->rt_count;
}

/* Locks the run queue that `task` belongs to; the task cannot move while it is held. */
struct runqueue *task_lock_runqueue(struct task *task, unsigned long *flags);
/* The same, and the task is not in transit: waits the moment until it has arrived. */
struct runqueue *task_lock_settled(struct task *task, unsigned long *flags);

/* fair.c, all with rq->lock held. */
u32 fair_weight(int nice);
void fair_enqueue(struct runqueue *rq, struct task *task); /* into the tree */
void fair_dequeue(struct runqueue *rq, struct task *task);
struct task *fair_first(struct runqueue *rq);
void fair_charge(struct runqueue *rq, struct task *task, u64 ns);
void fair_place_woken(struct runqueue *rq, struct task *task);
void fair_place_new(struct runqueue *rq, struct task *task);
u64 fair_slice_ns(const struct runqueue *rq, const struct task *task);
bool fair_preempts(const struct task *woken, const struct task *running);

/* runqueue.c, all with rq->lock held. */
void runqueue_throttle(struct runqueue *rq); /* the tick: begins and ends rt_throttled */
/* The first that waits and may run on `cpu`, real-time tasks above `priority` first; only those if `rt_only`. NULL. */
struct task *runqueue_find_movable(struct runqueue *rq, unsigned int cpu, int priority,
				   bool rt_only);
bool runqueue_rt_waits(const struct runqueue *rq);
void runqueue_charge(struct runqueue *rq); /* time of the running task up to now */
void runqueue_add(struct runqueue *rq, struct task *task); /* becomes runnable here */
void runqueue_remove(struct runqueue *rq,
		     struct task *task); /* no longer runnable here; running or queued */
void runqueue_put_back(struct runqueue *rq, struct task *task); /* was running, stays runnable */
struct task *
runqueue_pick(struct runqueue *rq); /* takes it out of the waiting ones; idle if there is none */
void runqueue_reschedule(struct runqueue *rq); /* its CPU is to call schedule soon */
void runqueue_check_preempt(struct runqueue *rq, struct task *woken);

/* balance.c */
unsigned int sched_pick_cpu(const struct task *task, bool new_task);
bool sched_cpu_allowed(const struct task *task, unsigned int cpu);
/* All with interrupts off and no lock held. */
bool sched_steal(struct runqueue *rq); /* an idle CPU takes a waiting task */
void sched_balance(
	struct runqueue *rq); /* the tick of a busy CPU: tasks that wait here, or in a longer queue */
extern unsigned long *sched_idle_cpus; /* [A] bitmap */

/* tick.c */
void tick_init_cpu(struct runqueue *rq);
void tick_start(struct runqueue *rq);
