/* Reading from a terminal: a line at a time, or by VMIN and VTIME. */
#include "internal.h"

#include <abi/errno.h>
#include <kernel/io_iter.h>
#include <kernel/sched.h>
#include <kernel/time.h>
#include <kernel/work.h>

#define CHUNK 256
#define TENTH_NS (NSEC_PER_SEC / 10)

bool input_ready_locked(const struct tty *tty, bool poll)
{
	u32 wanted = 1;

	if (tty_lflag(tty, ICANON))
		return tty->canon_head != tty->tail;
	if (poll && !tty_cc(tty, VTIME) && tty_cc(tty, VMIN))
		wanted = tty_cc(tty, VMIN);
	return tty->head - tty->tail >= wanted;
}

static bool ready(struct file *file)
{
	struct tty *tty = tty_file_of(file)->tty;
	unsigned long flags = spin_lock_irq(&tty->lock);
	bool result = input_ready_locked(tty, false);

	spin_unlock_irq(&tty->lock, flags);
	return result || tty_is_hung_up(file);
}

/* From the line buffer into `chunk`, within one line: bytes. *line_ended: the rest is not for this read. */
static size_t take_canonical(struct tty *tty, u8 *chunk, size_t size, bool *line_ended)
{
	size_t count = 0;

	while (tty->tail != tty->canon_head && !*line_ended) {
		u32 index = tty->tail & TTY_LINE_MASK;
		bool ends = bitmap_test(tty->line_ends, index);
		bool end_of_file = ends && tty->line[index] == TTY_CHAR_NONE;

		/* The end-of-file mark goes with the last byte before it, or the next read would see it as an end of its own. */
		if (count == size && !end_of_file)
			break;
		if (!end_of_file)
			chunk[count++] = tty->line[index];
		if (ends)
			bitmap_clear(tty->line_ends, index);
		*line_ended = ends;
		tty->tail++;
	}
	return count;
}

static size_t take_raw(struct tty *tty, u8 *chunk, size_t size)
{
	size_t count = 0;

	while (count < size && tty->tail != tty->head)
		chunk[count++] = tty->line[tty->tail++ & TTY_LINE_MASK];
	/* Nothing is a line here; switching to canonical mode finds a consistent buffer. */
	tty->canon_head = tty->tail;
	return count;
}

static size_t take(struct tty *tty, u8 *chunk, size_t size, bool *line_ended)
{
	unsigned long flags = spin_lock_irq(&tty->lock);
	bool canonical = tty_lflag(tty, ICANON);
	size_t count = canonical ? take_canonical(tty, chunk, size, line_ended)
				 : take_raw(tty, chunk, size);
	bool held_back = !ring_empty(&tty->raw) || tty->throttled;

	spin_unlock_irq(&tty->lock, flags);
	if (held_back)
		input_work_queue(tty);
	return count;
}

/* What is there, up to the end of a line. Bytes, or -EFAULT. *line_ended as above. */
static ssize_t read_available(struct tty *tty, struct io_iter *iter, bool *line_ended)
{
	u8 chunk[CHUNK];
	size_t done = 0, count;

	do {
		count = take(tty, chunk, MIN(iter->left, sizeof(chunk)), line_ended);
		if (io_iter_write(iter, chunk, count) != count)
			return done ? (ssize_t)done : -EFAULT;
		done += count;
	} while (count && iter->left && !*line_ended);
	return (ssize_t)done;
}

/* Waits for the first byte or line; *end_ns is when VTIME is over. 1: go on; 0: end of file or time; or -errno. */
static int wait_input(struct file *file, bool no_wait, u64 end_ns)
{
	struct tty *tty = tty_file_of(file)->tty;
	int error;

	if (ready(file))
		return !tty_is_hung_up(file);
	if (no_wait)
		return -EAGAIN;
	error = wait_event_until(&tty->read_wait, ready(file), SLEEP_INTERRUPTIBLE, end_ns);
	if (error == -ETIMEDOUT)
		return 0;
	if (error)
		return -ERESTARTSYS;
	return !tty_is_hung_up(file);
}

static ssize_t read_canonical(struct file *file, struct io_iter *iter)
{
	bool line_ended = false;
	int go_on = wait_input(file, iter->no_wait, TIMEOUT_NEVER);

	return go_on > 0 ? read_available(tty_file_of(file)->tty, iter, &line_ended) : go_on;
}

/* The four cases of VMIN and VTIME (termios(3)). */
static ssize_t read_raw(struct file *file, struct io_iter *iter)
{
	struct tty *tty = tty_file_of(file)->tty;
	size_t minimum = MIN((size_t)tty_cc(tty, VMIN), iter->left), done = 0;
	u64 time_ns = tty_cc(tty, VTIME) * TENTH_NS;
	bool line_ended = false;

	do {
		/* With VMIN the timer runs between bytes only; without, from the start. */
		bool timed = time_ns && (!tty_cc(tty, VMIN) || done);
		u64 end_ns = timed ? deadline_after(time_ns) : TIMEOUT_NEVER;
		ssize_t count;
		int go_on;

		if (!tty_cc(tty, VMIN) && !time_ns)
			end_ns = 0;
		go_on = wait_input(file, iter->no_wait, end_ns);
		if (go_on == -EAGAIN && !tty_cc(tty, VMIN) && !time_ns)
			go_on = 0;
		if (go_on <= 0)
			return done ? (ssize_t)done : go_on;
		count = read_available(tty, iter, &line_ended);
		if (count < 0)
			return done ? (ssize_t)done : count;
		done += (size_t)count;
	} while (done < minimum);
	return (ssize_t)done;
}

ssize_t tty_read(struct file *file, struct io_iter *iter, u64 *position)
{
	const struct tty_file *opened = tty_file_of(file);
	struct tty *tty = opened->tty;
	ssize_t result;
	int error;

	(void)position;
	if (tty_is_hung_up(file) || !iter->left)
		return 0;
	error = opened->console ? 0 : job_check(tty, SIGTTIN);
	if (error)
		return error;
	if (!mutex_try_lock(&tty->read_lock)) {
		if (iter->no_wait)
			return -EAGAIN;
		if (mutex_lock_interruptible(&tty->read_lock))
			return -ERESTARTSYS;
	}
	result = tty_lflag(tty, ICANON) ? read_canonical(file, iter) : read_raw(file, iter);
	mutex_unlock(&tty->read_lock);
	return result;
}
