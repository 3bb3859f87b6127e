/*
 * Switching, waking and sleeping.
 *
 * A run queue's lock is held across the switch: the task that leaves takes it, the task that arrives releases it in
 * sched_finish_switch. So whoever holds the lock of the queue a task belongs to knows that the task is either running
 * there or has completely left its CPU, and may be moved.
 *
 * preempt_count at the switch is always 1 (the scheduler's own), therefore it is per CPU and never saved.
 */
#include <abi/errno.h>
#include <kernel/page.h>
#include <kernel/printk.h>
#include <kernel/rcu.h>
#include <kernel/vm.h>
#include <kernel/vmap.h>
#include <platform/cpu.h>
#include <profile/check.h>

#include "internal.h"

/* Preemption off, interrupts off. The queue's lock without its rank: another task releases it. */
static void runqueue_lock_switch(struct runqueue *rq)
{
	spin_lock_raw(&rq->lock);
}

static void fpu_leave(struct task *prev)
{
	if (!prev->fpu || prev->head.work & WORK_FPU_LOAD)
		return;
	fpu_save(prev->fpu);
	__atomic_fetch_or(&prev->head.work, WORK_FPU_LOAD, __ATOMIC_SEQ_CST);
}

/* FS and GS base: user mode may have changed them without telling us, where the CPU has FSGSBASE. */
static void thread_registers_switch(struct task *prev, struct task *next)
{
	if (prev->mm && cpu_has(CPU_FSGSBASE)) {
		prev->fs_base = cpu_user_fs_base();
		prev->gs_base = cpu_user_gs_base();
	}
	if (!next->mm)
		return;
	cpu_set_user_fs_base(next->fs_base);
	cpu_set_user_gs_base(next->gs_base);
}

/*
 * rq->lock held; the task is in no queue and has left its CPU. Returns with the lock of its new queue held instead. In
 * between it is in transit: who wakes it changes its state only.
 */
static struct runqueue *task_move_to(struct runqueue *rq, struct task *task, unsigned int cpu)
{
	struct runqueue *to = runqueue_of(cpu);

	if (to == rq)
		return rq;
	task->sched.vruntime += to->min_vruntime - rq->min_vruntime;
	task->sched.must_move = true;
	WRITE_ONCE(task->sched.cpu, cpu);
	spin_unlock_raw(&rq->lock);
	spin_lock_raw(&to->lock);
	task->sched.must_move = false;
	return to;
}

/* A task that left a CPU which its affinity no longer allows, still runnable: goes on at an allowed one. */
static void sched_start_elsewhere(struct task *task)
{
	struct runqueue *rq = runqueue_of(task->sched.cpu);

	spin_lock(&rq->lock);
	rq = task_move_to(rq, task, sched_pick_cpu(task, true));
	task->sched.must_move = false;
	runqueue_add(rq, task);
	runqueue_check_preempt(rq, task);
	spin_unlock(&rq->lock);
}

/* In the context of the task that was switched to, on its stack; interrupts off. See the header comment. */
void sched_finish_switch(struct task_head *prev_head)
{
	struct task *prev = task_of_head(prev_head);
	struct runqueue *rq = this_cpu_ptr(runqueue);
	bool dead = prev->state == TASK_DEAD, move = prev->sched.must_move;

	WRITE_ONCE(prev->sched.on_cpu, 0);
	spin_unlock_raw(&rq->lock);
	this_cpu(preempt_count)--;
	if (unlikely(dead)) {
		/* Nobody looks at the stack of a dead task: the next one to be born has it while it is warm. */
		if (prev->stack && vmap_stack_cache(prev->stack))
			prev->stack = NULL;
		task_put(prev);
	} else if (unlikely(move)) {
		sched_start_elsewhere(prev);
	}
}

static void switch_to(struct runqueue *rq, struct task *prev, struct task *next)
{
	check((this_cpu(preempt_count) & ~PREEMPT_NO_RESCHEDULE) == 1);
	rq->switches++;
	rq->running = next;
	next->sched.slice_start_ns = rq->clock_ns;
	WRITE_ONCE(next->sched.on_cpu, 1);
	fpu_leave(prev);
	thread_registers_switch(prev, next);
	mm_switch(prev, next);
	lock_ranks_switch(prev->held_ranks, next->held_ranks);
	this_cpu(current_task) = next;
	sched_finish_switch(context_switch(&prev->head, &next->head));
}

static void schedule_clear_wanted(struct task *task)
{
	task_clear_work(task, WORK_RESCHEDULE);
	this_cpu(preempt_count) |= PREEMPT_NO_RESCHEDULE;
}

static void idle_marks(struct runqueue *rq, struct task *prev, struct task *next)
{
	if (next == rq->idle) {
		rq->idle_since_ns = rq->clock_ns;
		atomic_set_bit(sched_idle_cpus, rq->cpu);
	} else if (prev == rq->idle) {
		WRITE_ONCE(rq->idle_ns, rq->idle_ns + rq->clock_ns - rq->idle_since_ns);
		atomic_clear_bit(sched_idle_cpus, rq->cpu);
	}
}

/* The load average counts who waits for a disk or a lock, but not the kernel's own threads. */
static void sleep_begin(struct runqueue *rq, struct task *task)
{
	task->sched.must_move = false; /* the wake-up chooses a CPU */
	if (!(task->state & (TASK_UNINTERRUPTIBLE | TASK_KILLABLE)) ||
	    (task->flags & TASK_FLAG_KERNEL))
		return;
	task->sched.load_counted = true;
	rq->uninterruptible++;
}

static void sleep_end(struct runqueue *rq, struct task *task)
{
	if (task->sched.load_counted)
		rq->uninterruptible--;
	task->sched.load_counted = false;
}

/* `preempted`: the task was interrupted, and stays runnable whatever it has written into its state. */
static void schedule_once(bool preempted)
{
	unsigned long flags;
	struct runqueue *rq;
	struct task *prev = current, *next;

	preempt_disable();
	flags = irq_save();
	rq = this_cpu_ptr(runqueue);
	rcu_quiescent();
	runqueue_lock_switch(rq);
	runqueue_charge(rq);
	schedule_clear_wanted(prev);
	if (prev != rq->idle) {
		bool sleeps = !preempted && prev->state != TASK_RUNNING;

		if (sleeps)
			sleep_begin(rq, prev);
		if (sleeps || prev->sched.must_move)
			runqueue_remove(rq, prev);
		else
			runqueue_put_back(rq, prev);
	}
	next = runqueue_pick(rq);
	if (next == prev) {
		next->sched.slice_start_ns = rq->clock_ns;
		spin_unlock_raw(&rq->lock);
		this_cpu(preempt_count)--;
	} else {
		if (preempted)
			prev->sched.switches_involuntary++;
		else
			prev->sched.switches_voluntary++;
		idle_marks(rq, prev, next);
		if (next != rq->idle)
			tick_start(rq); /* before the switch: a new task does not come back here */
		switch_to(rq, prev, next);
	}
	irq_restore(flags);
}

static bool reschedule_wanted(void)
{
	return !(this_cpu(preempt_count) & PREEMPT_NO_RESCHEDULE);
}

void schedule(void)
{
	sleep_check();
	schedule_once(false);
	while (reschedule_wanted())
		schedule_once(true);
}

void preempt_schedule(void)
{
	if (!irq_enabled())
		return; /* whoever turns them on notices: the interrupt exit, or the return to user mode */
	while (preemptible() && reschedule_wanted())
		schedule_once(true);
}

/* At the end of an interrupt that hit preemptible kernel code; interrupts off. */
void trap_preempt(void)
{
	if (current->state == TASK_DEAD)
		return;
	while (this_cpu(preempt_count) == 0)
		schedule_once(true);
}

void irq_ipi_reschedule(void)
{
	if (READ_ONCE(current->head.work) & WORK_RESCHEDULE)
		this_cpu(preempt_count) &= ~PREEMPT_NO_RESCHEDULE;
}

void sched_resched_cpu(unsigned int cpu)
{
	struct runqueue *rq = runqueue_of(cpu);
	unsigned long flags;

	if (!load_acquire(&rq->ready))
		return; /* it has only just come online */
	flags = spin_lock_irq(&rq->lock);
	runqueue_reschedule(rq);
	spin_unlock_irq(&rq->lock, flags);
}

bool sched_wake(struct task *task, u32 states)
{
	unsigned long flags;
	struct runqueue *rq;
	u32 seen;

	memory_fence(); /* the condition, stored before, against the state, stored before the sleeper tested it */
	if (!(READ_ONCE(task->state) & states))
		return false;
	rq = task_lock_runqueue(task, &flags);
	/* A task that still runs changes its state itself, without the lock: what it became meanwhile must stay. */
	seen = READ_ONCE(task->state);
	do {
		if (!(seen & states)) {
			spin_unlock_irq(&rq->lock, flags);
			return false;
		}
	} while (!try_cmpxchg(&task->state, &seen, TASK_RUNNING));
	if (!task->sched.queued && !task->sched.must_move) {
		sleep_end(rq, task);
		rq = task_move_to(rq, task, sched_pick_cpu(task, false));
		if (!task_is_rt(task))
			fair_place_woken(rq, task);
		runqueue_add(rq, task);
		runqueue_check_preempt(rq, task);
	}
	spin_unlock_irq(&rq->lock, flags);
	return true;
}

void sched_start(struct task *task)
{
	unsigned long flags;
	struct runqueue *rq = task_lock_runqueue(task, &flags);

	rq = task_move_to(rq, task, sched_pick_cpu(task, true));
	task->state = TASK_RUNNING;
	if (!task_is_rt(task))
		fair_place_new(rq, task);
	runqueue_add(rq, task);
	runqueue_check_preempt(rq, task);
	spin_unlock_irq(&rq->lock, flags);
}

void sched_fork(struct task *child)
{
	struct sched_entity *from = &current->sched, *to = &child->sched;
	unsigned long *affinity = to->affinity;

	*to = (struct sched_entity){
		.affinity = affinity,
		.nice = from->nice,
		.policy = from->policy,
		.rt_priority = from->rt_priority,
		.weight = from->weight ? from->weight : SCHED_WEIGHT_NICE_0,
		.cpu = this_cpu_number(),
	};
	child->state = TASK_UNINTERRUPTIBLE; /* until sched_start */
}

void sched_exit(struct task *task)
{
	(void)task; /* nothing is kept beside the entity itself */
}

void sched_yield_current(void)
{
	unsigned long flags;
	struct runqueue *rq;

	if (runqueue_count(this_cpu_ptr(runqueue)) <= 1)
		return;
	rq = task_lock_runqueue(current, &flags);
	if (!task_is_rt(current) && fair_first(rq)) {
		runqueue_charge(rq);
		if ((s64)(fair_first(rq)->sched.vruntime - current->sched.vruntime) >= 0)
			current->sched.vruntime = fair_first(rq)->sched.vruntime + 1;
	} else {
		current->sched.slice_start_ns = 0; /* its turn is over: to the end of its priority */
	}
	spin_unlock_irq(&rq->lock, flags);
	schedule();
}

void sched_task_dead(void)
{
	irq_disable();
	current->state = TASK_DEAD;
	irq_enable();
	schedule_once(false);
	panic("a dead task ran");
}

void sched_init_cpu(struct task *idle)
{
	struct runqueue *rq = this_cpu_ptr(runqueue);

	spin_init(&rq->lock, RANK_RUNQUEUE);
	rq->cpu = this_cpu_number();
	rq->idle = idle;
	rq->running = idle;
	rq->fair = RB_ROOT_CACHED;
	rq->fair_count = 0;
	rq->rt_count = 0;
	rq->weight = 0;
	rq->min_vruntime = 0;
	for (unsigned int i = 0; i < RT_PRIORITIES; i++)
		list_init(&rq->rt[i]);
	rq->clock_ns = clock_ns();
	rq->idle_since_ns = rq->clock_ns;
	idle->sched.cpu = rq->cpu;
	idle->sched.on_cpu = 1;
	idle->state = TASK_RUNNING;
	tick_init_cpu(rq);
	atomic_set_bit(sched_idle_cpus, rq->cpu);
	store_release(&rq->ready, true);
	preempt_enable_no_schedule(); /* a CPU starts with preemption off, until it can schedule */
}

void sched_init(void)
{
	sched_init_cpu(current);
}

/* There is nothing to run. Interrupts off on entry and exit, on meanwhile. */
static void idle_wait(void)
{
	if (config_on(CONFIG_PAGE_ZERO_AHEAD) && page_zero_wanted()) {
		rcu_quiescent();
		irq_enable();
		page_zero_some();
		irq_disable();
		return;
	}
	preempt_disable(); /* no switch inside the interrupt: the idle loop does it, after rcu_idle_exit */
	rcu_idle_enter();
	cpu_wait_for_interrupt();
	irq_disable();
	rcu_idle_exit();
	preempt_enable_no_schedule();
}

/* Does work that others left for an idle CPU, then sleeps until an interrupt makes something runnable. */
void sched_idle_loop(void)
{
	struct runqueue *rq = this_cpu_ptr(runqueue);

	for (;;) {
		irq_disable();
		if (!reschedule_wanted() && !sched_steal(rq))
			idle_wait();
		irq_enable();
		if (reschedule_wanted())
			schedule_once(false);
	}
}
