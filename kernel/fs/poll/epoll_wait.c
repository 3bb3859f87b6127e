/* epoll_wait: reporting what is ready, and waiting for it. */
#include <abi/errno.h>
#include <kernel/sched.h>

#include "epoll.h"

static struct epoll_item *batch_take(struct epoll *epoll, struct list *batch)
{
	unsigned long flags = spin_lock_irq(&epoll->ready_lock);
	struct epoll_item *item = list_first_entry_or_null(batch, struct epoll_item, ready_link);

	if (item)
		list_del_init(&item->ready_link);
	spin_unlock_irq(&epoll->ready_lock, flags);
	return item;
}

/* 1: reported; 0: nothing to report; -EFAULT. */
static int item_report(struct epoll_item *item, struct user_ptr user)
{
	struct abi_epoll_event event = { item_events(item), item->event.data };

	if (!event.events)
		return 0;
	if (user_write(user, &event, sizeof(event))) {
		item_make_ready(item);
		return -EFAULT;
	}
	if (item->event.events & EPOLLONESHOT)
		WRITE_ONCE(item->event.events, item->event.events & EPOLL_PRIVATE_BITS);
	else if (!(item->event.events & EPOLLET))
		item_make_ready(item);
	return 1;
}

/* What is on the ready list now: events reported, or -EFAULT. epoll->lock held. */
static int report_ready(struct epoll *epoll, struct user_ptr events, int count)
{
	struct list batch = LIST_INIT(batch);
	struct epoll_item *item;
	unsigned long flags;
	int done = 0, result = 0;

	flags = spin_lock_irq(&epoll->ready_lock);
	list_splice_tail_init(&epoll->ready, &batch);
	spin_unlock_irq(&epoll->ready_lock, flags);
	while (done < count && result >= 0 && (item = batch_take(epoll, &batch))) {
		result = item_report(item, user_ptr_add(events,
							(u64)done * sizeof(struct abi_epoll_event)));
		done += result > 0;
	}
	/* What was left comes first the next time. */
	flags = spin_lock_irq(&epoll->ready_lock);
	list_splice_tail_init(&epoll->ready, &batch);
	list_splice_tail_init(&batch, &epoll->ready);
	spin_unlock_irq(&epoll->ready_lock, flags);
	return done ? done : MIN(result, 0);
}

static int report(struct epoll *epoll, struct user_ptr events, int count)
{
	int result;

	if (!has_ready(epoll))
		return 0;
	mutex_lock(&epoll->lock);
	result = report_ready(epoll, events, count);
	mutex_unlock(&epoll->lock);
	if (has_ready(epoll))
		wait_wake(&epoll->wait, READY_IN);
	return result;
}

static int wait_ready(struct epoll *epoll, u64 deadline_ns)
{
	struct wait_entry entry;
	int result = 0;

	wait_entry_init(&entry);
	entry.exclusive = true;
	for (;;) {
		wait_prepare(&epoll->wait, &entry, SLEEP_INTERRUPTIBLE);
		if (has_ready(epoll) || result)
			break;
		result = wait_sleep(SLEEP_INTERRUPTIBLE, deadline_ns);
	}
	wait_finish(&epoll->wait, &entry);
	return has_ready(epoll) ? 0 : result;
}

long epoll_wait_user(struct file *file, struct user_ptr events, int count, u64 deadline_ns)
{
	struct epoll *epoll = epoll_of(file);
	int result;

	if (!epoll || count <= 0 || (u64)count > 0x7fffffff / sizeof(struct abi_epoll_event))
		return -EINVAL;
	if (!user_range_ok(events, (u64)count * sizeof(struct abi_epoll_event)))
		return -EFAULT;
	for (;;) {
		result = report(epoll, events, count);
		if (result || deadline_ns == 0)
			return result;
		result = wait_ready(epoll, deadline_ns);
		if (result == -ETIMEDOUT)
			deadline_ns = 0;
		else if (result)
			return result;
	}
}

u32 epoll_poll(struct file *file, struct poll_table *table)
{
	struct epoll *epoll = epoll_of(file);
	struct list batch = LIST_INIT(batch);
	struct epoll_item *item;
	u32 ready = 0;

	poll_wait(file, &epoll->poll_wait, table);
	if (!has_ready(epoll))
		return 0;
	mutex_lock_nested(&epoll->lock);
	while (!ready && (item = batch_take(epoll, &epoll->ready))) {
		if (!item_events(item))
			continue;
		item_make_ready(item);
		ready = READY_IN;
	}
	mutex_unlock(&epoll->lock);
	return ready;
}
