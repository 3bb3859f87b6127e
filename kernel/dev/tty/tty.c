/* Terminals: creation, opening, closing, hang-up, and the operations of an open terminal. */
#include "internal.h"

#include <abi/capability.h>
#include <abi/errno.h>
#include <abi/fcntl.h>
#include <kernel/param.h>
#include <kernel/printk.h>
#include <kernel/pty.h>
#include <kernel/sched.h>
#include <kernel/slab.h>
#include <kernel/vfs.h>
#include <lib/err.h>
#include <lib/string.h>

static struct tty *
	console; /* what /dev/console is: the terminal that console= names, else the first that was made */

static const struct abi_termios2 termios_default = {
	.c_iflag = ICRNL | IXON,
	.c_oflag = OPOST | ONLCR,
	.c_cflag = B115200 | CS8 | CREAD | HUPCL | CLOCAL,
	.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
	.c_cc = { [VINTR] = 3,
		  [VQUIT] = 28,
		  [VERASE] = 127,
		  [VKILL] = 21,
		  [VEOF] = 4,
		  [VMIN] = 1,
		  [VSTART] = 17,
		  [VSTOP] = 19,
		  [VSUSP] = 26,
		  [VREPRINT] = 18,
		  [VDISCARD] = 15,
		  [VWERASE] = 23,
		  [VLNEXT] = 22 },
	.c_ispeed = 115200,
	.c_ospeed = 115200,
};

struct tty *tty_get(struct tty *tty)
{
	ref_get(&tty->ref);
	return tty;
}

void tty_put(struct tty *tty)
{
	/* A driver's own reference stays, unless it can release: then this may be the last one. */
	if (!tty || !ref_put(&tty->ref))
		return;
	pid_put(tty->session);
	pid_put(tty->group);
	tty->ops->release(tty);
	kfree(tty);
}

void *tty_driver_data(struct tty *tty)
{
	return tty->driver_data;
}

u64 tty_device(struct tty *tty)
{
	return tty ? tty->node.number : 0;
}

bool tty_is_hung_up(const struct file *file)
{
	const struct tty_file *opened = tty_file_of(file);

	return !opened->console && READ_ONCE(opened->tty->generation) != opened->generation;
}

/* A bit of a wake-up's key: a write had to stop. */
#define ROOM_WANTED POLLWRBAND

void tty_write_wakeup(struct tty *tty)
{
	bool wanted = READ_ONCE(tty->wants_room) && xchg(&tty->wants_room, false);

	wait_wake_all(&tty->write_wait, wanted ? READY_OUT | ROOM_WANTED : READY_OUT);
}

/* Of a device that nobody uses any more: its next user finds output going. tty->lock held. */
static void output_let_go(struct tty *tty)
{
	tty->held = false;
	output_stop(tty, false);
}

/* Files opened so far see end of file and errors from now on. Whoever waits finds out. */
void tty_hangup(struct tty *tty)
{
	unsigned long flags = spin_lock_irq(&tty->lock);

	WRITE_ONCE(tty->generation, tty->generation + 1);
	input_flush_locked(tty);
	output_let_go(tty);
	if (tty->ops->flush_output)
		tty->ops->flush_output(tty);
	spin_unlock_irq(&tty->lock, flags);
	wait_wake_all(&tty->read_wait, POLLHUP | READY_IN);
	wait_wake_all(&tty->write_wait, POLLHUP | READY_OUT);
}

static int first_open(struct tty *tty)
{
	int error = 0;

	mutex_lock(&tty->open_lock);
	if (READ_ONCE(tty->exclusive) && !capable(CAP_SYS_ADMIN))
		error = -EBUSY;
	else if (tty->open_count == 0 && tty->ops->open)
		error = tty->ops->open(tty);
	if (!error)
		tty->open_count++;
	mutex_unlock(&tty->open_lock);
	return error;
}

/* Not for a pseudo-terminal, whose ends are gone together. */
static void last_user_gone(struct tty *tty)
{
	unsigned long flags = spin_lock_irq(&tty->lock);

	output_let_go(tty);
	spin_unlock_irq(&tty->lock, flags);
}

static void last_close(struct tty *tty)
{
	mutex_lock(&tty->open_lock);
	if (--tty->open_count == 0) {
		tty->exclusive = false;
		if (!tty->is_pty)
			last_user_gone(tty);
		if (tty->ops->close)
			tty->ops->close(tty);
	}
	mutex_unlock(&tty->open_lock);
}

int tty_open_terminal(struct tty *tty, struct file *file, bool is_console)
{
	struct tty_file *opened = kzalloc(sizeof(*opened));
	int error = opened ? first_open(tty) : -ENOMEM;

	file->private_data = NULL;
	if (error) {
		kfree(opened);
		tty_put(tty);
		return error;
	}
	opened->tty = tty;
	opened->generation = READ_ONCE(tty->generation);
	opened->console = is_console;
	file->private_data = opened;
	file->mode |= FILE_NO_POSITION_LOCK;
	if (!is_console && !(file->flags & O_NOCTTY) && (file->mode & FILE_READ))
		(void)job_open(tty);
	return 0;
}

static int tty_open(struct inode *inode, struct file *file)
{
	struct tty *tty = file->private_data;

	(void)inode;
	return tty_open_terminal(tty_get(tty), file, false);
}

static int current_tty_open(struct inode *inode, struct file *file)
{
	struct tty *tty = job_current_tty();

	(void)inode;
	if (!tty)
		return -ENXIO;
	file->flags |= O_NOCTTY;
	return tty_open_terminal(tty, file, false);
}

static int console_tty_open(struct inode *inode, struct file *file)
{
	(void)inode;
	if (!console)
		return -ENODEV;
	return tty_open_terminal(tty_get(console), file, true);
}

void tty_release(struct file *file)
{
	struct tty_file *opened = tty_file_of(file);

	if (!opened)
		return;
	last_close(opened->tty);
	tty_put(opened->tty);
	kfree(opened);
}

u32 tty_poll(struct file *file, struct poll_table *table)
{
	struct tty *tty = tty_file_of(file)->tty;
	unsigned long flags;
	u32 ready = 0;

	poll_wait(file, &tty->read_wait, table);
	poll_wait(file, &tty->write_wait, table);
	if (tty_is_hung_up(file))
		return READY_IN | READY_OUT | POLLERR | POLLHUP;
	flags = spin_lock_irq(&tty->lock);
	if (input_ready_locked(tty, true))
		ready |= READY_IN;
	if (!output_is_refused(tty) && tty->ops->write_room(tty) >= TTY_EXPANSION)
		ready |= READY_OUT;
	spin_unlock_irq(&tty->lock, flags);
	return ready;
}

/* --- O_ASYNC ---------------------------------------------------------------------------------------------------------------- */

/* The terminal's foreground group, or who asks. */
int tty_async_begin(struct file *file)
{
	const struct tty_file *opened = tty_file_of(file);
	struct tty *tty = opened->tty;
	struct pid *group = NULL;
	unsigned long flags;

	if (tty_is_hung_up(file))
		return -ENOTTY;
	flags = spin_lock_irq(&tty->lock);
	if (tty->group && !opened->is_master)
		group = pid_get(tty->group);
	spin_unlock_irq(&tty->lock, flags);
	if (group)
		return file_set_owner(file, group, PID_GROUP, false);
	return file_set_owner(file, pid_get(current->process->pids[PID_PROCESS]), PID_PROCESS,
			      false);
}

static int async_reason(struct file *file, u32 key)
{
	if ((key & POLLHUP) || tty_is_hung_up(file))
		return 0;
	if (key & POLLIN)
		return POLL_IN;
	return key & ROOM_WANTED ? POLL_OUT : 0;
}

const struct async_ops tty_async_ops = { .reason = async_reason, .begin = tty_async_begin };

void tty_drain_console(void)
{
	if (console)
		(void)wait_event_until(&console->write_wait,
				       console->ops->chars_in_buffer(console) == 0,
				       SLEEP_UNINTERRUPTIBLE, deadline_after(NSEC_PER_SEC));
}

#define TTY_OPS(open_operation)                                                                    \
	{                                                                                          \
		.open = (open_operation), .release = tty_release, .read = tty_read,                \
		.write = tty_write, .ioctl = tty_ioctl, .poll = tty_poll, .async = &tty_async_ops  \
	}
static const struct file_ops tty_ops = TTY_OPS(tty_open);
static const struct file_ops current_tty_ops = TTY_OPS(current_tty_open);
static const struct file_ops console_ops = TTY_OPS(console_tty_open);

/* "console=ttyS0,115200": the last one counts. */
static bool is_console_name(const char *name)
{
	const char *wanted = param_get("console");
	size_t length = strlen(name);

	return wanted && strncmp(wanted, name, length) == 0 &&
	       (wanted[length] == ',' || !wanted[length]);
}

struct tty *tty_alloc(const struct tty_driver_ops *ops, void *driver_data)
{
	struct tty *tty = kzalloc(sizeof(*tty));

	if (!tty)
		return NULL;
	ref_init(&tty->ref, 1);
	tty->ops = ops;
	tty->driver_data = driver_data;
	tty->termios = termios_default;
	mutex_init(&tty->open_lock, RANK_SLEEP_MISC);
	mutex_init(&tty->read_lock, RANK_TTY);
	mutex_init(&tty->write_lock, RANK_TTY);
	spin_init(&tty->lock, RANK_TTY_BUFFER);
	wait_queue_init(&tty->read_wait);
	wait_queue_init(&tty->write_wait);
	input_init(tty);
	return tty;
}

struct tty *tty_create(const char *name, u64 device, const struct tty_driver_ops *ops,
		       void *driver_data)
{
	struct tty *tty = tty_alloc(ops, driver_data);

	if (!tty)
		return NULL;
	tty->node = (struct char_device){
		.name = name, .number = device, .mode = 0600, .ops = &tty_ops, .private_data = tty
	};
	if (char_device_register(&tty->node)) {
		kfree(tty);
		return NULL;
	}
	if (!console || is_console_name(name))
		console = tty;
	return tty;
}

static struct char_device current_tty_node = {
	.name = "tty", .number = DEV_MAKE(5, 0), .mode = 0666, .ops = &current_tty_ops
};
static struct char_device console_node = {
	.name = "console", .number = DEV_MAKE(5, 1), .mode = 0600, .ops = &console_ops
};

void tty_init(void)
{
	serial_tty_init();
	if (char_device_register(&current_tty_node) || char_device_register(&console_node))
		panic("cannot make /dev/tty and /dev/console");
	pty_init();
}
