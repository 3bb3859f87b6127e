/*
 * signalfd. It holds a mask only: whoever reads or polls it asks for signals of his own.
 *
 * A poll waits on the poller's handlers, which an epoll may outlive: their last reference tells it (POLLFREE).
 */
#include <abi/errno.h>
#include <abi/fcntl.h>
#include <abi/poll.h>
#include <kernel/io_iter.h>
#include <kernel/sched.h>
#include <kernel/seq_file.h>
#include <kernel/signalfd.h>
#include <kernel/slab.h>
#include <lib/err.h>

#include "internal.h"

struct signalfd {
	sigset_t mask; /* [A] */
};

static bool has_signal(sigset_t mask)
{
	unsigned long flags = spin_lock_irq(&current->sighand->lock);
	sigset_t pending = current->pending.set | current->process->shared_pending.set;

	spin_unlock_irq(&current->sighand->lock, flags);
	return pending & mask;
}

static int take(sigset_t mask, struct abi_siginfo *info)
{
	unsigned long flags = spin_lock_irq(&current->sighand->lock);
	int signo = signal_dequeue(current, mask, info);

	spin_unlock_irq(&current->sighand->lock, flags);
	return signo;
}

/* What a signal's siginfo has besides number and code depends on where it came from. */
static void fill_sent(struct abi_signalfd_siginfo *to, const struct abi_siginfo *info)
{
	if (info->si_code == SI_TIMER) {
		to->ssi_tid = (u32)info->fields.timer.tid;
		to->ssi_overrun = (u32)info->fields.timer.overrun;
		to->ssi_ptr = (u64)info->fields.timer.value.sival_ptr;
		to->ssi_int = info->fields.timer.value.sival_int;
		return;
	}
	to->ssi_pid = (u32)info->fields.rt.pid;
	to->ssi_uid = info->fields.rt.uid;
	if (info->si_code < 0 && info->si_code != SI_TKILL) {
		to->ssi_ptr = (u64)info->fields.rt.value.sival_ptr;
		to->ssi_int = info->fields.rt.value.sival_int;
	}
}

static void fill_by_number(struct abi_signalfd_siginfo *to, const struct abi_siginfo *info)
{
	if (info->si_signo == SIGCHLD) {
		to->ssi_pid = (u32)info->fields.child.pid;
		to->ssi_uid = info->fields.child.uid;
		to->ssi_status = info->fields.child.status;
		to->ssi_utime = (u64)info->fields.child.utime;
		to->ssi_stime = (u64)info->fields.child.stime;
	} else if (sigset_of(info->si_signo) & SIGNALS_SYNCHRONOUS) {
		to->ssi_addr = info->fields.fault.addr;
	} else {
		to->ssi_band = (u32)info->fields.poll.band;
		to->ssi_fd = info->fields.poll.fd;
	}
}

static struct abi_signalfd_siginfo info_of(const struct abi_siginfo *info)
{
	struct abi_signalfd_siginfo to = { .ssi_signo = (u32)info->si_signo,
					   .ssi_errno = info->si_errno,
					   .ssi_code = info->si_code };

	if (info->si_code <= 0 || info->si_code == SI_KERNEL)
		fill_sent(&to, info);
	else
		fill_by_number(&to, info);
	return to;
}

/* Waits for the first one: its number, or -errno. */
static int take_first(struct signalfd *signalfd, bool no_wait, struct abi_siginfo *info)
{
	int signo;

	while (!(signo = take(READ_ONCE(signalfd->mask), info))) {
		if (no_wait)
			return -EAGAIN;
		if (wait_event_interruptible(&current->sighand->signalfd_wait,
					     has_signal(READ_ONCE(signalfd->mask))))
			return -ERESTARTSYS;
	}
	return signo;
}

static ssize_t signalfd_read(struct file *file, struct io_iter *iter, u64 *position)
{
	struct signalfd *signalfd = file->private_data;
	struct abi_siginfo info;
	ssize_t done = 0;
	int signo;

	(void)position;
	if (iter->left < sizeof(struct abi_signalfd_siginfo))
		return -EINVAL;
	signo = take_first(signalfd, iter->no_wait, &info);
	while (signo > 0) {
		struct abi_signalfd_siginfo out = info_of(&info);

		if (io_iter_write(iter, &out, sizeof(out)) != sizeof(out))
			return done ? done : -EFAULT;
		done += (ssize_t)sizeof(out);
		if (iter->left < sizeof(out))
			break;
		signo = take(READ_ONCE(signalfd->mask), &info);
	}
	return done ? done : signo;
}

static u32 signalfd_poll(struct file *file, struct poll_table *table)
{
	struct signalfd *signalfd = file->private_data;

	poll_wait(file, &current->sighand->signalfd_wait, table);
	return has_signal(READ_ONCE(signalfd->mask)) ? POLLIN : 0;
}

static void signalfd_show_fdinfo(struct file *file, struct seq_file *out)
{
	struct signalfd *signalfd = file->private_data;

	seq_printf(out, "sigmask:\t%016llx\n", (unsigned long long)READ_ONCE(signalfd->mask));
}

static void signalfd_release(struct file *file)
{
	kfree(file->private_data);
}

static const struct file_ops signalfd_ops = {
	.read = signalfd_read,
	.poll = signalfd_poll,
	.seek = file_seek_none,
	.release = signalfd_release,
	.show_fdinfo = signalfd_show_fdinfo,
	.name = "anon_inode:[signalfd]",
};

struct file *signalfd_create(sigset_t mask, u32 flags)
{
	struct signalfd *signalfd = kzalloc(sizeof(*signalfd));
	struct file *file;

	if (!signalfd)
		return ERR_PTR(-ENOMEM);
	signalfd->mask = mask & ~SIGNALS_KERNEL_ONLY;
	file = file_alloc_anonymous(&signalfd_ops, O_RDWR | (flags & O_NONBLOCK), signalfd);
	if (IS_ERR(file))
		kfree(signalfd);
	return file;
}

int signalfd_change(struct file *file, sigset_t mask)
{
	struct signalfd *signalfd = file->private_data;

	if (file->ops != &signalfd_ops)
		return -EINVAL;
	WRITE_ONCE(signalfd->mask, mask & ~SIGNALS_KERNEL_ONLY);
	wait_wake_all(&current->sighand->signalfd_wait, 0);
	return 0;
}
