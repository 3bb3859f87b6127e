/* N_TTY, the input side: from the driver's bytes to lines, signals and echo. */
#include "internal.h"

#include <abi/errno.h>
#include <kernel/signal.h>
#include <kernel/work.h>

#define BATCH 256 /* bytes processed with interrupts off */

static u32 line_used(const struct tty *tty)
{
	return tty->head - tty->tail;
}

/*
 * Room for one byte more. A line that fills the whole buffer loses what comes, except that its last byte is replaced, so
 * that its end can be typed. With whole lines waiting, input is held back instead.
 */
static bool has_room(const struct tty *tty)
{
	if (line_used(tty) < TTY_LINE_SIZE - 1)
		return true;
	return tty_lflag(tty, ICANON) && tty->canon_head == tty->tail;
}

static void put(struct tty *tty, u8 c)
{
	if (line_used(tty) >= TTY_LINE_SIZE - 1)
		tty->head--;
	tty->line[tty->head++ & TTY_LINE_MASK] = c;
}

static void wake_readers(struct tty *tty)
{
	tty->input_arrived = false;
	wait_wake_all(&tty->read_wait, READY_IN);
}

void input_flush_locked(struct tty *tty)
{
	tty->raw.tail = tty->raw.head;
	if (tty->ops->input_flushed)
		tty->ops->input_flushed(tty);
	tty->tail = tty->canon_head = tty->head = 0;
	bitmap_clear_range(tty->line_ends, 0, TTY_LINE_SIZE);
	tty->literal_next = false;
	if (tty->throttled) {
		tty->throttled = false;
		tty->ops->throttle(tty, false);
	}
}

void input_modes_changed_locked(struct tty *tty, u32 old_lflag)
{
	if (!((old_lflag ^ tty->termios.c_lflag) & ICANON))
		return;
	bitmap_clear_range(tty->line_ends, 0, TTY_LINE_SIZE);
	tty->literal_next = false;
	tty->canon_head = tty->tail;
	if (tty_lflag(tty, ICANON) && line_used(tty)) {
		/* What came before without lines is one. */
		bitmap_set(tty->line_ends, (tty->head - 1) & TTY_LINE_MASK);
		tty->canon_head = tty->head;
	}
	wait_wake_all(&tty->read_wait, 0); /* nothing has arrived: O_ASYNC does not tell */
	input_work_queue(tty);
}

u32 input_count_locked(const struct tty *tty)
{
	u32 count = 0;

	if (!tty_lflag(tty, ICANON))
		return line_used(tty);
	for (u32 at = tty->tail; at != tty->canon_head; at++) {
		bool is_end_of_file = tty->line[at & TTY_LINE_MASK] == TTY_CHAR_NONE &&
				      bitmap_test(tty->line_ends, at & TTY_LINE_MASK);

		count += !is_end_of_file;
	}
	return count;
}

/* --- One byte ----------------------------------------------------------------------------------------------------------- */

static void finish_line(struct tty *tty, u8 c)
{
	put(tty, c);
	bitmap_set(tty->line_ends, (tty->head - 1) & TTY_LINE_MASK);
	tty->canon_head = tty->head;
	tty->input_arrived = true;
}

static void receive_plain(struct tty *tty, u8 c)
{
	if (tty_lflag(tty, ECHO)) {
		if (tty->canon_head == tty->head)
			tty->canon_column = tty->column;
		if (c == '\n')
			echo_raw(tty, c);
		else
			echo_char(tty, c);
	}
	if (c == 0xff && tty_iflag(tty, PARMRK))
		put(tty, c);
	put(tty, c);
	if (!tty_lflag(tty, ICANON) && input_ready_locked(tty, true))
		tty->input_arrived = true;
}

static bool is_cc(const struct tty *tty, u8 c, unsigned int index)
{
	return c != TTY_CHAR_NONE && c == tty_cc(tty, index);
}

/* Which signal the character asks for; 0: none. */
static int signal_of(const struct tty *tty, u8 c)
{
	if (!tty_lflag(tty, ISIG))
		return 0;
	if (is_cc(tty, c, VINTR))
		return SIGINT;
	if (is_cc(tty, c, VQUIT))
		return SIGQUIT;
	return is_cc(tty, c, VSUSP) ? SIGTSTP : 0;
}

static void receive_signal(struct tty *tty, u8 c)
{
	if (!tty_lflag(tty, NOFLSH)) {
		/* What was typed after it, still in the raw ring, stays. */
		tty->tail = tty->canon_head = tty->head = 0;
		bitmap_clear_range(tty->line_ends, 0, TTY_LINE_SIZE);
		if (tty->ops->flush_output)
			tty->ops->flush_output(tty);
		if (tty->ops->input_flushed)
			tty->ops->input_flushed(tty);
		tty_write_wakeup(tty);
	}
	if (tty_iflag(tty, IXON))
		output_stop(tty, false);
	if (tty_lflag(tty, ECHO))
		echo_char(tty, c);
}

static bool receive_flow_control(struct tty *tty, u8 c)
{
	if (!tty_iflag(tty, IXON))
		return false;
	if (is_cc(tty, c, VSTART)) {
		output_stop(tty, false);
		return true;
	}
	if (is_cc(tty, c, VSTOP)) {
		output_stop(tty, true);
		return true;
	}
	if (tty->stopped && tty_iflag(tty, IXANY))
		output_stop(tty, false);
	return false;
}

static void receive_literal_next(struct tty *tty)
{
	tty->literal_next = true;
	if (tty_lflag(tty, ECHO) && tty_lflag(tty, ECHOCTL)) {
		echo_raw(tty, '^');
		echo_raw(tty, '\b');
	}
}

/* Characters with a meaning in a line: true if it was one. */
static bool receive_editing(struct tty *tty, u8 c)
{
	bool extended = tty_lflag(tty, IEXTEN);

	if (is_cc(tty, c, VERASE) || is_cc(tty, c, VKILL) || (extended && is_cc(tty, c, VWERASE))) {
		input_erase_locked(tty, c);
		return true;
	}
	if (extended && is_cc(tty, c, VLNEXT)) {
		receive_literal_next(tty);
		return true;
	}
	if (extended && tty_lflag(tty, ECHO) && is_cc(tty, c, VREPRINT)) {
		input_reprint_locked(tty);
		return true;
	}
	return false;
}

static bool receive_line_end(struct tty *tty, u8 c)
{
	if (c == '\n') {
		if (tty_lflag(tty, ECHO | ECHONL))
			echo_raw(tty, c);
		finish_line(tty, c);
		return true;
	}
	if (is_cc(tty, c, VEOF)) {
		finish_line(tty, TTY_CHAR_NONE);
		return true;
	}
	if (is_cc(tty, c, VEOL) || (tty_lflag(tty, IEXTEN) && is_cc(tty, c, VEOL2))) {
		if (tty_lflag(tty, ECHO))
			echo_char(tty, c);
		finish_line(tty, c);
		return true;
	}
	return false;
}

static bool map_return(struct tty *tty, u8 *c)
{
	if (*c == '\r') {
		if (tty_iflag(tty, IGNCR))
			return false;
		if (tty_iflag(tty, ICRNL))
			*c = '\n';
	} else if (*c == '\n' && tty_iflag(tty, INLCR)) {
		*c = '\r';
	}
	return true;
}

/* The signal to send to the foreground group, or 0. */
static int receive(struct tty *tty, u8 c)
{
	int signo;

	if (tty_iflag(tty, ISTRIP))
		c &= 0x7f;
	if (tty_iflag(tty, IUCLC) && tty_lflag(tty, IEXTEN) && c >= 'A' && c <= 'Z')
		c = (u8)(c - 'A' + 'a');
	if (tty->literal_next) {
		tty->literal_next = false;
		receive_plain(tty, c);
		return 0;
	}
	if (receive_flow_control(tty, c))
		return 0;
	signo = signal_of(tty, c);
	if (signo) {
		receive_signal(tty, c);
		return signo;
	}
	if (!map_return(tty, &c))
		return 0;
	if (tty_lflag(tty, ICANON) && (receive_editing(tty, c) || receive_line_end(tty, c)))
		return 0;
	receive_plain(tty, c);
	return 0;
}

/* --- From the raw ring ----------------------------------------------------------------------------------------------------- */

/* Up to one batch, or up to a character that sends a signal. True if there may be more to do. */
static bool input_batch(struct tty *tty, int *signo, struct pid **group)
{
	unsigned long flags = spin_lock_irq(&tty->lock);
	unsigned int count = 0;
	bool more;
	u8 c;

	*signo = 0;
	*group = NULL;
	while (count < BATCH && !*signo && has_room(tty) && ring_get_byte(&tty->raw, &c)) {
		*signo = receive(tty, c);
		count++;
	}
	if (tty->input_arrived)
		wake_readers(tty);
	if (*signo && tty->group)
		*group = pid_get(tty->group);
	/* What a flush took from the raw ring makes no room behind it, which only a reader does. */
	if (tty->throttled && ring_used(&tty->raw) <= TTY_RAW_SIZE / 4 && (count || has_room(tty))) {
		tty->throttled = false;
		tty->ops->throttle(tty, false);
	}
	more = count && !ring_empty(&tty->raw);
	spin_unlock_irq(&tty->lock, flags);
	return more;
}

static void input_process(struct work *work)
{
	struct tty *tty = container_of(work, struct tty, input_work);
	struct pid *group;
	bool more;
	int signo;

	do {
		more = input_batch(tty, &signo, &group);
		if (group) {
			signal_kernel_group(group, signo);
			pid_put(group);
		}
	} while (more);
	tty_put(tty);
}

/* The work has a reference of its own. */
void input_work_queue(struct tty *tty)
{
	tty_get(tty);
	if (!work_queue(&tty->input_work))
		tty_put(tty);
}

size_t tty_receive_room(struct tty *tty)
{
	unsigned long flags = spin_lock_irq(&tty->lock);
	size_t room = ring_free(&tty->raw);

	if (!room && !tty->throttled) {
		tty->throttled = true;
		tty->ops->throttle(tty, true);
	}
	spin_unlock_irq(&tty->lock, flags);
	return room;
}

size_t tty_receive(struct tty *tty, const u8 *data, size_t size)
{
	unsigned long flags = spin_lock_irq(&tty->lock);
	size_t taken = ring_put(&tty->raw, data, size);

	spin_unlock_irq(&tty->lock, flags);
	input_work_queue(tty);
	return taken;
}

void input_init(struct tty *tty)
{
	ring_init(&tty->raw, tty->raw_storage, sizeof(tty->raw_storage));
	work_init(&tty->input_work, input_process);
}
