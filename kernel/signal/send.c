/* Sending signals: is it wanted, is there room, who of the process takes it. */
#include <abi/errno.h>
#include <kernel/pid.h>
#include <kernel/sched.h>
#include <lib/string.h>

#include "internal.h"

bool signal_is_pending(const struct task *task)
{
	return READ_ONCE(task->head.work) & WORK_SIGNAL;
}

bool signal_is_fatal_pending(const struct task *task)
{
	return signal_is_pending(task) && ((READ_ONCE(task->pending.set) & sigset_of(SIGKILL)) ||
					   (READ_ONCE(task->process->flags) & PROCESS_GROUP_EXIT));
}

static bool has_work(const struct task *task)
{
	return (task->job_control & JOB_STOP_PENDING) ||
	       ((task->pending.set | task->process->shared_pending.set) & ~task->blocked) ||
	       (task->process->flags & (PROCESS_NOTIFY_STOPPED | PROCESS_NOTIFY_CONTINUED));
}

void signal_recalculate(struct task *task)
{
	/* Only the task itself takes the flag back: it may be on its way out of a call that saw it. */
	if (has_work(task))
		task_set_work(task, WORK_SIGNAL);
	else if (task == current)
		task_clear_work(task, WORK_SIGNAL);
}

bool signal_recalculate_pending(void)
{
	signal_recalculate(current);
	return signal_is_pending(current);
}

void signal_wake(struct task *task, bool fatal)
{
	task_set_work(task, WORK_SIGNAL);
	sched_wake(task, fatal ? TASK_INTERRUPTIBLE | TASK_KILLABLE | TASK_STOPPED | TASK_TRACED
			       : TASK_INTERRUPTIBLE);
}

static bool handler_ignores(const struct task *task, int signo)
{
	u64 handler = sighand_action(task->sighand, signo)->handler;

	return handler == ABI_SIG_IGN ||
	       (handler == ABI_SIG_DFL && (sigset_of(signo) & SIGNALS_IGNORE));
}

/* `forced`: from the kernel itself, which may kill init. */
static bool is_ignored(const struct task *task, int signo, bool forced)
{
	sigset_t bit = sigset_of(signo);

	if (task->flags & TASK_FLAG_KERNEL)
		return true;
	/* Blocked: who knows what the handler will be once it is not. */
	if ((task->blocked | task->real_blocked) & bit)
		return false;
	if ((task->process->flags & PROCESS_UNKILLABLE) &&
	    sighand_action(task->sighand, signo)->handler == ABI_SIG_DFL &&
	    !(forced && (bit & SIGNALS_KERNEL_ONLY)))
		return true;
	return handler_ignores(task, signo);
}

static bool wants(const struct task *task, int signo)
{
	if ((task->blocked & sigset_of(signo)) || (task->flags & TASK_FLAG_EXITING))
		return false;
	if (signo == SIGKILL)
		return true;
	if (READ_ONCE(task->state) & (TASK_STOPPED | TASK_TRACED))
		return false;
	return READ_ONCE(task->sched.on_cpu) || !signal_is_pending(task);
}

static struct task *choose_thread(struct task *task, int signo, bool whole_process)
{
	struct task *thread;

	if (wants(task, signo))
		return task;
	if (!whole_process)
		return NULL;
	list_for_each_entry (thread, &task->process->threads, thread_link)
		if (wants(thread, signo))
			return thread;
	return NULL;
}

/* Ends the process whoever takes it, and needs no handler first: no need to wait until somebody takes it. */
static bool is_fatal(const struct task *task, int signo)
{
	sigset_t bit = sigset_of(signo);

	if (signo == SIGKILL)
		return true;
	return sighand_action(task->sighand, signo)->handler == ABI_SIG_DFL &&
	       !(bit & (SIGNALS_IGNORE | SIGNALS_STOP)) && !(task->real_blocked & bit) &&
	       !(task->process->flags & PROCESS_UNKILLABLE);
}

static void kill_process(struct process *process, int signo)
{
	struct task *thread;

	process->flags |= PROCESS_GROUP_EXIT;
	process->flags &= ~(PROCESS_STOPPED | PROCESS_CONTINUED);
	process->exit_code = signo;
	process->stop_count = 0;
	list_for_each_entry (thread, &process->threads, thread_link) {
		thread->job_control &= ~(JOB_STOP_PENDING | JOB_STOP_COUNTED);
		thread->pending.set |= sigset_of(SIGKILL);
		signal_wake(thread, true);
	}
}

/* A signal was added to the pending ones: somebody is to take it. */
static void announce(struct task *task, int signo, bool whole_process)
{
	struct task *thread;

	wait_wake_all(&task->sighand->signalfd_wait, 0);
	thread = choose_thread(task, signo, whole_process);
	if (!thread)
		return;
	if (is_fatal(thread, signo))
		kill_process(task->process, signo);
	else
		signal_wake(thread, false);
}

static int send(struct task *task, const struct abi_siginfo *info, bool whole_process, bool forced)
{
	struct process *process = task->process;
	struct signal_pending *pending = whole_process ? &process->shared_pending : &task->pending;
	int signo = info->si_signo, error;

	if ((process->flags & PROCESS_GROUP_EXIT) || task->flags & TASK_FLAG_KERNEL)
		return 0;
	signal_cancel_opposite(task, signo);
	if (is_ignored(task, signo, forced))
		return 0;
	if (signo < SIGRTMIN && (pending->set & sigset_of(signo)))
		return 0; /* one of a kind */
	error = pending_add(pending, task, info);
	if (error)
		return error;
	announce(task, signo, whole_process);
	return 0;
}

bool signal_send_timer(struct task *task, struct signal_queued *entry, bool whole_process)
{
	struct signal_pending *pending = whole_process ? &task->process->shared_pending
						       : &task->pending;
	int signo = entry->info.si_signo;

	if (task->process->flags & PROCESS_GROUP_EXIT)
		return true;
	signal_cancel_opposite(task, signo);
	if (is_ignored(task, signo, false))
		return false;
	if (!list_empty(&entry->link))
		return true;
	list_add_tail(&entry->link, &pending->queue);
	pending->set |= sigset_of(signo);
	announce(task, signo, whole_process);
	return true;
}

int signal_send_locked(struct task *task, const struct abi_siginfo *info, bool whole_process)
{
	return send(task, info, whole_process, false);
}

static int lock_and_send(struct task *task, const struct abi_siginfo *info, bool whole_process,
			 bool forced)
{
	unsigned long flags;
	struct sighand *sighand = task_lock_sighand(task, &flags);
	int error;

	if (!sighand)
		return -ESRCH;
	error = send(task, info, whole_process, forced);
	spin_unlock_irq(&sighand->lock, flags);
	return error;
}

int signal_send_task(struct task *task, const struct abi_siginfo *info)
{
	return lock_and_send(task, info, false, false);
}

int signal_send_process(struct task *task, const struct abi_siginfo *info)
{
	return lock_and_send(task, info, true, false);
}

int signal_send_group(struct pid *group, const struct abi_siginfo *info)
{
	struct task *leader;
	int result = -ESRCH, error;

	spin_lock(&tasklist_lock);
	list_for_each_entry (leader, &group->tasks[PID_GROUP], pid_links[PID_GROUP]) {
		error = signal_send_process(leader, info);
		if (result)
			result = error;
	}
	spin_unlock(&tasklist_lock);
	return result;
}

void signal_kernel(struct task *task, int signo, bool whole_process)
{
	struct abi_siginfo info = { .si_signo = signo, .si_code = SI_KERNEL };

	lock_and_send(task, &info, whole_process, true);
}

void signal_kernel_group(struct pid *group, int signo)
{
	struct abi_siginfo info = { .si_signo = signo, .si_code = SI_KERNEL };

	signal_send_group(group, &info);
}

void signal_force_kill(struct task *task)
{
	signal_kernel(task, SIGKILL, true);
}

unsigned int signal_kill_other_threads(void)
{
	struct task *thread;
	unsigned int count = 0;

	list_for_each_entry (thread, &current->process->threads, thread_link) {
		if (thread == current || thread->exit_state)
			continue;
		thread->job_control &= ~(JOB_STOP_PENDING | JOB_STOP_COUNTED);
		thread->pending.set |= sigset_of(SIGKILL);
		signal_wake(thread, true);
		count++;
	}
	return count;
}

void signal_hand_over(sigset_t signals)
{
	struct task *thread;

	signals &= current->process->shared_pending.set;
	list_for_each_entry (thread, &current->process->threads, thread_link) {
		if (!signals)
			return;
		if (thread == current || (thread->flags & TASK_FLAG_EXITING) ||
		    !(signals & ~thread->blocked))
			continue;
		signals &= thread->blocked;
		if (!signal_is_pending(thread))
			signal_wake(thread, false);
	}
}
