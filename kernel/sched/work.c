/* Deferred work: one queue, a few threads. A work function runs in one thread at a time. */
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/work.h>
#include <lib/err.h>

#define WORK_THREADS 4

static struct spinlock work_lock = SPINLOCK_INIT(RANK_WORK);
static struct list work_list = LIST_INIT(work_list); /* [work_lock] */
static u64 work_started, work_finished; /* [work_lock] numbers, for work_flush */
static struct wait_queue work_wait = { .lock = SPINLOCK_INIT(RANK_WORK_WAIT),
				       .entries = LIST_INIT(work_wait.entries) };
static struct wait_queue work_idle_wait = WAIT_QUEUE_INIT(work_idle_wait);

void work_init(struct work *work, void (*fn)(struct work *work))
{
	list_init(&work->link);
	work->fn = fn;
	work->queued = 0;
}

bool work_queue(struct work *work)
{
	unsigned long flags;

	if (xchg(&work->queued, 1))
		return false;
	flags = spin_lock_irq(&work_lock);
	list_add_tail(&work->link, &work_list);
	work_started++;
	spin_unlock_irq(&work_lock, flags);
	wait_wake(&work_wait, 0);
	return true;
}

static struct work *work_take(void)
{
	unsigned long flags = spin_lock_irq(&work_lock);
	struct work *work = list_first_entry_or_null(&work_list, struct work, link);

	if (work)
		list_del_init(&work->link);
	spin_unlock_irq(&work_lock, flags);
	return work;
}

static void work_done(void)
{
	unsigned long flags = spin_lock_irq(&work_lock);
	bool idle = ++work_finished == work_started;

	spin_unlock_irq(&work_lock, flags);
	if (idle)
		wait_wake_all(&work_idle_wait, 0);
}

static void work_thread(void *arg)
{
	struct wait_entry entry;
	struct work *work;

	(void)arg;
	wait_entry_init(&entry);
	entry.exclusive = true;
	for (;;) {
		wait_prepare(&work_wait, &entry, SLEEP_UNINTERRUPTIBLE);
		work = work_take();
		if (!work) {
			(void)wait_sleep(SLEEP_UNINTERRUPTIBLE, TIMEOUT_NEVER);
			continue;
		}
		wait_finish(&work_wait, &entry);
		store_release(&work->queued, 0); /* from here it may be queued again */
		work->fn(work);
		work_done();
	}
}

static bool work_all_done(void)
{
	unsigned long flags = spin_lock_irq(&work_lock);
	bool idle = work_finished == work_started;

	spin_unlock_irq(&work_lock, flags);
	return idle;
}

void work_flush(void)
{
	wait_event(&work_idle_wait, work_all_done());
}

static enum hrtimer_restart delayed_work_expired(struct hrtimer *timer)
{
	(void)work_queue(&container_of(timer, struct delayed_work, timer)->work);
	return HRTIMER_DONE;
}

void delayed_work_init(struct delayed_work *delayed, void (*fn)(struct work *work))
{
	work_init(&delayed->work, fn);
	hrtimer_init(&delayed->timer, delayed_work_expired);
}

void delayed_work_queue(struct delayed_work *delayed, u64 delay_ns)
{
	hrtimer_start(&delayed->timer, deadline_after(delay_ns));
}

bool delayed_work_cancel(struct delayed_work *delayed)
{
	return hrtimer_cancel(&delayed->timer);
}

void work_threads_init(void)
{
	for (unsigned int i = 0; i < WORK_THREADS; i++)
		if (IS_ERR(kthread_run(work_thread, NULL, "work/%u", i)))
			panic("no memory for the work threads");
}
