/* The requests of terminals: modes, flow, flushing, window size. Those of sessions and groups are in job.c. */
#include "internal.h"

#include <abi/errno.h>
#include <abi/ioctl.h>
#include <kernel/sched.h>
#include <lib/string.h>
#include <profile/bounds.h>

static const u32 baud_rates[] = { 0,   50,   75,   110,	 134,  150,  200,   300,
				  600, 1200, 1800, 2400, 4800, 9600, 19200, 38400 };
static const u32 baud_rates_extended[] = { 0,	    57600,   115200,  230400,  460800,	500000,
					   576000,  921600,  1000000, 1152000, 1500000, 2000000,
					   2500000, 3000000, 3500000, 4000000 };

static u32 baud_rate(u32 cflag, u32 other)
{
	if ((cflag & CBAUD) == BOTHER)
		return other;
	return cflag & CBAUDEX ? AT(baud_rates_extended, cflag & 15) : AT(baud_rates, cflag & 15);
}

/* The output is to be sent before the change, the input to be dropped at it. */
struct change {
	bool drain, flush;
};

static int change_begin(struct tty *tty, const struct change *change)
{
	int error = job_check(tty, SIGTTOU);

	if (!error && change->drain)
		error = tty_drain(tty);
	return error;
}

static void change_apply(struct tty *tty, const struct abi_termios2 *to, const struct change *change)
{
	unsigned long flags = spin_lock_irq(&tty->lock);
	struct abi_termios2 old = tty->termios;

	if (change->flush)
		input_flush_locked(tty);
	tty->termios = *to;
	input_modes_changed_locked(tty, old.c_lflag);
	if (!tty_iflag(tty, IXON))
		output_stop(tty, false);
	if (tty->ops->set_termios)
		tty->ops->set_termios(tty, (const struct abi_termios *)&old);
	spin_unlock_irq(&tty->lock, flags);
}
_Static_assert(offsetof(struct abi_termios2, c_cc) == offsetof(struct abi_termios, c_cc),
	       "one begins like the other");

static struct abi_termios2 termios_read(struct tty *tty)
{
	unsigned long flags = spin_lock_irq(&tty->lock);
	struct abi_termios2 termios = tty->termios;

	spin_unlock_irq(&tty->lock, flags);
	return termios;
}

static long termios_set(struct tty *tty, u64 argument, size_t size, struct change change)
{
	struct abi_termios2 to = termios_read(tty);
	int error = change_begin(tty, &change);

	if (error)
		return error;
	if (user_read(&to, user_ptr(argument), size))
		return -EFAULT;
	to.c_ospeed = baud_rate(to.c_cflag, to.c_ospeed);
	to.c_ispeed = baud_rate(to.c_cflag >> IBSHIFT, to.c_ispeed);
	if (!to.c_ispeed)
		to.c_ispeed = to.c_ospeed;
	change_apply(tty, &to, &change);
	return 0;
}

static long termios_get(struct tty *tty, u64 argument, size_t size)
{
	struct abi_termios2 termios = termios_read(tty);

	return user_write(user_ptr(argument), &termios, size);
}

long termios_ioctl(struct tty *tty, unsigned int command, u64 argument)
{
	switch (command) {
	case TCGETS:
		return termios_get(tty, argument, sizeof(struct abi_termios));
	case TCGETS2:
		return termios_get(tty, argument, sizeof(struct abi_termios2));
	case TCSETS:
	case TCSETSW:
	case TCSETSF:
		return termios_set(tty, argument, sizeof(struct abi_termios),
				   (struct change){ command != TCSETS, command == TCSETSF });
	case TCSETS2:
	case TCSETSW2:
	case TCSETSF2:
		return termios_set(tty, argument, sizeof(struct abi_termios2),
				   (struct change){ command != TCSETS2, command == TCSETSF2 });
	default:
		return -ENOTTY;
	}
}

static long flush(struct tty *tty, u64 what)
{
	int error = job_check(tty, SIGTTOU);
	unsigned long flags;

	if (error)
		return error;
	if (what > TCIOFLUSH)
		return -EINVAL;
	flags = spin_lock_irq(&tty->lock);
	if (what != TCOFLUSH)
		input_flush_locked(tty);
	if (what != TCIFLUSH && tty->ops->flush_output)
		tty->ops->flush_output(tty);
	spin_unlock_irq(&tty->lock, flags);
	if (!tty->is_pty) /* there, writers wait until the master reads */
		tty_write_wakeup(tty);
	return 0;
}

static void send_char(struct tty *tty, u8 c)
{
	if (c != TTY_CHAR_NONE)
		(void)tty->ops->write(tty, &c, 1);
}

/* What was stopped otherwise, TCOON does not let go on. */
static void hold(struct tty *tty, bool on)
{
	if (tty->held == on)
		return;
	tty->held = on;
	output_stop(tty, on);
}

static long flow(struct tty *tty, u64 what)
{
	int error = job_check(tty, SIGTTOU);
	unsigned long flags;

	if (error)
		return error;
	if (what > TCION)
		return -EINVAL;
	flags = spin_lock_irq(&tty->lock);
	if (what == TCIOFF || what == TCION)
		send_char(tty, tty_cc(tty, what == TCIOFF ? VSTOP : VSTART));
	else
		hold(tty, what == TCOOFF);
	spin_unlock_irq(&tty->lock, flags);
	return 0;
}

static long send_break(struct tty *tty, u64 argument)
{
	int error = job_check(tty, SIGTTOU);

	(void)argument; /* 0 asks for a break condition: nobody at the other end of our lines could tell */
	return error ? error : tty_drain(tty);
}

static long window_get(struct tty *tty, u64 argument)
{
	unsigned long flags = spin_lock_irq(&tty->lock);
	struct abi_winsize size = tty->winsize;

	spin_unlock_irq(&tty->lock, flags);
	return user_write(user_ptr(argument), &size, sizeof(size));
}

static long window_set(struct tty *tty, u64 argument)
{
	struct abi_winsize size;
	struct pid *group = NULL;
	unsigned long flags;

	if (user_read(&size, user_ptr(argument), sizeof(size)))
		return -EFAULT;
	flags = spin_lock_irq(&tty->lock);
	if (memcmp(&size, &tty->winsize, sizeof(size)) != 0) {
		tty->winsize = size;
		group = tty->group ? pid_get(tty->group) : NULL;
	}
	spin_unlock_irq(&tty->lock, flags);
	if (group)
		signal_kernel_group(group, SIGWINCH);
	pid_put(group);
	return 0;
}

static long input_count(struct tty *tty, u64 argument)
{
	unsigned long flags = spin_lock_irq(&tty->lock);
	u32 count = input_count_locked(tty);

	spin_unlock_irq(&tty->lock, flags);
	return user_write_u32(user_ptr(argument), count);
}

static long clocal_set(struct tty *tty, u64 argument)
{
	unsigned long flags;
	u32 on;

	if (user_read_u32(&on, user_ptr(argument)))
		return -EFAULT;
	flags = spin_lock_irq(&tty->lock);
	tty->termios.c_cflag = (tty->termios.c_cflag & ~(u32)CLOCAL) | (on ? CLOCAL : 0);
	spin_unlock_irq(&tty->lock, flags);
	return 0;
}

long tty_line_ioctl(struct tty *tty, unsigned int command, u64 argument)
{
	switch (command) {
	case TCFLSH:
		return flush(tty, argument);
	case TCXONC:
		return flow(tty, argument);
	case TCSBRK:
	case TCSBRKP:
		return send_break(tty, argument);
	case TIOCGWINSZ:
		return window_get(tty, argument);
	case TIOCSWINSZ:
		return window_set(tty, argument);
	case FIONREAD:
		return input_count(tty, argument);
	case TIOCOUTQ:
		return user_write_u32(user_ptr(argument), (u32)tty->ops->chars_in_buffer(tty));
	case TIOCEXCL:
	case TIOCNXCL:
		WRITE_ONCE(tty->exclusive, command == TIOCEXCL);
		return 0;
	case TIOCGEXCL:
		return user_write_u32(user_ptr(argument), READ_ONCE(tty->exclusive));
	case TIOCGETD:
		return user_write_u32(user_ptr(argument), N_TTY);
	case TIOCGSOFTCAR:
		return user_write_u32(user_ptr(argument), tty->termios.c_cflag & CLOCAL ? 1 : 0);
	case TIOCSSOFTCAR:
		return clocal_set(tty, argument);
	case TIOCMGET:
		return user_write_u32(user_ptr(argument),
				      TIOCM_DTR | TIOCM_RTS | TIOCM_CAR | TIOCM_DSR | TIOCM_CTS);
	case TIOCGDEV:
		return user_write_u32(user_ptr(argument), (u32)tty->node.number);
	case TIOCSTI:
		return -EIO; /* typing into somebody's terminal: off, as Linux allows to have it */
	default:
		return -ENOTTY;
	}
}

long tty_ioctl(struct file *file, unsigned int command, u64 argument)
{
	struct tty *tty = tty_file_of(file)->tty;
	long result;

	if (tty_is_hung_up(file))
		return command == TIOCSPGRP ? -ENOTTY : -EIO;
	result = job_ioctl(file, command, argument);
	if (result != -ENOIOCTL)
		return result;
	result = termios_ioctl(tty, command, argument);
	return result == -ENOTTY ? tty_line_ioctl(tty, command, argument) : result;
}
