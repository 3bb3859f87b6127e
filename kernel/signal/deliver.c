/* Taking signals on the way to user mode: default actions, handlers, restart of the interrupted system call. */
#include <abi/errno.h>
#include <abi/syscall_nr.h>
#include <kernel/sched.h>
#include <platform/trap.h>

#include "internal.h"

/* Length of the syscall instruction, which is run again. */
#define SYSCALL_SIZE 2

enum taken { TAKEN_NONE, TAKEN_HANDLER, TAKEN_AGAIN, TAKEN_FATAL };

/* A signal without a handler; the lock is released unless the result is NONE: then it is held, and the next one is taken. */
static enum taken default_action(int signo, unsigned long flags)
{
	struct sighand *sighand = current->sighand;
	sigset_t bit = sigset_of(signo);

	if (bit & SIGNALS_IGNORE)
		return TAKEN_NONE;
	if ((current->process->flags & PROCESS_UNKILLABLE) && !(bit & SIGNALS_KERNEL_ONLY))
		return TAKEN_NONE;
	if (!(bit & SIGNALS_STOP)) {
		spin_unlock_irq(&sighand->lock, flags);
		return TAKEN_FATAL;
	}
	if (signo != SIGSTOP) {
		/* A group that nobody could continue is not stopped from the terminal. tasklist_lock comes first. */
		bool orphaned;

		spin_unlock_irq(&sighand->lock, flags);
		orphaned = current_group_orphaned();
		flags = spin_lock_irq(&sighand->lock);
		if (orphaned) {
			spin_unlock_irq(&sighand->lock, flags);
			return TAKEN_AGAIN;
		}
	}
	if (!signal_stop(signo, flags))
		spin_unlock_irq(&sighand->lock, flags);
	return TAKEN_AGAIN;
}

/* One round; the lock is held, and is released on return. */
static enum taken take_locked(struct signal_delivery *delivery, unsigned long flags)
{
	struct sighand *sighand = current->sighand;
	struct process *process = current->process;

	if (signal_report_stop(flags))
		return TAKEN_AGAIN;
	if ((process->flags & PROCESS_GROUP_EXIT) ||
	    (process->exec_task && process->exec_task != current)) {
		delivery->signo = SIGKILL;
		spin_unlock_irq(&sighand->lock, flags);
		return TAKEN_FATAL;
	}
	if ((current->job_control & JOB_STOP_PENDING) && signal_stop(0, flags))
		return TAKEN_AGAIN;
	for (;;) {
		struct abi_sigaction *action;
		enum taken taken;

		delivery->signo = signal_dequeue(current, ~current->blocked, &delivery->info);
		if (!delivery->signo)
			break;
		action = sighand_action(sighand, delivery->signo);
		if (action->handler == ABI_SIG_IGN)
			continue;
		if (action->handler != ABI_SIG_DFL) {
			delivery->action = *action;
			if (action->flags & SA_RESETHAND)
				action->handler = ABI_SIG_DFL;
			spin_unlock_irq(&sighand->lock, flags);
			return TAKEN_HANDLER;
		}
		taken = default_action(delivery->signo, flags);
		if (taken != TAKEN_NONE)
			return taken;
	}
	spin_unlock_irq(&sighand->lock, flags);
	return TAKEN_NONE;
}

/* True: delivery has a signal with a handler. Does not return if one ends the process. */
static bool take(struct signal_delivery *delivery)
{
	enum taken taken;

	do {
		taken = take_locked(delivery, spin_lock_irq(&current->sighand->lock));
	} while (taken == TAKEN_AGAIN);
	if (taken == TAKEN_FATAL)
		task_exit_group(delivery->signo);
	return taken == TAKEN_HANDLER;
}

static bool in_syscall(const struct trap_frame *frame)
{
	return (s64)frame->orig_rax >= 0;
}

static void restart(struct trap_frame *frame, u64 number)
{
	frame->rax = number;
	frame->rip -= SYSCALL_SIZE;
}

/* The call was interrupted, and no handler runs. */
static void restart_plain(struct trap_frame *frame)
{
	switch ((s64)frame->rax) {
	case -ERESTARTSYS:
	case -ERESTARTNOINTR:
	case -ERESTARTNOHAND:
		restart(frame, frame->orig_rax);
		break;
	case -ERESTART_RESTARTBLOCK:
		restart(frame, __NR_restart_syscall);
		break;
	}
}

/* The call was interrupted by a signal that has a handler. */
static void restart_after_handler(struct trap_frame *frame, const struct abi_sigaction *action)
{
	switch ((s64)frame->rax) {
	case -ERESTARTNOINTR:
		restart(frame, frame->orig_rax);
		break;
	case -ERESTARTSYS:
		if (action->flags & SA_RESTART) {
			restart(frame, frame->orig_rax);
			break;
		}
		frame->rax = (u64)-EINTR;
		break;
	case -ERESTARTNOHAND:
	case -ERESTART_RESTARTBLOCK:
		frame->rax = (u64)-EINTR;
		break;
	}
}

static void run_handler(struct signal_delivery *delivery, struct trap_frame *frame)
{
	bool saved = current->flags & TASK_FLAG_RESTORE_MASK;
	sigset_t mask = saved ? current->saved_mask : current->blocked;

	if (in_syscall(frame))
		restart_after_handler(frame, &delivery->action);
	if (signal_frame_make(delivery, frame, mask)) {
		/* No stack for the handler of SIGSEGV itself: nothing is left to try. */
		if (delivery->signo == SIGSEGV)
			sighand_action(current->sighand, SIGSEGV)->handler = ABI_SIG_DFL;
		signal_fault(SIGSEGV, SI_KERNEL, 0);
		return;
	}
	current->flags &= ~TASK_FLAG_RESTORE_MASK;
	mask = current->blocked | delivery->action.mask.bits;
	if (!(delivery->action.flags & SA_NODEFER))
		mask |= sigset_of(delivery->signo);
	signal_set_mask(mask);
}

void signal_deliver(struct trap_frame *frame)
{
	struct signal_delivery delivery;

	if (take(&delivery)) {
		run_handler(&delivery, frame);
		return;
	}
	if (in_syscall(frame))
		restart_plain(frame);
	signal_restore_mask();
}

#define VECTOR_PAGE_FAULT 14

/* A signal frame shows the CPU's error code (SDM vol. 3, 4.7). */
void signal_note_page_fault(u32 fault)
{
	current->fault_error =
		fault & (TRAP_FAULT_PRESENT | TRAP_FAULT_WRITE | TRAP_FAULT_USER | TRAP_FAULT_EXEC);
}

/* What the CPU calls it, for the signal frame. */
static u32 fault_vector(int signo, int code)
{
	switch (signo) {
	case SIGFPE:
		return code == FPE_INTDIV ? 0 : 16;
	case SIGTRAP:
		return code == TRAP_BRKPT || code == SI_KERNEL ? 3 : 1;
	case SIGILL:
		return 6;
	case SIGBUS:
		return code == BUS_ADRALN ? 17 : VECTOR_PAGE_FAULT;
	case SIGSEGV:
		return code == SI_KERNEL ? 13 : VECTOR_PAGE_FAULT;
	}
	return 0;
}

void signal_fault(int signo, int code, u64 address)
{
	struct abi_siginfo info = { .si_signo = signo, .si_code = code };
	unsigned long flags = spin_lock_irq(&current->sighand->lock);
	struct abi_sigaction *action = sighand_action(current->sighand, signo);
	sigset_t bit = sigset_of(signo);

	info.fields.fault.addr = address;
	current->fault_address = address;
	current->fault_vector = fault_vector(signo, code);
	if (current->fault_vector != VECTOR_PAGE_FAULT)
		current->fault_error = 0;
	/* Ignored or blocked, the same instruction would fault for ever. */
	if (action->handler == ABI_SIG_IGN || (current->blocked & bit)) {
		action->handler = ABI_SIG_DFL;
		current->blocked &= ~bit;
	}
	if (action->handler == ABI_SIG_DFL)
		current->process->flags &= ~PROCESS_UNKILLABLE;
	signal_send_locked(current, &info, false);
	signal_recalculate(current);
	spin_unlock_irq(&current->sighand->lock, flags);
}
