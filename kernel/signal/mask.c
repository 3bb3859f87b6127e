/* Which signals a task lets through, for good or for the time of one call. */
#include <abi/errno.h>

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
