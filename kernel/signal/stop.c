/* Job control: a stop signal stops all threads of a process, SIGCONT lets them go on, and the parent hears of both. */
#include <kernel/sched.h>

#include "internal.h"

static void pending_remove_all(struct process *process, sigset_t set)
{
	struct task *thread;

	pending_remove(&process->shared_pending, set);
	list_for_each_entry (thread, &process->threads, thread_link)
		pending_remove(&thread->pending, set);
}

static void continue_process(struct process *process)
{
	struct task *thread;
	u32 notify = 0;

	pending_remove_all(process, SIGNALS_STOP);
	list_for_each_entry (thread, &process->threads, thread_link) {
		thread->job_control &= ~(JOB_STOP_PENDING | JOB_STOP_COUNTED | JOB_STOP_DEQUEUED);
		sched_wake(thread, TASK_STOPPED);
	}
	/* Told by the first thread that runs, in its own context: the sender may be in an interrupt. */
	if (process->flags & PROCESS_STOPPED)
		notify = PROCESS_NOTIFY_CONTINUED;
	else if (process->stop_count)
		notify = PROCESS_NOTIFY_STOPPED;
	if (notify) {
		process->flags &=
			~(PROCESS_STOPPED | PROCESS_NOTIFY_STOPPED | PROCESS_NOTIFY_CONTINUED);
		process->flags |= PROCESS_CONTINUED | notify;
		process->stop_count = 0;
		process->wait_code = 0;
		list_for_each_entry (thread, &process->threads, thread_link)
			task_set_work(thread, WORK_SIGNAL);
	}
}

void signal_cancel_opposite(struct task *task, int signo)
{
	struct process *process = task->process;

	if (sigset_of(signo) & SIGNALS_STOP)
		pending_remove_all(process, sigset_of(SIGCONT));
	else if (signo == SIGCONT)
		continue_process(process);
}

bool signal_stop_participate(void)
{
	struct process *process = current->process;
	bool counted = current->job_control & JOB_STOP_COUNTED;

	current->job_control &= ~(JOB_STOP_PENDING | JOB_STOP_COUNTED);
	if (!counted || --process->stop_count)
		return false;
	if (process->flags & PROCESS_STOPPED)
		return false;
	process->flags &= ~PROCESS_CONTINUED;
	process->flags |= PROCESS_STOPPED;
	process->wait_code = process->stop_signal;
	return true;
}

/* Asks every thread that can still stop to do so. */
static void stop_begin(struct process *process, int signo)
{
	struct task *thread;

	process->stop_signal = signo;
	process->stop_count = 0;
	list_for_each_entry (thread, &process->threads, thread_link) {
		if ((thread->flags & TASK_FLAG_EXITING) || (READ_ONCE(thread->state) & TASK_STOPPED))
			continue;
		thread->job_control |= JOB_STOP_PENDING | JOB_STOP_COUNTED;
		process->stop_count++;
		if (thread != current)
			signal_wake(thread, false);
	}
}

bool signal_stop(int signo, unsigned long flags)
{
	struct process *process = current->process;
	bool notify;

	if (!(current->job_control & JOB_STOP_PENDING)) {
		/* SIGCONT came after the stop signal was taken, or the process is ending. */
		if (!signo || !(current->job_control & JOB_STOP_DEQUEUED) ||
		    (process->flags & PROCESS_GROUP_EXIT) || process->exec_task)
			return false;
		stop_begin(process, signo);
	}
	current->job_control &= ~JOB_STOP_DEQUEUED;
	notify = signal_stop_participate();
	task_set_state(TASK_STOPPED);
	spin_unlock_irq(&current->sighand->lock, flags);
	if (notify) {
		spin_lock(&tasklist_lock);
		signal_notify_parent_stop(process->leader, CLD_STOPPED);
		spin_unlock(&tasklist_lock);
	}
	schedule();
	task_set_state(TASK_RUNNING);
	return true;
}

void signal_notify_parent_stop(struct task *leader, int code)
{
	struct task *parent = leader->parent;
	struct abi_siginfo info = { .si_signo = SIGCHLD, .si_code = code };
	unsigned long flags;
	struct sighand *sighand;
	u64 user, system;

	process_times(leader->process, &user, &system);
	info.fields.child.pid = leader->tgid;
	info.fields.child.uid = leader->cred->uid;
	info.fields.child.utime = (long)(user / (NSEC_PER_SEC / USER_HZ));
	info.fields.child.stime = (long)(system / (NSEC_PER_SEC / USER_HZ));
	info.fields.child.status = code == CLD_CONTINUED ? SIGCONT : leader->process->stop_signal;
	sighand = task_lock_sighand(parent, &flags);
	if (sighand) {
		const struct abi_sigaction *action = sighand_action(sighand, SIGCHLD);

		if (action->handler != ABI_SIG_IGN && !(action->flags & SA_NOCLDSTOP))
			signal_send_locked(parent, &info, true);
		spin_unlock_irq(&sighand->lock, flags);
	}
	wait_wake_all(&parent->process->child_wait, 0);
}

bool signal_report_stop(unsigned long flags)
{
	struct process *process = current->process;
	u32 notify = process->flags & (PROCESS_NOTIFY_STOPPED | PROCESS_NOTIFY_CONTINUED);

	if (!notify)
		return false;
	process->flags &= ~(PROCESS_NOTIFY_STOPPED | PROCESS_NOTIFY_CONTINUED);
	spin_unlock_irq(&current->sighand->lock, flags);
	spin_lock(&tasklist_lock);
	signal_notify_parent_stop(process->leader,
				  notify & PROCESS_NOTIFY_CONTINUED ? CLD_CONTINUED : CLD_STOPPED);
	spin_unlock(&tasklist_lock);
	return true;
}
