/* Handlers, masks, waiting for signals. */
#include <abi/errno.h>
#include <kernel/sched.h>
#include <kernel/syscall.h>
#include <kernel/time.h>
#include <platform/trap.h>

long sys_rt_sigaction(int signo, struct user_ptr action, struct user_ptr old_action, size_t set_size)
{
	struct abi_sigaction new, old;
	int error;

	if (set_size != sizeof(sigset_t))
		return -EINVAL;
	if (action.addr && user_read(&new, action, sizeof(new)))
		return -EFAULT;
	error = signal_action(signo, action.addr ? &new : NULL, &old);
	if (error)
		return error;
	return old_action.addr ? user_write(old_action, &old, sizeof(old)) : 0;
}

long sys_rt_sigprocmask(unsigned int how, struct user_ptr set, struct user_ptr old_set,
			size_t set_size)
{
	sigset_t old = current->blocked, mask;

	if (set_size != sizeof(mask))
		return -EINVAL;
	if (set.addr) {
		if (user_read_u64(&mask, set))
			return -EFAULT;
		switch (how) {
		case SIG_BLOCK:
			mask |= old;
			break;
		case SIG_UNBLOCK:
			mask = old & ~mask;
			break;
		case SIG_SETMASK:
			break;
		default:
			return -EINVAL;
		}
		signal_set_mask(mask);
	}
	return old_set.addr ? user_write_u64(old_set, old) : 0;
}

long sys_rt_sigreturn(void)
{
	return signal_return(task_user_frame(&current->head));
}

long sys_rt_sigpending(struct user_ptr set, size_t set_size)
{
	unsigned long flags;
	sigset_t pending;

	if (set_size > sizeof(pending))
		return -EINVAL;
	flags = spin_lock_irq(&current->sighand->lock);
	pending = (current->pending.set | current->process->shared_pending.set) & current->blocked;
	spin_unlock_irq(&current->sighand->lock, flags);
	return user_write(set, &pending, set_size);
}

/* Until a signal that is not blocked is there. */
static void sleep_for_signal(void)
{
	while (!signal_is_pending(current)) {
		task_set_state(TASK_INTERRUPTIBLE);
		(void)wait_sleep(SLEEP_INTERRUPTIBLE, TIMEOUT_NEVER);
	}
}

long sys_pause(void)
{
	sleep_for_signal();
	return -ERESTARTNOHAND;
}

long sys_rt_sigsuspend(struct user_ptr mask, size_t set_size)
{
	sigset_t set;
	int error = signal_user_mask(mask, set_size, &set);

	if (error)
		return error;
	signal_set_temporary_mask(set);
	sleep_for_signal();
	return -ERESTARTNOHAND;
}

long sys_rt_sigtimedwait(struct user_ptr set, struct user_ptr info, struct user_ptr timeout,
			 size_t set_size)
{
	struct abi_siginfo taken;
	u64 deadline = TIMEOUT_NEVER, ns;
	sigset_t mask;
	int error = signal_user_mask(set, set_size, &mask), signo;

	if (error)
		return error;
	if (timeout.addr) {
		error = timespec_from_user(&ns, timeout);
		if (error)
			return error;
		deadline = deadline_after(ns);
	}
	signo = signal_wait(mask, deadline, &taken);
	if (signo > 0 && info.addr && user_write(info, &taken, sizeof(taken)))
		return -EFAULT;
	return signo;
}

long sys_sigaltstack(struct user_ptr stack, struct user_ptr old_stack)
{
	return signal_altstack(stack, old_stack, task_user_frame(&current->head)->rsp);
}

long sys_restart_syscall(void)
{
	long (*fn)(struct restart_block * restart) = current->restart.fn;

	return fn ? fn(&current->restart) : -EINTR;
}
