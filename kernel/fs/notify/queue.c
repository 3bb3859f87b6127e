/* An inotify's queue of events, and the file that they are read from. */
#include "internal.h"

#include <abi/errno.h>
#include <abi/fcntl.h>
#include <abi/ioctl.h>
#include <kernel/io_iter.h>
#include <kernel/sched.h>
#include <kernel/seq_file.h>
#include <lib/err.h>
#include <lib/string.h>

#define MASK_SHOWN (IN_ALL_EVENTS | IN_ISDIR | IN_UNMOUNT | IN_IGNORED | IN_Q_OVERFLOW)

int inotify_max_events = 16384, inotify_max_instances = 128;

static struct event *event_alloc(int wd, u32 mask, const struct name *name, u32 cookie,
				 unsigned int flags)
{
	u32 length = name ? name->length : 0;
	struct event *event = kmalloc(sizeof(*event) + length + 1, flags);

	if (!event)
		return NULL;
	list_init(&event->link);
	event->wd = wd;
	event->mask = mask;
	event->cookie = cookie;
	event->name_length = length;
	if (length)
		memcpy(event->name, name->text, length);
	event->name[length] = 0;
	return event;
}

/* lock held. The end of a watch is told each time. */
static bool repeats_last(const struct inotify *inotify, int wd, u32 mask, const struct name *name)
{
	const struct event *last;
	u32 length = name ? name->length : 0;

	if (list_empty(&inotify->events) || (mask & IN_IGNORED))
		return false;
	last = list_entry(inotify->events.prev, struct event, link);
	return last->wd == wd && last->mask == mask && last->name_length == length &&
	       (!length || memcmp(last->name, name->text, length) == 0);
}

/* lock held. True: something is new. */
static bool queue_locked(struct inotify *inotify, int wd, u32 mask, const struct name *name,
			 u32 cookie)
{
	struct event *event = NULL;

	if (inotify->event_count < READ_ONCE(inotify_max_events)) {
		if (repeats_last(inotify, wd, mask, name))
			return false;
		event = event_alloc(wd, mask, name, cookie, SLAB_ATOMIC);
	}
	if (!event) {
		event = inotify->overflow;
		if (!list_empty(&event->link))
			return false;
	}
	list_add_tail(&event->link, &inotify->events);
	inotify->event_count++;
	return true;
}

void event_queue(struct inotify *inotify, int wd, u32 mask, const struct name *name, u32 cookie)
{
	bool is_new;

	spin_lock(&inotify->lock);
	is_new = queue_locked(inotify, wd, mask, name, cookie);
	spin_unlock(&inotify->lock);
	if (is_new)
		wait_wake_all(&inotify->wait, READY_IN);
}

static void event_free(struct inotify *inotify, struct event *event)
{
	if (event != inotify->overflow)
		kfree(event);
}

void events_free(struct inotify *inotify)
{
	while (!list_empty(&inotify->events)) {
		struct event *event = list_first_entry(&inotify->events, struct event, link);

		list_del_init(&event->link);
		event_free(inotify, event);
	}
	kfree(inotify->overflow);
}

/* --- Reading ------------------------------------------------------------------------------------------------------------- */

/* A name is NUL-terminated and fills a whole number of event heads. */
static u32 name_room(const struct event *event)
{
	return event->name_length
		       ? (u32)ALIGN_UP(event->name_length + 1, sizeof(struct abi_inotify_event))
		       : 0;
}

static size_t event_size(const struct event *event)
{
	return sizeof(struct abi_inotify_event) + name_room(event);
}

/* The first event, if it fits: NULL: none; ERR_PTR(-EINVAL). */
static struct event *event_take(struct inotify *inotify, size_t room)
{
	struct event *event = NULL;

	spin_lock(&inotify->lock);
	if (!list_empty(&inotify->events)) {
		event = list_first_entry(&inotify->events, struct event, link);
		if (event_size(event) > room) {
			event = ERR_PTR(-EINVAL);
		} else {
			list_del_init(&event->link);
			inotify->event_count--;
		}
	}
	spin_unlock(&inotify->lock);
	return event;
}

static int event_copy(struct io_iter *iter, const struct event *event)
{
	struct abi_inotify_event head = { .wd = event->wd,
					  .mask = event->mask & MASK_SHOWN,
					  .cookie = event->cookie,
					  .len = name_room(event) };

	if (io_iter_write(iter, &head, sizeof(head)) != sizeof(head))
		return -EFAULT;
	if (!head.len)
		return 0;
	if (io_iter_write(iter, event->name, event->name_length) != event->name_length)
		return -EFAULT;
	head.len -= event->name_length;
	return io_iter_zero(iter, head.len) == head.len ? 0 : -EFAULT;
}

/* As many as fit: 0 when there are no more, or why not. */
static int copy_events(struct inotify *inotify, struct io_iter *iter)
{
	struct event *event;
	int error = 0;

	while (!error && (event = event_take(inotify, iter->left))) {
		if (IS_ERR(event))
			return (int)PTR_ERR(event);
		error = event_copy(iter, event);
		event_free(inotify, event);
	}
	return error;
}

static ssize_t inotify_read(struct file *file, struct io_iter *iter, u64 *position)
{
	struct inotify *inotify = file->private_data;
	size_t wanted = iter->left;
	int error;

	(void)position;
	for (;;) {
		error = copy_events(inotify, iter);
		if (error == -EFAULT)
			return error;
		if (iter->left < wanted)
			return (ssize_t)(wanted - iter->left);
		if (error)
			return error;
		if (iter->no_wait)
			return -EAGAIN;
		if (wait_event_interruptible(&inotify->wait, !list_empty(&inotify->events)))
			return -ERESTARTSYS;
	}
}

static u32 inotify_poll(struct file *file, struct poll_table *table)
{
	struct inotify *inotify = file->private_data;

	poll_wait(file, &inotify->wait, table);
	return list_empty(&inotify->events) ? 0 : READY_IN;
}

static long inotify_ioctl(struct file *file, unsigned int command, u64 argument)
{
	struct inotify *inotify = file->private_data;
	struct event *event;
	size_t bytes = 0;

	if (command != FIONREAD)
		return -ENOTTY;
	spin_lock(&inotify->lock);
	list_for_each_entry (event, &inotify->events, link)
		bytes += event_size(event);
	spin_unlock(&inotify->lock);
	return user_write_u32(user_ptr(argument), (u32)bytes);
}

static void inotify_show_fdinfo(struct file *file, struct seq_file *out)
{
	struct inotify *inotify = file->private_data;
	struct watch *watch;
	int wd = 0;

	/* Making room in `out` may sleep: no lock is held meanwhile. */
	while ((watch = watch_next_get(inotify, wd))) {
		wd = watch->wd;
		seq_printf(out, "inotify wd:%x ino:%llx sdev:%llx mask:%x ignored_mask:0 \n",
			   (unsigned int)watch->wd, (unsigned long long)watch->inode->number,
			   (unsigned long long)watch->inode->super->device, READ_ONCE(watch->mask));
		watch_put(watch);
	}
}

static void inotify_free(struct inotify *inotify)
{
	atomic_dec(&inotify->account->inotify_instances);
	user_account_put(inotify->account);
	events_free(inotify);
	kfree(inotify);
}

static void inotify_release(struct file *file)
{
	struct inotify *inotify = file->private_data;

	inotify_detach_all(inotify);
	inotify_free(inotify);
}

const struct file_ops inotify_ops = {
	.read = inotify_read,
	.poll = inotify_poll,
	.ioctl = inotify_ioctl,
	.seek = file_seek_none,
	.release = inotify_release,
	.show_fdinfo = inotify_show_fdinfo,
	.async = &file_async_ops,
	.name = "anon_inode:inotify",
};

bool file_is_inotify(const struct file *file)
{
	return file->ops == &inotify_ops;
}

static struct inotify *inotify_alloc(struct user_account *account)
{
	struct inotify *inotify = kzalloc(sizeof(*inotify));

	if (!inotify)
		return NULL;
	inotify->overflow = event_alloc(-1, IN_Q_OVERFLOW, NULL, 0, 0);
	if (!inotify->overflow) {
		kfree(inotify);
		return NULL;
	}
	spin_init(&inotify->lock, RANK_INOTIFY);
	list_init(&inotify->events);
	wait_queue_init(&inotify->wait);
	ref_get(&account->ref);
	inotify->account = account;
	return inotify;
}

struct file *inotify_create(u32 flags)
{
	struct user_account *account = current->cred->account;
	struct inotify *inotify;
	struct file *file;

	if (atomic_add_return(&account->inotify_instances, 1) > READ_ONCE(inotify_max_instances)) {
		atomic_dec(&account->inotify_instances);
		return ERR_PTR(-EMFILE);
	}
	inotify = inotify_alloc(account);
	if (!inotify) {
		atomic_dec(&account->inotify_instances);
		return ERR_PTR(-ENOMEM);
	}
	file = file_alloc_anonymous(&inotify_ops, O_RDONLY | (flags & IN_NONBLOCK), inotify);
	if (IS_ERR(file))
		inotify_free(inotify);
	return file;
}
