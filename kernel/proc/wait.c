/* Waiting for children to end, stop or continue. */
#include <abi/errno.h>
#include <abi/wait.h>
#include <kernel/sched.h>

#include "internal.h"

/* tasklist_lock held. */
static bool child_matches(const struct child_wait *wait, const struct task *child)
{
	if (wait->type == P_PID && child->pid != wait->id)
		return false;
	if (wait->type == P_PGID && task_group(child) != wait->id)
		return false;
	/* A "clone" child is one that does not send SIGCHLD. */
	return (wait->options & __WALL) ||
	       (child->exit_signal != SIGCHLD) == !!(wait->options & __WCLONE);
}

static void report(struct child_wait *wait, const struct task *child, int status, int code,
		   int code_status)
{
	wait->pid = child->tgid;
	wait->uid = child->cred->uid;
	wait->status = status;
	wait->code = code;
	wait->code_status = code_status;
	if (wait->usage)
		process_usage(child->process, RUSAGE_BOTH, wait->usage);
}

static void report_exit(struct child_wait *wait, const struct task *child)
{
	const struct process *process = child->process;
	int status = process->flags & PROCESS_GROUP_EXIT ? process->exit_code : child->exit_code;
	int signo = status & 0x7f;

	if (signo)
		report(wait, child, status, status & 0x80 ? CLD_DUMPED : CLD_KILLED, signo);
	else
		report(wait, child, status, CLD_EXITED, (status >> 8) & 0xff);
}

static bool take_stop(struct child_wait *wait, struct task *child)
{
	struct process *process = child->process;
	unsigned long flags;
	struct sighand *sighand;
	int signo = 0;

	if (!(wait->options & WUNTRACED) || !(process->flags & PROCESS_STOPPED))
		return false;
	sighand = task_lock_sighand(child, &flags);
	if (!sighand)
		return false;
	if (process->flags & PROCESS_STOPPED)
		signo = process->wait_code;
	if (!(wait->options & WNOWAIT))
		process->wait_code = 0;
	spin_unlock_irq(&sighand->lock, flags);
	if (signo)
		report(wait, child, ABI_WAIT_STOPPED(signo), CLD_STOPPED, signo);
	return signo;
}

static bool take_continue(struct child_wait *wait, struct task *child)
{
	struct process *process = child->process;
	unsigned long flags;
	struct sighand *sighand;
	bool continued;

	if (!(wait->options & WCONTINUED) || !(process->flags & PROCESS_CONTINUED))
		return false;
	sighand = task_lock_sighand(child, &flags);
	if (!sighand)
		return false;
	continued = process->flags & PROCESS_CONTINUED;
	if (!(wait->options & WNOWAIT))
		process->flags &= ~PROCESS_CONTINUED;
	spin_unlock_irq(&sighand->lock, flags);
	if (continued)
		report(wait, child, ABI_WAIT_CONTINUED, CLD_CONTINUED, SIGCONT);
	return continued;
}

/*
 * Looks at all children; tasklist_lock held. 1: one is reported, and *dead is it if it is to be reaped; 0: none yet;
 * -ECHILD: there is no such child.
 */
static int children_scan(struct child_wait *wait, struct task **dead)
{
	struct task *child;
	int result = -ECHILD;

	list_for_each_entry (child, &current->process->leader->children, sibling) {
		if (child->exit_state == TASK_DEAD || !child_matches(wait, child))
			continue;
		result = 0;
		if (child->exit_state == TASK_ZOMBIE && process_is_empty(child)) {
			if (!(wait->options & WEXITED))
				continue;
			report_exit(wait, child);
			if (!(wait->options & WNOWAIT)) {
				child->exit_state = TASK_DEAD; /* it is ours now */
				*dead = child;
			}
			return 1;
		}
		if (take_stop(wait, child) || take_continue(wait, child))
			return 1;
	}
	return result;
}

static int wait_once(struct child_wait *wait)
{
	struct task *dead = NULL;
	int result;

	/* An empty list can be seen without the lock: nobody is found in it then. */
	if (list_empty(&current->process->leader->children))
		return -ECHILD;
	spin_lock(&tasklist_lock);
	result = children_scan(wait, &dead);
	spin_unlock(&tasklist_lock);
	if (dead) {
		task_set_state(TASK_RUNNING);
		process_inherit_usage(dead->process);
		task_reap(dead);
	}
	return result;
}

long process_wait(struct child_wait *wait)
{
	struct wait_queue *queue = &current->process->child_wait;
	struct wait_entry entry;
	int result = wait_once(wait), interrupted = 0;

	if (result || (wait->options & WNOHANG))
		return result > 0 ? wait->pid : result;
	wait_entry_init(&entry);
	for (;;) {
		wait_prepare(queue, &entry, SLEEP_INTERRUPTIBLE);
		result = wait_once(wait);
		if (result)
			break;
		if (interrupted) {
			result = -ERESTARTSYS;
			break;
		}
		interrupted = wait_sleep(SLEEP_INTERRUPTIBLE, TIMEOUT_NEVER);
	}
	wait_finish(queue, &entry);
	return result > 0 ? wait->pid : result;
}
