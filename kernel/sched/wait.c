/* Wait queues, sleeping with a deadline, completions. */
#include <abi/errno.h>
#include <kernel/sched.h>
#include <kernel/wait.h>

#define TASK_ANY_SLEEP (TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE | TASK_KILLABLE)

static const u32 state_of_sleep[] = {
	[SLEEP_UNINTERRUPTIBLE] = TASK_UNINTERRUPTIBLE,
	[SLEEP_KILLABLE] = TASK_KILLABLE,
	[SLEEP_INTERRUPTIBLE] = TASK_INTERRUPTIBLE,
};

void wait_queue_init(struct wait_queue *queue)
{
	*queue = (struct wait_queue)WAIT_QUEUE_INIT(*queue);
}

static bool wait_wake_task(struct wait_entry *entry, u32 key)
{
	(void)key;
	return sched_wake(entry->task, TASK_ANY_SLEEP);
}

void wait_entry_init(struct wait_entry *entry)
{
	list_init(&entry->link);
	entry->wake = wait_wake_task;
	entry->task = current;
	entry->exclusive = false;
}

void wait_entry_init_fn(struct wait_entry *entry, wait_fn wake)
{
	wait_entry_init(entry);
	entry->wake = wake;
}

/* Exclusive entries go to the end, so that a wake-up meets all others before it stops at one. */
static void wait_add_locked(struct wait_queue *queue, struct wait_entry *entry)
{
	if (entry->exclusive)
		list_add_tail(&entry->link, &queue->entries);
	else
		list_add(&entry->link, &queue->entries);
}

void wait_add(struct wait_queue *queue, struct wait_entry *entry)
{
	unsigned long flags = spin_lock_irq(&queue->lock);

	wait_add_locked(queue, entry);
	spin_unlock_irq(&queue->lock, flags);
}

void wait_remove(struct wait_queue *queue, struct wait_entry *entry)
{
	unsigned long flags = spin_lock_irq(&queue->lock);

	list_del_init(&entry->link);
	spin_unlock_irq(&queue->lock, flags);
}

static void wait_wake_limit(struct wait_queue *queue, u32 key, unsigned int exclusive)
{
	struct wait_entry *entry, *next;
	unsigned long flags;

	if (!wait_queue_active(queue))
		return;
	flags = spin_lock_irq(&queue->lock);
	list_for_each_entry_safe (entry, next, &queue->entries, link) {
		bool last = entry->exclusive;

		if (entry->wake(entry, key) && last && --exclusive == 0)
			break;
	}
	spin_unlock_irq(&queue->lock, flags);
}

void wait_wake(struct wait_queue *queue, u32 key)
{
	wait_wake_limit(queue, key, 1);
}

void wait_wake_all(struct wait_queue *queue, u32 key)
{
	wait_wake_limit(queue, key, ~0u);
}

void wait_prepare(struct wait_queue *queue, struct wait_entry *entry, enum sleep_state state)
{
	unsigned long flags = spin_lock_irq(&queue->lock);

	if (list_empty(&entry->link))
		wait_add_locked(queue, entry);
	task_set_state(state_of_sleep[state]); /* a full barrier: pairs with wait_queue_active */
	spin_unlock_irq(&queue->lock, flags);
}

void wait_finish(struct wait_queue *queue, struct wait_entry *entry)
{
	task_set_state(TASK_RUNNING);
	if (!list_empty(&entry->link))
		wait_remove(queue, entry);
}

static enum hrtimer_restart sleep_timer_expired(struct hrtimer *timer)
{
	sched_wake(container_of(timer, struct task, sleep_timer), TASK_ANY_SLEEP);
	return HRTIMER_DONE;
}

static bool sleep_interrupted(enum sleep_state state)
{
	if (state == SLEEP_INTERRUPTIBLE)
		return signal_is_pending(current);
	return state == SLEEP_KILLABLE && signal_is_fatal_pending(current);
}

static int sleep_until(u64 deadline_ns)
{
	struct hrtimer *timer = &current->sleep_timer;

	if (deadline_ns == TIMEOUT_NEVER) {
		schedule();
		return 0;
	}
	if (clock_ns() >= deadline_ns)
		return -ETIMEDOUT;
	hrtimer_init(timer, sleep_timer_expired);
	hrtimer_start(timer, deadline_ns);
	schedule();
	hrtimer_cancel(timer);
	return clock_ns() >= deadline_ns ? -ETIMEDOUT : 0;
}

int wait_sleep(enum sleep_state state, u64 deadline_ns)
{
	int result;

	if (sleep_interrupted(state)) {
		task_set_state(TASK_RUNNING);
		return -EINTR;
	}
	result = sleep_until(deadline_ns);
	task_set_state(TASK_RUNNING);
	if (sleep_interrupted(state))
		return -EINTR;
	return result;
}

void completion_init(struct completion *completion)
{
	completion->done = false;
	wait_queue_init(&completion->queue);
}

void completion_signal(struct completion *completion)
{
	struct wait_entry *entry, *next;
	unsigned long flags = spin_lock_irq(&completion->queue.lock);

	/* All under the lock: the waiter may free the completion once it sees done, after taking the lock itself. */
	completion->done = true;
	list_for_each_entry_safe (entry, next, &completion->queue.entries, link)
		entry->wake(entry, 0);
	spin_unlock_irq(&completion->queue.lock, flags);
}

static bool completion_is_done(struct completion *completion)
{
	unsigned long flags = spin_lock_irq(&completion->queue.lock);
	bool done = completion->done;

	spin_unlock_irq(&completion->queue.lock, flags);
	return done;
}

void completion_wait(struct completion *completion)
{
	wait_event(&completion->queue, completion_is_done(completion));
}

int completion_wait_killable(struct completion *completion)
{
	return wait_event_killable(&completion->queue, completion_is_done(completion));
}
