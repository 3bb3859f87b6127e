/* The end of a task after its exit: the parent is told, and it leaves all lists. */
#include <abi/errno.h>
#include <abi/wait.h>
#include <kernel/poll.h>
#include <kernel/sched.h>
#include <kernel/slab.h>
#include <kernel/tty.h>

#include "internal.h"

bool process_is_empty(const struct task *leader)
{
	return leader->thread_link.next == &leader->process->threads &&
	       leader->thread_link.prev == &leader->process->threads;
}

/* A wait status in the form of SIGCHLD's siginfo. */
static void exit_info(struct abi_siginfo *info, const struct task *leader, int signo)
{
	const struct process *process = leader->process;
	int status = process->flags & PROCESS_GROUP_EXIT ? process->exit_code : leader->exit_code;
	u64 user, system;

	process_times(leader->process, &user, &system);
	*info = (struct abi_siginfo){ .si_signo = signo };
	info->fields.child.pid = leader->tgid;
	info->fields.child.uid = leader->cred->uid;
	info->fields.child.utime = (long)(user / (NSEC_PER_SEC / USER_HZ));
	info->fields.child.stime = (long)(system / (NSEC_PER_SEC / USER_HZ));
	info->si_code = status & 0x80 ? CLD_DUMPED : status & 0x7f ? CLD_KILLED : CLD_EXITED;
	info->fields.child.status = status & 0x7f ? status & 0x7f : (status >> 8) & 0xff;
}

bool parent_notify_exit(struct task *leader, int signo)
{
	struct task *parent = leader->parent;
	struct abi_siginfo info;
	bool unwanted = signo < 0;
	unsigned long flags;
	struct sighand *sighand;

	exit_info(&info, leader, signo);
	sighand = task_lock_sighand(parent, &flags);
	if (sighand) {
		const struct abi_sigaction *action = &sighand->actions[SIGCHLD - 1];

		if (signo == SIGCHLD &&
		    (action->handler == ABI_SIG_IGN || (action->flags & SA_NOCLDWAIT))) {
			unwanted = true;
			if (action->handler == ABI_SIG_IGN)
				signo = 0;
		}
		/* clone takes any number; one that is no signal tells nobody. */
		if (signo > 0 && signo <= ABI_NSIG)
			signal_send_locked(parent, &info, true);
		spin_unlock_irq(&sighand->lock, flags);
	}
	/* Also if nobody wants it: wait then finds no child. */
	wait_wake_all(&parent->process->child_wait, 0);
	wait_wake_all(&leader->process->pids[PID_PROCESS]->wait, READY_IN);
	return unwanted;
}

/* sighand->lock held. */
static void account_thread(struct process *process, struct task *task)
{
	u64 user, system;

	task_times(task, &user, &system);
	process->user_ns += user;
	process->system_ns += system;
	process->faults_minor += task->head.faults_minor;
	process->faults_major += task->faults_major;
	process->switches_voluntary += task->sched.switches_voluntary;
	process->switches_involuntary += task->sched.switches_involuntary;
	io_counts_add(&process->io, &task->io);
}

/* tasklist_lock held. Returns the handlers, whose reference is the caller's now. */
static struct sighand *task_unlink(struct task *task, struct tty **tty)
{
	struct process *process = task->process;
	struct sighand *sighand = task->sighand;
	bool leader = task == process->leader;
	unsigned long flags;

	pid_detach(task, PID_THREAD);
	flags = spin_lock_irq(&sighand->lock);
	account_thread(process, task);
	signal_timers_detach(&task->pending);
	list_del_init(&task->thread_link);
	rcu_assign(task->sighand, NULL);
	if (leader) {
		*tty = process->tty;
		process->tty = NULL;
	}
	if (process->exec_task)
		sched_wake(process->exec_task, TASK_KILLABLE);
	spin_unlock_irq(&sighand->lock, flags);
	if (leader) {
		for (enum pid_type type = PID_PROCESS; type < PID_TYPES; type++)
			pid_detach(task, type);
		list_del_init(&task->sibling);
		rcu_assign(process->leader, NULL);
	}
	atomic_dec(&task->cred->account->tasks);
	task_total--;
	return sighand;
}

/* Returns the leader if it was waiting for this thread only, and nobody waits for it. */
static struct task *reap_one(struct task *task)
{
	struct task *leader, *next = NULL;
	struct sighand *sighand;
	struct tty *tty = NULL;

	spin_lock(&tasklist_lock);
	leader = task->process->leader;
	sighand = task_unlink(task, &tty);
	if (task != leader && leader->exit_state == TASK_ZOMBIE && process_is_empty(leader) &&
	    parent_notify_exit(leader, leader->exit_signal)) {
		leader->exit_state = TASK_DEAD;
		next = leader;
	}
	spin_unlock(&tasklist_lock);
	signal_pending_flush(&task->pending);
	sighand_put(sighand);
	if (tty)
		tty_put(tty);
	task_put(task);
	return next;
}

void task_reap(struct task *task)
{
	while (task)
		task = reap_one(task);
}
