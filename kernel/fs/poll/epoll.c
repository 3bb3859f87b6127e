/*
 * epoll: a set of files to wait for, each with the events of interest.
 *
 * A watched file's queue calls item_wake, which puts the item on the ready list and wakes waiters. epoll_wait takes items
 * from that list, asks each file anew, reports what it says, and puts level-triggered items back. An item taken off the
 * list before its file is asked cannot miss anything: a later wake-up puts it on the list again.
 *
 * Items point at files without a reference: a file's release removes its items first (epoll_file_released). Locks:
 * links_lock, held while items are made or go away, orders that against both releases and keeps nesting free of loops;
 * epoll->lock is held while files are asked; ready_lock is taken under a wait queue's lock. The queues and ready_lock of
 * epolls are not ranked: nesting makes chains of them, whose order is the one that the loop check guarantees.
 */
#include <abi/errno.h>
#include <abi/fcntl.h>
#include <kernel/sched.h>
#include <kernel/seq_file.h>
#include <kernel/slab.h>
#include <kernel/vfs.h>
#include <lib/err.h>

#include "epoll.h"

#define ALWAYS (EPOLLERR | EPOLLHUP)
#define EXCLUSIVE_ALLOWED                                                                          \
	(EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE)

static struct mutex links_lock = MUTEX_INIT(links_lock, RANK_EPOLL_LINKS);
static const struct file_ops epoll_ops;

struct epoll *epoll_of(const struct file *file)
{
	return file->ops == &epoll_ops ? file->private_data : NULL;
}

/* --- The ready list ------------------------------------------------------------------------------------------------------- */

void item_make_ready(struct epoll_item *item)
{
	struct epoll *epoll = item->epoll;
	unsigned long flags = spin_lock_irq(&epoll->ready_lock);

	if (list_empty(&item->ready_link))
		list_add_tail(&item->ready_link, &epoll->ready);
	spin_unlock_irq(&epoll->ready_lock, flags);
}

void epoll_wake(struct epoll *epoll)
{
	wait_wake(&epoll->wait, READY_IN);
	wait_wake_all(&epoll->poll_wait, READY_IN);
}

static bool item_wake(struct wait_entry *entry, u32 key)
{
	struct item_wait *wait = container_of(entry, struct item_wait, entry);
	struct epoll_item *item = wait->item;
	u32 events = READ_ONCE(item->event.events);

	if (unlikely(key & POLLFREE)) {
		list_del_init(&entry->link);
		store_release(&wait->queue, NULL); /* the last touch: item_remove may free it */
		return false;
	}

	if (!(events & ~EPOLL_PRIVATE_BITS) || (key && !(key & events)))
		return false;
	item_make_ready(item);
	epoll_wake(item->epoll);
	return true;
}

/* --- Items ------------------------------------------------------------------------------------------------------------------ */

struct item_poll_table {
	struct poll_table table;
	struct epoll_item *item;
	bool failed;
};

static void item_add_wait(struct poll_table *table, struct file *file, struct wait_queue *queue)
{
	struct item_poll_table *mine = container_of(table, struct item_poll_table, table);
	struct epoll_item *item = mine->item;
	struct item_wait *wait = kmalloc(sizeof(*wait), 0);

	(void)file;
	if (!wait) {
		mine->failed = true;
		return;
	}
	wait_entry_init_fn(&wait->entry, item_wake);
	wait->entry.exclusive = item->event.events & EPOLLEXCLUSIVE;
	wait->queue = queue;
	wait->item = item;
	wait->next = item->waits;
	item->waits = wait;
	wait_add(queue, &wait->entry);
}

u32 item_events(const struct epoll_item *item)
{
	return file_poll(item->file, NULL) & item->event.events;
}

static int item_compare(const struct epoll_item *item, const struct file *file, int fd)
{
	if (item->file != file)
		return item->file < file ? -1 : 1;
	return item->fd < fd ? -1 : item->fd > fd;
}

static struct epoll_item *item_find(struct epoll *epoll, const struct file *file, int fd)
{
	struct rb_node *node = epoll->items.node;

	while (node) {
		struct epoll_item *item = rb_entry(node, struct epoll_item, node);
		int order = item_compare(item, file, fd);

		if (!order)
			return item;
		node = order < 0 ? node->right : node->left;
	}
	return NULL;
}

static bool item_less(const struct rb_node *a, const struct rb_node *b)
{
	const struct epoll_item *other = rb_entry(b, struct epoll_item, node);

	return item_compare(rb_entry(a, struct epoll_item, node), other->file, other->fd) < 0;
}

/* links_lock and epoll->lock held. */
static void item_remove(struct epoll_item *item)
{
	struct epoll *epoll = item->epoll;
	struct item_wait *wait = item->waits, *next;
	unsigned long flags;

	for (; wait; wait = next) {
		struct wait_queue *queue;

		next = wait->next;
		rcu_read_lock(); /* a queue that says POLLFREE stays for that long */
		queue = load_acquire(&wait->queue);
		if (queue)
			wait_remove(queue, &wait->entry);
		rcu_read_unlock();
		kfree(wait);
	}
	/* Nobody can make it ready any more. */
	flags = spin_lock_irq(&epoll->ready_lock);
	list_del_init(&item->ready_link);
	spin_unlock_irq(&epoll->ready_lock, flags);
	rb_erase(&item->node, &epoll->items);
	list_del(&item->file_link);
	kfree(item);
}

static int item_add(struct epoll *epoll, struct file *file, int fd,
		    const struct abi_epoll_event *event)
{
	struct epoll_item *item = kzalloc(sizeof(*item));
	struct item_poll_table table = { .table.add = item_add_wait, .item = item };
	u32 ready;

	if (!item)
		return -ENOMEM;
	item->epoll = epoll;
	item->file = file;
	item->fd = fd;
	item->event = *event;
	list_init(&item->ready_link);
	rb_add(&item->node, &epoll->items, item_less);
	list_add_tail(&item->file_link, &file->epoll_links);
	table.table.events = event->events;
	ready = file_poll(file, &table.table) & event->events;
	if (table.failed || !epoll_paths_check(epoll, file)) {
		item_remove(item);
		return table.failed ? -ENOMEM : -EINVAL;
	}
	if (ready) {
		item_make_ready(item);
		epoll_wake(epoll);
	}
	return 0;
}

static int item_modify(struct epoll_item *item, const struct abi_epoll_event *event)
{
	if ((item->event.events | event->events) & EPOLLEXCLUSIVE)
		return -EINVAL;
	WRITE_ONCE(item->event.events, event->events);
	item->event.data = event->data;
	memory_fence(); /* the new events are seen by item_wake, or what it would have told is seen here */
	if (item_events(item)) {
		item_make_ready(item);
		epoll_wake(item->epoll);
	}
	return 0;
}

/* --- The calls ---------------------------------------------------------------------------------------------------------------- */

static int control_locked(struct epoll *epoll, int operation, struct file *file, int fd,
			  const struct abi_epoll_event *event)
{
	struct epoll_item *item = item_find(epoll, file, fd);

	switch (operation) {
	case EPOLL_CTL_ADD:
		return item ? -EEXIST : item_add(epoll, file, fd, event);
	case EPOLL_CTL_MOD:
		return item ? item_modify(item, event) : -ENOENT;
	case EPOLL_CTL_DEL:
		if (!item)
			return -ENOENT;
		item_remove(item);
		return 0;
	default:
		return -EINVAL;
	}
}

static int control_check(struct file *epoll_file, int operation, struct file *file,
			 const struct abi_epoll_event *event)
{
	if (!file->ops->poll)
		return -EPERM;
	if (file == epoll_file || !epoll_of(epoll_file))
		return -EINVAL;
	if (operation == EPOLL_CTL_DEL || !(event->events & EPOLLEXCLUSIVE))
		return 0;
	if (operation == EPOLL_CTL_MOD || epoll_of(file) || (event->events & ~EXCLUSIVE_ALLOWED))
		return -EINVAL;
	return 0;
}

static int control(struct file *epoll_file, int operation, struct file *file, int fd,
		   struct abi_epoll_event event)
{
	struct epoll *epoll = epoll_of(epoll_file);
	int error = control_check(epoll_file, operation, file, &event);

	if (error)
		return error;
	event.events |= ALWAYS;
	mutex_lock(&links_lock);
	if (operation == EPOLL_CTL_ADD)
		error = epoll_nesting_check(epoll, file);
	if (!error) {
		mutex_lock(&epoll->lock);
		error = control_locked(epoll, operation, file, fd, &event);
		mutex_unlock(&epoll->lock);
	}
	mutex_unlock(&links_lock);
	return error;
}

int epoll_control(struct file *epoll_file, int operation, int fd,
		  const struct abi_epoll_event *event)
{
	struct fd_ref ref = fd_get(fd);
	int error;

	if (!ref.raw)
		return -EBADF;
	error = control(epoll_file, operation, fd_file(ref), fd, *event);
	fd_put(ref);
	return error;
}

void epoll_file_released(struct file *file)
{
	mutex_lock(&links_lock);
	while (!list_empty(&file->epoll_links)) {
		struct epoll_item *item =
			list_first_entry(&file->epoll_links, struct epoll_item, file_link);
		struct epoll *epoll = item->epoll;

		mutex_lock(&epoll->lock);
		item_remove(item);
		mutex_unlock(&epoll->lock);
	}
	mutex_unlock(&links_lock);
}

/* --- The epoll's own file --------------------------------------------------------------------------------------------------- */

static void epoll_release(struct file *file)
{
	struct epoll *epoll = epoll_of(file);
	struct rb_node *node;

	mutex_lock(&links_lock);
	mutex_lock(&epoll->lock);
	while ((node = rb_first(&epoll->items)))
		item_remove(rb_entry(node, struct epoll_item, node));
	mutex_unlock(&epoll->lock);
	mutex_unlock(&links_lock);
	kfree(epoll);
}

static void epoll_show_fdinfo(struct file *file, struct seq_file *out)
{
	struct epoll *epoll = epoll_of(file);
	struct epoll_item *item;

	mutex_lock(&links_lock);
	rb_for_each_entry (item, &epoll->items, node)
		seq_printf(out, "tfd: %8d events: %8x data: %16llx  pos:%lli ino:%llx sdev:%llx\n",
			   item->fd, item->event.events, (unsigned long long)item->event.data,
			   (long long)item->file->position,
			   (unsigned long long)item->file->inode->number,
			   (unsigned long long)item->file->inode->super->device);
	mutex_unlock(&links_lock);
}

static const struct file_ops epoll_ops = {
	.poll = epoll_poll,
	.seek = file_seek_none,
	.release = epoll_release,
	.show_fdinfo = epoll_show_fdinfo,
	.name = "anon_inode:[eventpoll]",
};

struct file *epoll_create_file(void)
{
	struct epoll *epoll = kzalloc(sizeof(*epoll));
	struct file *file;

	if (!epoll)
		return ERR_PTR(-ENOMEM);
	mutex_init(&epoll->lock, RANK_EPOLL);
	epoll->items = RB_ROOT;
	spin_init(&epoll->ready_lock, RANK_NONE);
	list_init(&epoll->ready);
	wait_queue_init(&epoll->wait);
	wait_queue_init(&epoll->poll_wait);
	epoll->wait.lock.rank = epoll->poll_wait.lock.rank = RANK_NONE;
	file = file_alloc_anonymous(&epoll_ops, O_RDWR, epoll);
	if (IS_ERR(file))
		kfree(epoll);
	else
		epoll->file = file;
	return file;
}
