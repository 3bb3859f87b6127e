/* Line editing: erasing characters, words and lines from the buffer and from the screen, and printing the line again. */
#include "internal.h"

enum erase_kind { ERASE_CHAR, ERASE_WORD, ERASE_LINE };

static bool is_word_char(u8 c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       c == '_' || c >= 0x80;
}

static u8 line_at(const struct tty *tty, u32 at)
{
	return tty->line[at & TTY_LINE_MASK];
}

static void rub_out(struct tty *tty)
{
	echo_raw(tty, '\b');
	echo_raw(tty, ' ');
	echo_raw(tty, '\b');
}

/* The cursor goes back over a tab, whose width depends on where the text before it ended. */
static void rub_out_tab(struct tty *tty)
{
	u32 columns = 0, at = tty->head;
	bool after_tab = false;

	while (at != tty->canon_head && !after_tab) {
		u8 c = line_at(tty, --at);

		if (c == '\t')
			after_tab = true;
		else if (is_control(c))
			columns += tty_lflag(tty, ECHOCTL) ? 2 : 0;
		else if (!is_continuation(tty, c))
			columns++;
	}
	if (!after_tab)
		columns += tty->canon_column;
	for (u32 width = 8 - (columns & 7); width; width--)
		echo_raw(tty, '\b');
}

static void rub_out_char(struct tty *tty, u8 c)
{
	if (c == '\t') {
		rub_out_tab(tty);
		return;
	}
	if (is_control(c)) {
		if (!tty_lflag(tty, ECHOCTL))
			return;
		rub_out(tty);
	}
	rub_out(tty);
}

/* Start of the last character before head: `head` itself if it is cut short by the start of the line. */
static u32 last_char_start(const struct tty *tty)
{
	u32 at = tty->head;

	do {
		at--;
	} while (is_continuation(tty, line_at(tty, at)) && at != tty->canon_head);
	return is_continuation(tty, line_at(tty, at)) ? tty->head : at;
}

static void erase_chars(struct tty *tty, enum erase_kind kind, u8 typed)
{
	bool in_word = false;

	while (tty->head != tty->canon_head) {
		u32 start = last_char_start(tty);
		u8 c = line_at(tty, start);

		if (start == tty->head)
			return;
		if (kind == ERASE_WORD) {
			if (is_word_char(c))
				in_word = true;
			else if (in_word)
				return;
		}
		tty->head = start;
		if (tty_lflag(tty, ECHO)) {
			if (kind == ERASE_CHAR && !tty_lflag(tty, ECHOE))
				echo_char(tty, typed);
			else
				rub_out_char(tty, c);
		}
		if (kind == ERASE_CHAR)
			return;
	}
}

static bool kill_by_rubbing_out(const struct tty *tty)
{
	return tty_lflag(tty, ECHO) && tty_lflag(tty, ECHOK) && tty_lflag(tty, ECHOKE) &&
	       tty_lflag(tty, ECHOE);
}

void input_erase_locked(struct tty *tty, u8 c)
{
	if (tty->head == tty->canon_head)
		return;
	if (c == tty_cc(tty, VERASE)) {
		erase_chars(tty, ERASE_CHAR, c);
	} else if (c == tty_cc(tty, VWERASE) && tty_lflag(tty, IEXTEN)) {
		erase_chars(tty, ERASE_WORD, c);
	} else if (kill_by_rubbing_out(tty)) {
		erase_chars(tty, ERASE_LINE, c);
	} else {
		tty->head = tty->canon_head;
		if (!tty_lflag(tty, ECHO))
			return;
		echo_char(tty, c);
		if (tty_lflag(tty, ECHOK))
			echo_raw(tty, '\n');
	}
}

void input_reprint_locked(struct tty *tty)
{
	echo_char(tty, tty_cc(tty, VREPRINT));
	echo_raw(tty, '\n');
	for (u32 at = tty->canon_head; at != tty->head; at++)
		echo_char(tty, line_at(tty, at));
}
