/* eventfd: a counter that can be added to, read and waited for. Changed by compare and exchange; there is no lock. */
#include <abi/errno.h>
#include <abi/eventfd.h>
#include <abi/fcntl.h>
#include <kernel/eventfd.h>
#include <kernel/io_iter.h>
#include <kernel/sched.h>
#include <kernel/seq_file.h>
#include <kernel/slab.h>
#include <lib/err.h>

#define COUNT_MAX (~0ULL - 1)

struct eventfd {
	u64 count; /* [A] */
	bool semaphore; /* [I] */
	struct wait_queue wait;
};

/* What a read gets; 0: nothing is there. */
static u64 count_take(struct eventfd *event)
{
	u64 old = READ_ONCE(event->count), value;

	do {
		if (!old)
			return 0;
		value = event->semaphore ? 1 : old;
	} while (!try_cmpxchg(&event->count, &old, old - value));
	return value;
}

static bool count_add(struct eventfd *event, u64 value)
{
	u64 old = READ_ONCE(event->count);

	do {
		if (value > COUNT_MAX - old)
			return false;
	} while (!try_cmpxchg(&event->count, &old, old + value));
	return true;
}

static ssize_t eventfd_read(struct file *file, struct io_iter *iter, u64 *position)
{
	struct eventfd *event = file->private_data;
	u64 value;

	(void)position;
	if (iter->left < sizeof(value))
		return -EINVAL;
	while (!(value = count_take(event))) {
		if (iter->no_wait)
			return -EAGAIN;
		if (wait_event_interruptible(&event->wait, READ_ONCE(event->count)))
			return -ERESTARTSYS;
	}
	wait_wake_all(&event->wait, READY_OUT);
	return io_iter_write(iter, &value, sizeof(value)) == sizeof(value) ? (ssize_t)sizeof(value)
									   : -EFAULT;
}

static ssize_t eventfd_write(struct file *file, struct io_iter *iter, u64 *position)
{
	struct eventfd *event = file->private_data;
	u64 value;

	(void)position;
	if (iter->left < sizeof(value))
		return -EINVAL;
	if (io_iter_read(iter, &value, sizeof(value)) != sizeof(value))
		return -EFAULT;
	if (value == ~0ULL)
		return -EINVAL;
	while (!count_add(event, value)) {
		if (iter->no_wait)
			return -EAGAIN;
		if (wait_event_interruptible(&event->wait,
					     value <= COUNT_MAX - READ_ONCE(event->count)))
			return -ERESTARTSYS;
	}
	wait_wake_all(&event->wait, READY_IN);
	return sizeof(value);
}

static u32 eventfd_poll(struct file *file, struct poll_table *table)
{
	struct eventfd *event = file->private_data;
	u64 count;

	poll_wait(file, &event->wait, table);
	count = READ_ONCE(event->count);
	return (count ? POLLIN : 0u) | (count < COUNT_MAX ? POLLOUT : 0u);
}

static void eventfd_show_fdinfo(struct file *file, struct seq_file *out)
{
	const struct eventfd *event = file->private_data;

	seq_printf(out, "eventfd-count: %16llx\n", (unsigned long long)READ_ONCE(event->count));
}

static void eventfd_release(struct file *file)
{
	struct eventfd *event = file->private_data;

	wait_wake_all(&event->wait, POLLHUP);
	kfree(event);
}

static const struct file_ops eventfd_ops = {
	.read = eventfd_read,
	.write = eventfd_write,
	.poll = eventfd_poll,
	.seek = file_seek_none,
	.release = eventfd_release,
	.show_fdinfo = eventfd_show_fdinfo,
	.name = "anon_inode:[eventfd]",
};

struct file *eventfd_create(u64 count, u32 flags)
{
	struct eventfd *event;
	struct file *file;

	if (flags & ~(u32)(EFD_SEMAPHORE | EFD_CLOEXEC | EFD_NONBLOCK))
		return ERR_PTR(-EINVAL);
	event = kzalloc(sizeof(*event));
	if (!event)
		return ERR_PTR(-ENOMEM);
	event->count = count;
	event->semaphore = flags & EFD_SEMAPHORE;
	wait_queue_init(&event->wait);
	file = file_alloc_anonymous(&eventfd_ops, O_RDWR | (flags & EFD_NONBLOCK), event);
	if (IS_ERR(file))
		kfree(event);
	return file;
}
