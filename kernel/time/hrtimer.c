/*
 * High-resolution timers: a tree per CPU, ordered by expiry, and the hardware timer armed for the first. A callback runs
 * without the lock, so it may start and cancel timers; hrtimer_cancel waits for it.
 */
#include <kernel/sched.h>
#include <kernel/time.h>
#include <platform/trap.h>

struct timer_cpu {
	struct spinlock lock; /* RANK_HRTIMER, interrupts off */
	struct rb_root_cached timers; /* [lock] */
	struct hrtimer *running; /* [lock] callback at work */
	u64 armed_ns; /* [lock] what the hardware is set to; TIMEOUT_NEVER */
	u64 interrupts; /* [C] */
};

static DEFINE_PER_CPU(struct timer_cpu, timer_cpu);

void hrtimer_init(struct hrtimer *timer, enum hrtimer_restart (*fn)(struct hrtimer *timer))
{
	*timer = (struct hrtimer){ .fn = fn, .cpu = this_cpu_number() };
}

bool hrtimer_queued(const struct hrtimer *timer)
{
	return READ_ONCE(timer->queued);
}

static struct hrtimer *timer_first(struct timer_cpu *base)
{
	return rb_entry_or_null(base->timers.leftmost, struct hrtimer, node);
}

static void timer_insert(struct timer_cpu *base, struct hrtimer *timer)
{
	struct rb_node **link = &base->timers.root.node, *parent = NULL;
	bool leftmost = true;

	while (*link) {
		parent = *link;
		if (timer->expires_ns < rb_entry(parent, struct hrtimer, node)->expires_ns) {
			link = &parent->left;
		} else {
			link = &parent->right;
			leftmost = false;
		}
	}
	rb_link(&timer->node, parent, link);
	rb_insert_color_cached(&timer->node, &base->timers, leftmost);
	timer->queued = 1;
}

static void timer_remove(struct timer_cpu *base, struct hrtimer *timer)
{
	rb_erase_cached(&timer->node, &base->timers);
	timer->queued = 0;
}

/* This CPU's base only; lock held. A timer that went away early leaves the hardware armed: one needless interrupt. */
static void timer_rearm(struct timer_cpu *base)
{
	struct hrtimer *first = timer_first(base);

	if (!first || first->expires_ns >= base->armed_ns)
		return;
	base->armed_ns = first->expires_ns;
	timer_arm(first->expires_ns);
}

/* Locks the base that the timer belongs to. */
static struct timer_cpu *timer_lock_base(struct hrtimer *timer, unsigned long *flags)
{
	for (;;) {
		unsigned int cpu = READ_ONCE(timer->cpu);
		struct timer_cpu *base = per_cpu_ptr(timer_cpu, cpu);

		*flags = spin_lock_irq(&base->lock);
		if (likely(timer->cpu == cpu))
			return base;
		spin_unlock_irq(&base->lock, *flags);
	}
}

void hrtimer_start(struct hrtimer *timer, u64 expires_ns)
{
	unsigned long flags;
	struct timer_cpu *base, *here;

	preempt_disable();
	here = this_cpu_ptr(timer_cpu);
	for (;;) {
		base = timer_lock_base(timer, &flags);
		if (timer->queued)
			timer_remove(base, timer);
		/* A timer whose callback is running stays with its CPU, so that cancelling finds it. */
		if (here == base || base->running == timer)
			break;
		WRITE_ONCE(timer->cpu, this_cpu_number());
		spin_unlock_raw(&base->lock);
		spin_lock_raw(&here->lock);
		base = here;
		if (likely(timer->cpu == this_cpu_number() && !timer->queued))
			break;
		/* Another CPU has started it while no lock was held. */
		spin_unlock_irq(&base->lock, flags);
	}
	timer->expires_ns = expires_ns;
	timer_insert(base, timer);
	if (base == here)
		timer_rearm(
			base); /* else its callback is running there, and irq_timer arms when it is done */
	spin_unlock_irq(&base->lock, flags);
	preempt_enable();
}

bool hrtimer_try_cancel(struct hrtimer *timer)
{
	unsigned long flags;
	struct timer_cpu *base = timer_lock_base(timer, &flags);
	bool queued = timer->queued;

	if (queued)
		timer_remove(base, timer);
	spin_unlock_irq(&base->lock, flags);
	return queued;
}

/* A running callback may queue its timer again in the moment in which it ends: both are looked at under one lock. */
bool hrtimer_cancel(struct hrtimer *timer)
{
	bool queued = false, running;
	struct timer_cpu *base;
	unsigned long flags;

	for (;;) {
		base = timer_lock_base(timer, &flags);
		running = base->running == timer;
		if (timer->queued) {
			timer_remove(base, timer);
			queued = true;
		}
		spin_unlock_irq(&base->lock, flags);
		if (likely(!running))
			return queued;
		cpu_relax();
	}
}

static void timer_run(struct timer_cpu *base, struct hrtimer *timer)
{
	enum hrtimer_restart restart;

	timer_remove(base, timer);
	base->running = timer;
	spin_unlock_raw(&base->lock);
	lock_rank_exit(base->lock.rank);
	restart = timer->fn(timer);
	lock_rank_enter(base->lock.rank, false);
	spin_lock_raw(&base->lock);
	/* A callback that says DONE may have freed its timer: nothing of it is read then. */
	if (restart == HRTIMER_RESTART && !timer->queued)
		timer_insert(base, timer);
	WRITE_ONCE(base->running, NULL);
}

void irq_timer(void)
{
	struct timer_cpu *base = this_cpu_ptr(timer_cpu);
	unsigned long flags = spin_lock_irq(&base->lock);
	struct hrtimer *first;

	base->interrupts++;
	while ((first = timer_first(base)) && first->expires_ns <= clock_ns())
		timer_run(base, first);
	base->armed_ns = TIMEOUT_NEVER;
	timer_rearm(base);
	spin_unlock_irq(&base->lock, flags);
}

void hrtimers_init_cpu(void)
{
	struct timer_cpu *base = this_cpu_ptr(timer_cpu);

	spin_init(&base->lock, RANK_HRTIMER);
	base->timers = RB_ROOT_CACHED;
	base->armed_ns = TIMEOUT_NEVER;
}

u64 hrtimer_interrupts(unsigned int cpu)
{
	return READ_ONCE(per_cpu_ptr(timer_cpu, cpu)->interrupts);
}
