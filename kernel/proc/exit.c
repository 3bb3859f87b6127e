/* How a task ends: it gives back what it holds, passes its children on, and tells its parent. */
#include <abi/errno.h>
#include <kernel/file.h>
#include <kernel/futex.h>
#include <kernel/namespaces.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/tty.h>
#include <kernel/vfs.h>
#include <kernel/vm.h>
#include <profile/check.h>

#include "internal.h"

void vfork_complete(struct task *task)
{
	struct completion *done;

	spin_lock(&task->lock);
	done = task->vfork_done;
	task->vfork_done = NULL;
	if (done)
		completion_signal(
			done); /* under the lock: a parent that gives up takes it before it forgets `done` */
	spin_unlock(&task->lock);
}

void task_mm_release(void)
{
	struct user_ptr tid = current->clear_child_tid;

	if (current->mm) {
		futex_exit_robust();
		/* Only if others still run there; a fault is theirs to notice. */
		if (tid.addr && ref_read(&current->mm->users) > 1 && !user_write_u32(tid, 0))
			futex_wake_address(tid);
	}
	current->clear_child_tid = user_ptr(0);
	vfork_complete(current);
}

/* From here on no signal is for this thread. Returns true for the last one of the process: its status is the process's. */
static bool exit_signals(int wait_status)
{
	struct process *process = current->process;
	struct sighand *sighand = current->sighand;
	unsigned long flags = spin_lock_irq(&sighand->lock);
	bool stopped = false, last;

	current->flags |= TASK_FLAG_EXITING;
	last = --process->thread_count == 0;
	if (!last) {
		signal_hand_over(~current->blocked);
	} else if (!(process->flags & PROCESS_GROUP_EXIT)) {
		process->flags |= PROCESS_GROUP_EXIT;
		process->exit_code = wait_status;
	}
	if (current->job_control & JOB_STOP_PENDING)
		stopped = signal_stop_participate();
	spin_unlock_irq(&sighand->lock, flags);
	if (stopped) {
		spin_lock(&tasklist_lock);
		signal_notify_parent_stop(process->leader, CLD_STOPPED);
		spin_unlock(&tasklist_lock);
	}
	return last;
}

static void exit_mm(void)
{
	struct process *process = current->process;
	struct mm *mm = current->mm;

	task_mm_release();
	if (!mm)
		return;
	process->rss_peak = MAX(process->rss_peak, mm->rss_peak);
	mm_activate(NULL);
	mm_put_user(mm);
}

static void exit_files(void)
{
	struct files *files = current->files;
	struct fs_context *fs = current->fs;
	struct namespaces *namespaces = current->namespaces;

	spin_lock(&current->lock);
	current->files = NULL;
	spin_unlock(&current->lock);
	if (files)
		files_put(files);
	task_work_run(); /* what closing put off may still need the rest */
	spin_lock(&current->lock);
	current->fs = NULL;
	current->namespaces = NULL;
	spin_unlock(&current->lock);
	if (fs)
		fs_context_put(fs);
	if (namespaces)
		namespaces_put(namespaces);
}

/* tasklist_lock held: who takes the children of a process whose last thread is gone. */
static struct task *reaper_find(const struct task *leader)
{
	struct pid *init;

	if (leader->process->has_subreaper) {
		for (struct task *up = leader->parent; up != &init_task; up = up->parent)
			if (up->process->is_subreaper && up->process->thread_count)
				return up;
	}
	init = pid_find(1);
	return init && pid_first(init, PID_PROCESS) ? pid_first(init, PID_PROCESS) : &init_task;
}

static void parent_death(struct task *thread)
{
	struct abi_siginfo info = { .si_signo = (int)thread->parent_death_signal,
				    .si_code = SI_USER };

	if (!info.si_signo)
		return;
	info.fields.rt.pid = current->tgid;
	info.fields.rt.uid = current->cred->uid;
	signal_send_process(thread, &info);
}

/* tasklist_lock held. Children that nobody will wait for go to `dead`. */
static void children_pass_on(struct task *leader, struct list *dead)
{
	struct task *reaper = reaper_find(leader), *child, *next, *thread;

	list_for_each_entry_safe (child, next, &leader->children, sibling) {
		list_for_each_entry (thread, &child->process->threads, thread_link) {
			rcu_assign(thread->parent, reaper);
			parent_death(thread);
		}
		rcu_assign(child->parent, reaper);
		list_move_tail(&child->sibling, &reaper->children);
		if (child->exit_signal >= 0)
			child->exit_signal = SIGCHLD;
		if (child->exit_state == TASK_ZOMBIE && process_is_empty(child) &&
		    parent_notify_exit(child, child->exit_signal)) {
			child->exit_state = TASK_DEAD;
			list_add_tail(&child->reap_link, dead);
		}
		group_orphan_check(child, leader);
	}
}

/* The task becomes a zombie; true: nobody waits for it, it reaps itself. */
static bool exit_announce(bool last)
{
	struct process *process = current->process;
	struct task *leader, *child, *next, *exec_task;
	struct list dead = LIST_INIT(dead);
	bool reap = true;

	spin_lock(&tasklist_lock);
	leader = process->leader;
	if (last) {
		children_pass_on(leader, &dead);
		group_orphan_check(leader, NULL);
	}
	current->exit_state = TASK_ZOMBIE;
	if (current == leader)
		reap = process_is_empty(leader) && parent_notify_exit(leader, leader->exit_signal);
	if (reap)
		current->exit_state = TASK_DEAD;
	exec_task = READ_ONCE(process->exec_task); /* it may give up meanwhile, but is not freed */
	if (exec_task)
		sched_wake(exec_task, TASK_KILLABLE);
	spin_unlock(&tasklist_lock);
	list_for_each_entry_safe (child, next, &dead, reap_link)
		task_reap(child);
	return reap;
}

void task_exit(int wait_status)
{
	struct process *process = current->process;
	bool last;

	check(!in_interrupt());
	last = exit_signals(wait_status);
	if (last && current->tgid == 1)
		panic("Attempted to kill init! exitcode=0x%08x", (unsigned int)process->exit_code);
	current->exit_code = wait_status;
	if (last) {
		itimers_exit(process);
		posix_timers_delete();
	}
	exit_mm();
	exit_files();
	if (last && process->session_leader)
		tty_disassociate(current, true);
	sched_exit(current);
	if (exit_announce(last))
		task_reap(current);
	sched_task_dead();
}

void task_exit_group(int wait_status)
{
	struct process *process = current->process;
	struct sighand *sighand = current->sighand;
	unsigned long flags = spin_lock_irq(&sighand->lock);

	if (process->flags & PROCESS_GROUP_EXIT) {
		wait_status = process->exit_code;
	} else if (process->exec_task) {
		wait_status = 0; /* another thread goes on as the process: this one just ends */
	} else {
		process->exit_code = wait_status;
		process->flags |= PROCESS_GROUP_EXIT;
		process->flags &= ~(PROCESS_STOPPED | PROCESS_CONTINUED);
		signal_kill_other_threads();
	}
	spin_unlock_irq(&sighand->lock, flags);
	task_exit(wait_status);
}
