/* Terminal output: the output modes, echo, and write. */
#include "internal.h"

#include <abi/errno.h>
#include <kernel/io_iter.h>
#include <kernel/sched.h>

#define OUT_SIZE 256 /* on the way to the driver */

struct out {
	u8 bytes[OUT_SIZE];
	size_t used;
};

static void emit(struct out *out, u8 c)
{
	out->bytes[out->used++] = c;
}

static void process_newline(struct tty *tty, struct out *out)
{
	if (tty_oflag(tty, ONLRET))
		tty->column = 0;
	if (tty_oflag(tty, ONLCR)) {
		emit(out, '\r');
		tty->column = 0;
	}
	tty->canon_column = tty->column;
	emit(out, '\n');
}

static void process_return(struct tty *tty, struct out *out)
{
	if (tty_oflag(tty, ONOCR) && tty->column == 0)
		return;
	if (tty_oflag(tty, OCRNL)) {
		if (tty_oflag(tty, ONLRET))
			tty->canon_column = tty->column = 0;
		emit(out, '\n');
		return;
	}
	tty->canon_column = tty->column = 0;
	emit(out, '\r');
}

static void process_tab(struct tty *tty, struct out *out)
{
	u32 spaces = 8 - (tty->column & 7);

	tty->column += spaces;
	if ((tty->termios.c_oflag & TABDLY) != XTABS) {
		emit(out, '\t');
		return;
	}
	while (spaces--)
		emit(out, ' ');
}

/* One byte by the output modes; room for TTY_EXPANSION is there. */
static void process(struct tty *tty, struct out *out, u8 c)
{
	switch (c) {
	case '\n':
		process_newline(tty, out);
		return;
	case '\r':
		process_return(tty, out);
		return;
	case '\t':
		process_tab(tty, out);
		return;
	case '\b':
		if (tty->column)
			tty->column--;
		break;
	default:
		if (is_control(c))
			break;
		if (tty_oflag(tty, OLCUC) && c >= 'a' && c <= 'z')
			c = (u8)(c - 'a' + 'A');
		if (!is_continuation(tty, c))
			tty->column++;
	}
	emit(out, c);
}

/* One batch. */
static size_t output_some(struct tty *tty, const u8 *data, size_t size)
{
	size_t room = MIN(tty->ops->write_room(tty), (size_t)OUT_SIZE), done = 0;
	struct out out;

	out.used = 0;
	while (done < size && out.used + TTY_EXPANSION <= room)
		process(tty, &out, data[done++]);
	if (out.used)
		(void)tty->ops->write(tty, out.bytes, out.used);
	return done;
}

size_t output_locked(struct tty *tty, const u8 *data, size_t size)
{
	size_t done = 0, step;

	if (output_is_refused(tty))
		return 0;
	if (!tty_oflag(tty, OPOST))
		return tty->ops->write(tty, data, size);
	do {
		step = output_some(tty, data + done, size - done);
		done += step;
	} while (step && done < size);
	return done;
}

void output_stop(struct tty *tty, bool stop)
{
	if (tty->stopped == stop || (!stop && tty->held))
		return;
	tty->stopped = stop;
	if (tty->ops->stop)
		tty->ops->stop(tty, stop);
	if (!stop)
		tty_write_wakeup(tty);
}

/* --- Echo: what does not fit is dropped, for input must not wait for output -------------------------------------------- */

/* Past a stop: the driver keeps it until output goes on. */
static void echo_bytes(struct tty *tty, const u8 *bytes, size_t size)
{
	if (tty->ops->write_room(tty) >= size)
		(void)tty->ops->write(tty, bytes, size);
}

void echo_raw(struct tty *tty, u8 c)
{
	struct out out;

	if (!tty_oflag(tty, OPOST)) {
		echo_bytes(tty, &c, 1);
		return;
	}
	out.used = 0;
	process(tty, &out, c);
	echo_bytes(tty, out.bytes, out.used);
}

void echo_char(struct tty *tty, u8 c)
{
	if (tty_lflag(tty, ECHOCTL) && is_control(c) && c != '\t') {
		u8 text[2] = { '^', c ^ 0x40 };

		echo_bytes(tty, text, 2);
		tty->column += 2;
		return;
	}
	echo_raw(tty, c);
}

/* --- write ------------------------------------------------------------------------------------------------------------------ */

static bool can_write(struct file *file, struct tty *tty)
{
	return tty_is_hung_up(file) ||
	       (!output_is_refused(tty) && tty->ops->write_room(tty) >= TTY_EXPANSION);
}

/* All of `data`, waiting for room: bytes taken. *error tells why not all. */
static size_t write_chunk(struct file *file, const u8 *data, size_t size, bool no_wait, int *error)
{
	struct tty *tty = tty_file_of(file)->tty;
	size_t done = 0;

	for (;;) {
		unsigned long flags = spin_lock_irq(&tty->lock);

		if (tty_is_hung_up(file))
			*error = -EIO;
		else
			done += output_locked(tty, data + done, size - done);
		spin_unlock_irq(&tty->lock, flags);
		if (*error || done == size)
			return done;
		WRITE_ONCE(tty->wants_room, true);
		if (no_wait)
			*error = -EAGAIN;
		else if (wait_event_interruptible(&tty->write_wait, can_write(file, tty)))
			*error = -ERESTARTSYS;
		if (*error)
			return done;
	}
}

static ssize_t write_all(struct file *file, struct io_iter *iter)
{
	u8 chunk[OUT_SIZE];
	size_t done = 0;
	int error = 0;

	while (iter->left && !error) {
		size_t size = io_iter_read(iter, chunk, MIN(iter->left, sizeof(chunk))), taken;

		if (!size) {
			error = -EFAULT;
			break;
		}
		taken = write_chunk(file, chunk, size, iter->no_wait, &error);
		done += taken;
		if (taken < size)
			io_iter_revert(iter, size - taken);
		if (!error && iter->left && signal_is_pending(current))
			error = -ERESTARTSYS;
	}
	return done ? (ssize_t)done : error;
}

ssize_t tty_write(struct file *file, struct io_iter *iter, u64 *position)
{
	const struct tty_file *opened = tty_file_of(file);
	struct tty *tty = opened->tty;
	ssize_t result;

	(void)position;
	if (tty_is_hung_up(file))
		return -EIO;
	if (!opened->console && tty_lflag(tty, TOSTOP)) {
		int error = job_check(tty, SIGTTOU);

		if (error)
			return error;
	}
	if (!mutex_try_lock(&tty->write_lock)) {
		if (iter->no_wait)
			return -EAGAIN;
		if (mutex_lock_interruptible(&tty->write_lock))
			return -ERESTARTSYS;
	}
	result = write_all(file, iter);
	mutex_unlock(&tty->write_lock);
	return result;
}

int tty_drain(struct tty *tty)
{
	if (wait_event_interruptible(&tty->write_wait, tty->ops->chars_in_buffer(tty) == 0))
		return -ERESTARTSYS;
	return 0;
}
