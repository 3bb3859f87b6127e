/* Which signals a task lets through, for good or for the time of one call. */
#include <abi/errno.h>
#include <kernel/sched.h>

#include "internal.h"

void signal_set_mask(sigset_t mask)
{
	unsigned long flags;

	mask &= ~SIGNALS_KERNEL_ONLY;
	if (mask == current->blocked)
		return;
	flags = spin_lock_irq(&current->sighand->lock);
	/* What this thread was to take, and will not now, somebody else may. */
	if (signal_is_pending(current) && current->process->thread_count > 1)
		signal_hand_over(mask & ~current->blocked);
	current->blocked = mask;
	signal_recalculate(current);
	spin_unlock_irq(&current->sighand->lock, flags);
}

void signal_set_temporary_mask(sigset_t mask)
{
	current->saved_mask = current->blocked;
	current->flags |= TASK_FLAG_RESTORE_MASK;
	signal_set_mask(mask);
}

void signal_restore_mask(void)
{
	if (!(current->flags & TASK_FLAG_RESTORE_MASK))
		return;
	current->flags &= ~TASK_FLAG_RESTORE_MASK;
	signal_set_mask(current->saved_mask);
}

int signal_user_mask(struct user_ptr set, size_t size, sigset_t *mask)
{
	if (size != sizeof(*mask))
		return -EINVAL;
	return user_read_u64(mask, set);
}

/* sighand->lock held: the mask to `mask` while waiting, and back. */
static void mask_swap(sigset_t mask, sigset_t real)
{
	current->real_blocked = real;
	current->blocked = mask;
	signal_recalculate(current);
}

int signal_wait(sigset_t mask, u64 deadline_ns, struct abi_siginfo *info)
{
	struct spinlock *lock = &current->sighand->lock;
	unsigned long flags;
	sigset_t before;
	int signo, slept;

	mask &= ~SIGNALS_KERNEL_ONLY;
	flags = spin_lock_irq(lock);
	signo = signal_dequeue(current, mask, info);
	if (signo || clock_ns() >= deadline_ns) {
		spin_unlock_irq(lock, flags);
		return signo ? signo : -EAGAIN;
	}
	/* Meanwhile they are let through, so that they wake this thread; real_blocked says that they end nothing. */
	before = current->blocked;
	mask_swap(before & ~mask, before);
	spin_unlock_irq(lock, flags);
	task_set_state(TASK_INTERRUPTIBLE);
	slept = wait_sleep(SLEEP_INTERRUPTIBLE, deadline_ns);
	flags = spin_lock_irq(lock);
	mask_swap(before, 0);
	signo = signal_dequeue(current, mask, info);
	spin_unlock_irq(lock, flags);
	if (signo)
		return signo;
	return slept == -ETIMEDOUT ? -EAGAIN : -EINTR;
}
