/*
 * Deferred freeing. One kernel thread runs grace periods for all CPUs: it takes the callbacks that every CPU has collected,
 * waits until each CPU has been seen outside a reader, and calls them. Readers have preemption off, so a CPU is outside
 * when its count of passes through the scheduler moves, or while it idles. A CPU that does not pass by itself is asked to
 * reschedule.
 *
 * The thread starts a batch RCU_DELAY_NS after the first callback: one thread switch then serves many callbacks.
 */
#include <kernel/printk.h>
#include <kernel/rcu.h>
#include <kernel/sched.h>
#include <kernel/wait.h>
#include <lib/err.h>
#include <platform/fault.h>

#define RCU_DELAY_NS (2 * NSEC_PER_MSEC)
#define RCU_POLL_NS (200 * NSEC_PER_USEC)
#define RCU_PATIENCE 5 /* polls before a CPU is asked to reschedule */

struct rcu_cpu {
	struct rcu_head *callbacks; /* [A] newest first */
	u64 passes; /* [C] times through the scheduler */
	u32 idle; /* [C] odd: idle */
	bool interrupted_idle; /* [C] an interrupt handler runs on top of idle */
};

static DEFINE_PER_CPU(struct rcu_cpu, rcu_cpu);
static struct wait_queue rcu_wait = WAIT_QUEUE_INIT(rcu_wait);
static u32 rcu_wanted; /* [A] callbacks are waiting */
static struct hrtimer rcu_timer;
static bool rcu_running; /* the thread exists */

static enum hrtimer_restart rcu_timer_expired(struct hrtimer *timer)
{
	(void)timer;
	wait_wake(&rcu_wait, 0);
	return HRTIMER_DONE;
}

void rcu_call(struct rcu_head *head, void (*fn)(struct rcu_head *head))
{
	unsigned long flags = irq_save();
	struct rcu_cpu *cpu = this_cpu_ptr(rcu_cpu);

	head->fn = fn;
	head->next = READ_ONCE(cpu->callbacks);
	while (!try_cmpxchg(&cpu->callbacks, &head->next, head))
		;
	/* No timer from here: the caller may hold any lock. The scheduler's tick and idle entry start the batch. */
	WRITE_ONCE(rcu_wanted, 1);
	irq_restore(flags);
}

/* Called by the scheduler with no lock held, interrupts off. */
static void rcu_start_batch(void)
{
	if (likely(!READ_ONCE(rcu_wanted)) || !READ_ONCE(rcu_running) || !xchg(&rcu_wanted, 0))
		return;
	/* One that is set serves these callbacks too; put off by each of them it might never come. */
	if (!hrtimer_queued(&rcu_timer))
		hrtimer_start(&rcu_timer, clock_ns() + RCU_DELAY_NS);
}

void rcu_quiescent(void)
{
	struct rcu_cpu *cpu = this_cpu_ptr(rcu_cpu);

	/* Before the pass is seen: its memory may be freed then. */
	fault_hint_forget();
	store_release(&cpu->passes, cpu->passes + 1);
	rcu_start_batch();
}

void rcu_idle_enter(void)
{
	struct rcu_cpu *cpu = this_cpu_ptr(rcu_cpu);

	rcu_start_batch();
	store_release(&cpu->idle, cpu->idle + 1);
}

/* The full barrier orders the mark before the reads of any reader that follows; pairs with rcu_wait_cpu's. */
void rcu_idle_exit(void)
{
	struct rcu_cpu *cpu = this_cpu_ptr(rcu_cpu);

	WRITE_ONCE(cpu->idle, cpu->idle + 1);
	memory_fence();
}

/* A handler that interrupts idle is no longer idle: it may be a reader. Handlers do not nest. */
void rcu_irq_enter(void)
{
	struct rcu_cpu *cpu = this_cpu_ptr(rcu_cpu);

	if (!(cpu->idle & 1))
		return;
	rcu_idle_exit();
	cpu->interrupted_idle = true;
}

void rcu_irq_exit(void)
{
	struct rcu_cpu *cpu = this_cpu_ptr(rcu_cpu);

	if (!cpu->interrupted_idle)
		return;
	cpu->interrupted_idle = false;
	store_release(&cpu->idle, cpu->idle + 1);
}

static void rcu_sleep(u64 ns)
{
	static struct wait_queue never = WAIT_QUEUE_INIT(never);

	(void)wait_event_until(&never, false, SLEEP_UNINTERRUPTIBLE, clock_ns() + ns);
}

static void rcu_wait_cpu(unsigned int number, u64 passes, u32 idle)
{
	struct rcu_cpu *cpu = per_cpu_ptr(rcu_cpu, number);

	if (idle & 1)
		return; /* it was idle after the barrier below: readers that start later see the unlinked state */
	for (unsigned int polls = 0;
	     load_acquire(&cpu->passes) == passes && load_acquire(&cpu->idle) == idle; polls++) {
		if (polls >= RCU_PATIENCE)
			sched_resched_cpu(number);
		rcu_sleep(RCU_POLL_NS);
	}
}

/* Returns when every CPU has been outside a reader after the call began. */
static void rcu_grace_period(void)
{
	unsigned int cpu;

	memory_fence();
	for_each_online_cpu (cpu) {
		struct rcu_cpu *state = per_cpu_ptr(rcu_cpu, cpu);

		if (cpu == this_cpu_number())
			continue; /* this thread runs here, and is no reader; a move to another CPU was a pass */
		rcu_wait_cpu(cpu, load_acquire(&state->passes), load_acquire(&state->idle));
	}
}

static struct rcu_head *rcu_take_all(void)
{
	struct rcu_head *all = NULL;

	for (unsigned int cpu = 0; cpu < cpu_count(); cpu++) {
		struct rcu_head *head = xchg(&per_cpu_ptr(rcu_cpu, cpu)->callbacks, NULL);

		while (head) {
			struct rcu_head *next = head->next;

			head->next = all;
			all = head;
			head = next;
		}
	}
	return all;
}

static bool rcu_have_callbacks(void)
{
	for (unsigned int cpu = 0; cpu < cpu_count(); cpu++)
		if (READ_ONCE(per_cpu_ptr(rcu_cpu, cpu)->callbacks))
			return true;
	return false;
}

static void rcu_thread(void *arg)
{
	struct rcu_head *head, *next;

	(void)arg;
	for (;;) {
		wait_event(&rcu_wait, rcu_have_callbacks());
		head = rcu_take_all();
		rcu_grace_period();
		for (; head; head = next) {
			next = head->next;
			head->fn(head);
		}
	}
}

struct rcu_waiter {
	struct rcu_head head;
	struct completion done;
};

static void rcu_waiter_done(struct rcu_head *head)
{
	completion_signal(&container_of(head, struct rcu_waiter, head)->done);
}

void rcu_synchronize(void)
{
	struct rcu_waiter waiter;

	completion_init(&waiter.done);
	rcu_call(&waiter.head, rcu_waiter_done);
	wait_wake(&rcu_wait, 0);
	completion_wait(&waiter.done);
}

/* The first batch may call ours before others of the same batch; when the second one begins, the first is over. */
void rcu_barrier(void)
{
	rcu_synchronize();
	rcu_synchronize();
}

void rcu_init(void)
{
	hrtimer_init(&rcu_timer, rcu_timer_expired);
	if (IS_ERR(kthread_run(rcu_thread, NULL, "rcu")))
		panic("no memory for the rcu thread");
	WRITE_ONCE(rcu_running, true);
}
