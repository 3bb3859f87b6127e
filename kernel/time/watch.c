/* Watches on the wall clock: a list per CPU of those who wait for a moment of it, walked when it is set. */
#include <kernel/sched.h>
#include <kernel/wait.h>

#include "internal.h"

struct watch_list {
	struct spinlock lock; /* RANK_CLOCK_WATCH, interrupts off */
	struct list watches; /* [lock] */
};

static DEFINE_PER_CPU(struct watch_list, watch_lists);

void clock_watches_init(void)
{
	for (unsigned int cpu = 0; cpu < cpu_count(); cpu++) {
		struct watch_list *list = per_cpu_ptr(watch_lists, cpu);

		spin_init(&list->lock, RANK_CLOCK_WATCH);
		list_init(&list->watches);
	}
}

void clock_watch_add(struct clock_watch *watch, void (*changed)(struct clock_watch *watch))
{
	struct watch_list *list;
	unsigned long flags;

	watch->changed = changed;
	preempt_disable();
	watch->cpu = this_cpu_number();
	list = this_cpu_ptr(watch_lists);
	flags = spin_lock_irq(&list->lock);
	list_add(&watch->link, &list->watches);
	spin_unlock_irq(&list->lock, flags);
	preempt_enable();
}

void clock_watch_remove(struct clock_watch *watch)
{
	struct watch_list *list = per_cpu_ptr(watch_lists, watch->cpu);
	unsigned long flags = spin_lock_irq(&list->lock);

	list_del(&watch->link);
	spin_unlock_irq(&list->lock, flags);
}

void clock_watches_call(void)
{
	for (unsigned int cpu = 0; cpu < cpu_count(); cpu++) {
		struct watch_list *list = per_cpu_ptr(watch_lists, cpu);
		unsigned long flags = spin_lock_irq(&list->lock);
		struct clock_watch *watch;

		list_for_each_entry (watch, &list->watches, link)
			watch->changed(watch);
		spin_unlock_irq(&list->lock, flags);
	}
}

static void sleeper_wake(struct clock_watch *watch)
{
	struct clock_sleeper *sleeper = container_of(watch, struct clock_sleeper, watch);

	(void)sched_wake(sleeper->task, TASK_INTERRUPTIBLE);
}

void clock_sleeper_add(struct clock_sleeper *sleeper)
{
	sleeper->task = current;
	clock_watch_add(&sleeper->watch, sleeper_wake);
}
