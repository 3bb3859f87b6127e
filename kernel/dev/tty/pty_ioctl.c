/* The requests of a pseudo-terminal's master. What is about modes, window and groups is the slave's. */
#include "pty.h"

#include <abi/errno.h>
#include <abi/fcntl.h>
#include <abi/ioctl.h>
#include <kernel/pty.h>
#include <kernel/signal.h>
#include <lib/err.h>

void pty_packet_locked(struct pty *pty, u8 clear, u8 set)
{
	if (!pty->packet)
		return;
	pty->packet_status = (u8)((pty->packet_status & ~clear) | set);
	wait_wake_all(&pty->wait, READY_IN | POLLPRI);
}

static long lock_set(struct pty *pty, u64 argument)
{
	u32 on;

	if (user_read_u32(&on, user_ptr(argument)))
		return -EFAULT;
	WRITE_ONCE(pty->locked, on != 0);
	return 0;
}

static long packet_set(struct pty *pty, u64 argument)
{
	unsigned long flags;
	u32 on;

	if (user_read_u32(&on, user_ptr(argument)))
		return -EFAULT;
	flags = spin_lock_irq(&pty->slave->lock);
	if (on && !pty->packet)
		pty->packet_status = 0;
	pty->packet = on;
	spin_unlock_irq(&pty->slave->lock, flags);
	return 0;
}

static long signal_foreground(struct pty *pty, u64 signo)
{
	struct tty *tty = pty->slave;
	struct pid *group;
	unsigned long flags;

	if (signo != SIGINT && signo != SIGQUIT && signo != SIGTSTP)
		return -EINVAL;
	flags = spin_lock_irq(&tty->lock);
	group = tty->group ? pid_get(tty->group) : NULL;
	spin_unlock_irq(&tty->lock, flags);
	if (group)
		signal_kernel_group(group, (int)signo);
	pid_put(group);
	return 0;
}

static long peer_open(struct file *file, struct pty *pty, u64 flags)
{
	const struct path ptmx = { file->mount, file->dentry };

	return fd_install_new(devpts_open(&ptmx, pty->number, (u32)flags), flags & O_CLOEXEC);
}

static long unread_bytes(struct pty *pty, u64 argument)
{
	unsigned long flags = spin_lock_irq(&pty->slave->lock);
	u32 bytes = pty_arrived(pty);

	spin_unlock_irq(&pty->slave->lock, flags);
	return user_write_u32(user_ptr(argument), bytes);
}

/* Input is what the slave has sent, output what it has not taken. */
static long flush(struct pty *pty, u64 what)
{
	struct tty *tty = pty->slave;
	unsigned long flags;

	if (what > TCIOFLUSH)
		return -EINVAL;
	flags = spin_lock_irq(&tty->lock);
	if (what != TCOFLUSH)
		pty->ring.tail = pty->ring.head;
	if (what != TCIFLUSH) {
		tty->raw.tail = tty->raw.head;
		pty_packet_locked(pty, 0, TIOCPKT_FLUSHWRITE);
	}
	spin_unlock_irq(&tty->lock, flags);
	tty_write_wakeup(tty);
	return 0;
}

static long master_ioctl(struct file *file, struct pty *pty, unsigned int command, u64 argument)
{
	switch (command) {
	case TIOCGPTN:
		return user_write_u32(user_ptr(argument), (u32)pty->number);
	case TIOCSPTLCK:
		return lock_set(pty, argument);
	case TIOCGPTLCK:
		return user_write_u32(user_ptr(argument), READ_ONCE(pty->locked));
	case TIOCGPTPEER:
		return peer_open(file, pty, argument);
	case TIOCPKT:
		return packet_set(pty, argument);
	case TIOCGPKT:
		return user_write_u32(user_ptr(argument), READ_ONCE(pty->packet));
	case TIOCSIG:
		return signal_foreground(pty, argument);
	case FIONREAD:
		return unread_bytes(pty, argument);
	case TCFLSH:
		return flush(pty, argument);
	case TIOCOUTQ:
		return user_write_u32(user_ptr(argument), 0);
	case TIOCGDEV:
		return user_write_u32(user_ptr(argument), 5 << 8 | 2);
	case TIOCGWINSZ:
	case TIOCSWINSZ:
	case TIOCGETD:
		return tty_line_ioctl(pty->slave, command, argument);
	}
	return -ENOTTY;
}

long pty_master_ioctl(struct file *file, unsigned int command, u64 argument)
{
	struct pty *pty = pty_of(tty_file_of(file)->tty);
	long result = job_ioctl(file, command, argument);

	if (result != -ENOIOCTL)
		return result;
	result = termios_ioctl(pty->slave, command, argument);
	return result == -ENOTTY ? master_ioctl(file, pty, command, argument) : result;
}
