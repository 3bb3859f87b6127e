/* Pseudo-terminals: a slave, which is a terminal, and a master, which reads what it sends and types into it. */
#include "pty.h"

#include <abi/errno.h>
#include <abi/fcntl.h>
#include <abi/ioctl.h>
#include <kernel/dev.h>
#include <kernel/io_iter.h>
#include <kernel/printk.h>
#include <kernel/pty.h>
#include <kernel/sched.h>
#include <kernel/slab.h>
#include <lib/err.h>

#define CHUNK 256

int pty_limit = PTY_COUNT_MAX;
static atomic_t pty_total = ATOMIC_INIT(0);

unsigned int pty_count(void)
{
	return (unsigned int)atomic_read(&pty_total);
}

/* --- The slave's line ------------------------------------------------------------------------------------------------------ */

static size_t line_write(struct tty *tty, const u8 *data, size_t size)
{
	struct pty *pty = pty_of(tty);
	size_t taken = ring_put(&pty->ring, data, size);

	if (taken)
		wait_wake_all(&pty->wait, READY_IN);
	return taken;
}

static size_t line_room(struct tty *tty)
{
	return ring_free(&pty_of(tty)->ring);
}

/* What was written has been sent, as far as the slave is concerned. */
static size_t line_unsent(struct tty *tty)
{
	(void)tty;
	return 0;
}

/* The master, which the slave's full input held back, may write again. */
static void line_throttle(struct tty *tty, bool stop)
{
	if (!stop)
		wait_wake_all(&pty_of(tty)->wait, READY_OUT);
}

/* The first bytes in the ring have arrived, so only the master could drop them. */
static void line_flush(struct tty *tty)
{
	struct pty *pty = pty_of(tty);

	pty->ring.head = pty->ring.tail + pty_arrived(pty);
	pty_packet_locked(pty, 0, TIOCPKT_FLUSHWRITE);
}

static void line_input_flushed(struct tty *tty)
{
	pty_packet_locked(pty_of(tty), 0, TIOCPKT_FLUSHREAD);
}

static void line_stop(struct tty *tty, bool stop)
{
	pty_packet_locked(pty_of(tty), TIOCPKT_START | TIOCPKT_STOP,
			  stop ? TIOCPKT_STOP : TIOCPKT_START);
}

static bool usual_flow(u32 iflag, const u8 *cc)
{
	return (iflag & IXON) && cc[VSTOP] == 19 && cc[VSTART] == 17;
}

static void line_set_termios(struct tty *tty, const struct abi_termios *old)
{
	bool was = usual_flow(old->c_iflag, old->c_cc),
	     is = usual_flow(tty->termios.c_iflag, tty->termios.c_cc);
	u8 set = 0;

	tty->termios.c_cflag = (tty->termios.c_cflag & ~(u32)(CSIZE | PARENB)) | CS8 | CREAD;
	if (was != is)
		set = is ? TIOCPKT_DOSTOP : TIOCPKT_NOSTOP;
	if ((old->c_lflag | tty->termios.c_lflag) & EXTPROC)
		set |= TIOCPKT_IOCTL;
	if (set)
		pty_packet_locked(pty_of(tty), was != is ? TIOCPKT_DOSTOP | TIOCPKT_NOSTOP : 0, set);
}

static int line_open(struct tty *tty)
{
	WRITE_ONCE(pty_of(tty)->slave_closed, false);
	return 0;
}

static void line_close(struct tty *tty)
{
	struct pty *pty = pty_of(tty);

	WRITE_ONCE(pty->slave_closed, true);
	wait_wake_all(&pty->wait, POLLHUP | READY_IN);
}

static void line_release(struct tty *tty)
{
	kfree(pty_of(tty));
	atomic_dec(&pty_total);
}

static const struct tty_driver_ops line_ops = {
	.write = line_write,
	.write_room = line_room,
	.chars_in_buffer = line_unsent,
	.throttle = line_throttle,
	.set_termios = line_set_termios,
	.flush_output = line_flush,
	.input_flushed = line_input_flushed,
	.stop = line_stop,
	.open = line_open,
	.close = line_close,
	.release = line_release,
};

static int slave_open(struct inode *inode, struct file *file)
{
	struct tty *tty = devpts_tty_get(inode);
	int error;

	if (!tty)
		return -EIO;
	if (READ_ONCE(pty_of(tty)->locked) || READ_ONCE(pty_of(tty)->master_closed)) {
		tty_put(tty);
		return -EIO;
	}
	error = tty_open_terminal(tty, file, false);
	/* The master may have gone since: its hang-up came before this file, or finds it. */
	if (!error && READ_ONCE(pty_of(tty)->master_closed))
		tty_vhangup(tty);
	return error;
}

/* --- The master's file -------------------------------------------------------------------------------------------------------- */

static bool can_read(const struct pty *pty)
{
	return !ring_empty(&pty->ring) || (READ_ONCE(pty->packet) && READ_ONCE(pty->packet_status));
}

/* Bytes of a read: in packet mode a status, or zero and what was written. */
static size_t take(struct pty *pty, u8 *chunk, size_t size, bool first)
{
	struct tty *tty = pty->slave;
	unsigned long flags = spin_lock_irq(&tty->lock);
	size_t count = 0;

	if (pty->packet && pty->packet_status && first) {
		chunk[count++] = pty->packet_status;
		pty->packet_status = 0;
	} else if (!ring_empty(&pty->ring) && !(pty->packet && pty->packet_status)) {
		if (pty->packet && first)
			chunk[count++] = TIOCPKT_DATA;
		count += ring_get(&pty->ring, chunk + count, size - count);
	}
	spin_unlock_irq(&tty->lock, flags);
	return count;
}

/* What is there: bytes, or -EFAULT. */
static ssize_t read_available(struct pty *pty, struct io_iter *iter)
{
	u8 chunk[CHUNK];
	ssize_t done = 0;
	size_t count;

	while (iter->left && (count = take(pty, chunk, MIN(iter->left, sizeof(chunk)), !done))) {
		if (io_iter_write(iter, chunk, count) != count)
			return done ? done : -EFAULT;
		done += (ssize_t)count;
		if (chunk[0] != TIOCPKT_DATA && READ_ONCE(pty->packet) && count == 1)
			break; /* a status comes alone */
	}
	if (done > 0)
		tty_write_wakeup(pty->slave);
	return done;
}

static ssize_t master_read_locked(struct pty *pty, struct io_iter *iter)
{
	for (;;) {
		bool closed = READ_ONCE(pty->slave_closed); /* what came before it is read first */
		ssize_t done = read_available(pty, iter);

		if (done)
			return done;
		if (closed)
			return -EIO;
		if (iter->no_wait)
			return -EAGAIN;
		if (wait_event_interruptible(&pty->wait,
					     can_read(pty) || READ_ONCE(pty->slave_closed)))
			return -ERESTARTSYS;
	}
}

static int lock_end(struct mutex *lock, bool no_wait)
{
	if (mutex_try_lock(lock))
		return 0;
	if (no_wait)
		return -EAGAIN;
	return mutex_lock_interruptible(lock) ? -ERESTARTSYS : 0;
}

static ssize_t master_read(struct file *file, struct io_iter *iter, u64 *position)
{
	struct pty *pty = pty_of(tty_file_of(file)->tty);
	ssize_t result;

	(void)position;
	if (!iter->left)
		return 0;
	result = lock_end(&pty->read_lock, iter->no_wait);
	if (result)
		return result;
	result = master_read_locked(pty, iter);
	mutex_unlock(&pty->read_lock);
	return result;
}

static ssize_t master_write_locked(struct pty *pty, struct io_iter *iter)
{
	struct tty *tty = pty->slave;
	u8 chunk[CHUNK];
	size_t wanted = iter->left, size, taken;

	while (iter->left) {
		size = io_iter_read(iter, chunk, MIN(iter->left, sizeof(chunk)));
		if (!size)
			return iter->left < wanted ? (ssize_t)(wanted - iter->left) : -EFAULT;
		taken = tty_receive(tty, chunk, size);
		io_iter_revert(iter, size - taken);
		if (taken == size)
			continue;
		if (iter->no_wait)
			return iter->left < wanted ? (ssize_t)(wanted - iter->left) : -EAGAIN;
		if (wait_event_interruptible(&pty->wait, tty_receive_room(tty)))
			return iter->left < wanted ? (ssize_t)(wanted - iter->left) : -ERESTARTSYS;
	}
	return (ssize_t)wanted;
}

static ssize_t master_write(struct file *file, struct io_iter *iter, u64 *position)
{
	struct pty *pty = pty_of(tty_file_of(file)->tty);
	ssize_t result = lock_end(&pty->write_lock, iter->no_wait);

	(void)position;
	if (result)
		return result;
	result = master_write_locked(pty, iter);
	mutex_unlock(&pty->write_lock);
	return result;
}

static u32 master_poll(struct file *file, struct poll_table *table)
{
	struct pty *pty = pty_of(tty_file_of(file)->tty);
	u32 ready = 0;

	poll_wait(file, &pty->wait, table);
	if (READ_ONCE(pty->packet) && READ_ONCE(pty->packet_status))
		ready |= POLLPRI | READY_IN;
	if (!ring_empty(&pty->ring))
		ready |= READY_IN;
	if (READ_ONCE(pty->slave_closed))
		ready |= POLLHUP;
	if (tty_receive_room(pty->slave))
		ready |= READY_OUT;
	return ready;
}

static void master_release(struct file *file)
{
	struct tty_file *opened = tty_file_of(file);
	struct pty *pty;

	if (!opened)
		return;
	pty = pty_of(opened->tty);
	WRITE_ONCE(pty->master_closed, true);
	devpts_remove(pty->super, pty->number);
	tty_vhangup(opened->tty);
	tty_put(opened->tty);
	kfree(opened);
}

/* Linux does not tell of a packet's status, nor of the slave's last close. */
static int master_async_reason(struct file *file, u32 key)
{
	return key & (POLLHUP | POLLPRI) ? 0 : file_async_reason(file, key);
}

static const struct async_ops master_async_ops = { .reason = master_async_reason,
						   .begin = tty_async_begin };

static const struct file_ops master_ops = {
	.read = master_read,
	.write = master_write,
	.poll = master_poll,
	.ioctl = pty_master_ioctl,
	.release = master_release,
	.async = &master_async_ops,
};

/* --- A new pair ---------------------------------------------------------------------------------------------------------------- */

static struct tty *pair_alloc(void)
{
	struct pty *pty = kzalloc(sizeof(*pty));
	struct tty *tty = pty ? tty_alloc(&line_ops, pty) : NULL;

	if (!tty) {
		kfree(pty);
		return NULL;
	}
	tty->is_pty = true;
	tty->termios.c_cflag = B38400 | CS8 | CREAD;
	tty->termios.c_ispeed = tty->termios.c_ospeed = 38400;
	pty->slave = tty;
	pty->locked = true;
	mutex_init(&pty->read_lock, RANK_TTY);
	mutex_init(&pty->write_lock, RANK_TTY);
	wait_queue_init(&pty->wait);
	ring_init(&pty->ring, pty->storage, sizeof(pty->storage));
	return tty;
}

/* The slave in the devpts of `super`, with a reference, for a master. ERR_PTR. */
static struct tty *pair_make(struct super *super)
{
	struct tty *tty;
	int number;

	if (atomic_add_return(&pty_total, 1) > READ_ONCE(pty_limit)) {
		atomic_dec(&pty_total);
		return ERR_PTR(-ENOSPC);
	}
	tty = pair_alloc();
	if (!tty) {
		atomic_dec(&pty_total);
		return ERR_PTR(-ENOMEM);
	}
	number = devpts_add(super, tty);
	if (number < 0) {
		tty_put(tty);
		return ERR_PTR(number);
	}
	pty_of(tty)->super = super;
	pty_of(tty)->number = number;
	tty->node.number = DEV_MAKE(PTY_SLAVE_MAJOR, (u64)number);
	return tty;
}

static int ptmx_open(struct inode *inode, struct file *file)
{
	const struct path ptmx = { file->mount, file->dentry };
	struct tty_file *opened = kzalloc(sizeof(*opened));
	struct path root;
	struct tty *tty;
	int error = opened ? devpts_root_get(&ptmx, &root) : -ENOMEM;

	(void)inode;
	if (error) {
		kfree(opened);
		return error;
	}
	tty = pair_make(root.dentry->super);
	path_put(&root);
	if (IS_ERR(tty)) {
		kfree(opened);
		return (int)PTR_ERR(tty);
	}
	*opened = (struct tty_file){ .tty = tty, .is_master = true };
	file->private_data = opened;
	file->ops = &master_ops;
	file->mode |= FILE_NO_POSITION_LOCK;
	return 0;
}

static const struct file_ops ptmx_ops = { .open = ptmx_open };
static const struct file_ops slave_ops = { .open = slave_open,
					   .release = tty_release,
					   .read = tty_read,
					   .async = &tty_async_ops,
					   .write = tty_write,
					   .ioctl = tty_ioctl,
					   .poll = tty_poll };

static struct char_device ptmx_device = {
	.name = "ptmx", .number = PTMX_DEVICE, .mode = 0666, .ops = &ptmx_ops
};
/* Their nodes are devpts's. */
static struct char_device slave_devices = { .number = DEV_MAKE(PTY_SLAVE_MAJOR, 0),
					    .count = PTY_COUNT_MAX,
					    .ops = &slave_ops };

void pty_init(void)
{
	devpts_init();
	if (char_device_register(&ptmx_device) || char_device_register(&slave_devices))
		panic("cannot make /dev/ptmx");
}
