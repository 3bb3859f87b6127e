/*
 * The fair policy: every task accumulates virtual time, its CPU time scaled by NICE_0 / weight, and the one with the least
 * runs. min_vruntime follows the smallest of a queue and never goes back; a task that slept is placed at most half a
 * latency behind it, so that it gets the CPU soon but cannot make others wait for the time it slept.
 */
#include "internal.h"

/* Each step of nice is a factor of 1.25: one task at nice 1 gets 45 % beside one at nice 0. */
static const u32 weights[] = {
	88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916,
	9548,  7620,  6100,  4904,  3906,  3121,  2501,	 1991,	1586,  1277,
	1024,  820,   655,   526,   423,   335,	  272,	 215,	172,   137,
	110,   87,    70,    56,    45,	   36,	  29,	 23,	18,    15,
};
_Static_assert(ARRAY_LEN(weights) == NICE_MAX - NICE_MIN + 1, "a weight for each nice");

u32 fair_weight(int nice)
{
	return weights[nice - NICE_MIN];
}

/* Virtual times are compared as distances: they may wrap. */
static bool vruntime_before(u64 a, u64 b)
{
	return (s64)(a - b) < 0;
}

static u64 fair_scale(const struct task *task, u64 ns)
{
	if (likely(task->sched.weight == SCHED_WEIGHT_NICE_0))
		return ns;
	return ns * SCHED_WEIGHT_NICE_0 / task->sched.weight;
}

struct task *fair_first(struct runqueue *rq)
{
	struct sched_entity *first = rb_entry_or_null(rq->fair.leftmost, struct sched_entity, node);

	return first ? task_of_entity(first) : NULL;
}

static void fair_update_min(struct runqueue *rq)
{
	struct task *first = fair_first(rq), *running = rq->running;
	u64 least = rq->min_vruntime;
	bool running_fair = running != rq->idle && !task_is_rt(running) &&
			    running->state == TASK_RUNNING;

	if (first && running_fair)
		least = vruntime_before(first->sched.vruntime, running->sched.vruntime)
				? first->sched.vruntime
				: running->sched.vruntime;
	else if (first)
		least = first->sched.vruntime;
	else if (running_fair)
		least = running->sched.vruntime;
	if (vruntime_before(rq->min_vruntime, least))
		rq->min_vruntime = least;
}

void fair_enqueue(struct runqueue *rq, struct task *task)
{
	struct rb_node **link = &rq->fair.root.node, *parent = NULL;
	bool leftmost = true;

	while (*link) {
		parent = *link;
		if (vruntime_before(task->sched.vruntime,
				    rb_entry(parent, struct sched_entity, node)->vruntime)) {
			link = &parent->left;
		} else {
			link = &parent->right;
			leftmost = false;
		}
	}
	rb_link(&task->sched.node, parent, link);
	rb_insert_color_cached(&task->sched.node, &rq->fair, leftmost);
}

void fair_dequeue(struct runqueue *rq, struct task *task)
{
	rb_erase_cached(&task->sched.node, &rq->fair);
}

void fair_charge(struct runqueue *rq, struct task *task, u64 ns)
{
	task->sched.vruntime += fair_scale(task, ns);
	fair_update_min(rq);
}

void fair_place_woken(struct runqueue *rq, struct task *task)
{
	u64 earliest = rq->min_vruntime - SCHED_LATENCY_NS / 2;

	if (vruntime_before(task->sched.vruntime, earliest))
		task->sched.vruntime = earliest;
}

void fair_place_new(struct runqueue *rq, struct task *task)
{
	task->sched.vruntime = rq->min_vruntime;
}

u64 fair_slice_ns(const struct runqueue *rq, const struct task *task)
{
	u64 slice = rq->weight ? SCHED_LATENCY_NS * task->sched.weight / rq->weight
			       : SCHED_LATENCY_NS;

	return MAX(slice, (u64)SCHED_SLICE_MIN_NS);
}

bool fair_preempts(const struct task *woken, const struct task *running)
{
	return vruntime_before(woken->sched.vruntime + fair_scale(woken, SCHED_WAKE_GRANULARITY_NS),
			       running->sched.vruntime);
}
