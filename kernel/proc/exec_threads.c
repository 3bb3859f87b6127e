/* execve leaves one thread, and that one is the leader: the others are killed, and the caller takes the leader's identity. */
#include <abi/errno.h>
#include <kernel/sched.h>

#include "internal.h"

/* tasklist_lock and sighand->lock held. Only the caller is left, beside a leader that has exited. */
static bool others_gone(struct process *process)
{
	struct task *thread;

	list_for_each_entry (thread, &process->threads, thread_link)
		if (thread != current &&
		    (thread != process->leader || thread->exit_state != TASK_ZOMBIE))
			return false;
	return true;
}

static bool others_gone_now(struct process *process)
{
	unsigned long flags;
	bool gone;

	spin_lock(&tasklist_lock);
	flags = spin_lock_irq(&current->sighand->lock);
	gone = others_gone(process);
	spin_unlock_irq(&current->sighand->lock, flags);
	spin_unlock(&tasklist_lock);
	return gone;
}

static int wait_for_others(struct process *process)
{
	int error = 0;

	for (;;) {
		task_set_state(TASK_KILLABLE);
		if (others_gone_now(process))
			break;
		if (signal_is_fatal_pending(current)) {
			error = -EAGAIN;
			break;
		}
		schedule();
	}
	task_set_state(TASK_RUNNING);
	return error;
}

static void swap_numbers(struct task *leader)
{
	struct pid *pid = current->pid;
	s32 tid = current->tid;

	pid_detach(current, PID_THREAD);
	pid_detach(leader, PID_THREAD);
	current->pid = leader->pid;
	WRITE_ONCE(current->tid, leader->tid);
	leader->pid = pid;
	WRITE_ONCE(leader->tid, tid);
	pid_attach(current, PID_THREAD, current->pid);
	pid_attach(leader, PID_THREAD, leader->pid);
}

/* tasklist_lock held. */
static void take_family(struct task *leader)
{
	struct task *child, *thread;

	for (enum pid_type type = PID_PROCESS; type < PID_TYPES; type++) {
		pid_detach(leader, type);
		pid_attach(current, type, AT(current->process->pids, type));
	}
	list_add_tail(&current->sibling, &leader->sibling);
	list_del_init(&leader->sibling);
	list_splice_tail_init(&leader->children, &current->children);
	list_for_each_entry (child, &current->children, sibling)
		list_for_each_entry (thread, &child->process->threads, thread_link)
			rcu_assign(thread->parent, current);
	current->exit_signal = SIGCHLD;
	leader->exit_signal = -1;
	leader->exit_state = TASK_DEAD;
	current->start_ns = leader->start_ns;
	rcu_assign(current->process->leader, current);
}

/* The leader has exited; its place, number and children become the caller's. */
static void become_leader(void)
{
	struct task *leader = current->process->leader;

	spin_lock(&tasklist_lock);
	swap_numbers(leader);
	take_family(leader);
	spin_unlock(&tasklist_lock);
	task_reap(leader);
}

int exec_kill_threads(void)
{
	struct process *process = current->process;
	struct sighand *sighand = current->sighand;
	unsigned long flags;
	int error = 0;

	flags = spin_lock_irq(&sighand->lock);
	if ((process->flags & PROCESS_GROUP_EXIT) || process->exec_task) {
		error = -EAGAIN;
	} else if (process->threads.next != process->threads.prev) {
		process->exec_task = current;
		process->stop_count = 0;
		signal_kill_other_threads();
	}
	spin_unlock_irq(&sighand->lock, flags);
	if (error || !process->exec_task)
		return error;
	error = wait_for_others(process);
	if (!error && process->leader != current)
		become_leader();
	flags = spin_lock_irq(&sighand->lock);
	process->exec_task = NULL;
	spin_unlock_irq(&sighand->lock, flags);
	return error;
}
