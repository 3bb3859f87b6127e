/* Job control: which session a terminal belongs to, which of its groups is in the foreground, and what others get. */
#include "internal.h"

#include <abi/capability.h>
#include <abi/errno.h>
#include <abi/ioctl.h>
#include <kernel/sched.h>
#include <kernel/vfs.h>

/* --- The two ends: process->tty under its sighand lock, tty->session and group under tty->lock ------------------------ */

struct tty *job_current_tty(void)
{
	struct sighand *sighand;
	unsigned long flags;
	struct tty *tty = NULL;

	sighand = task_lock_sighand(current, &flags);
	if (!sighand)
		return NULL;
	if (current->process->tty)
		tty = tty_get(current->process->tty);
	spin_unlock_irq(&sighand->lock, flags);
	return tty;
}

/* Of any process: what it had is dropped. `tty` NULL: none. */
static void process_set_tty(struct task *task, struct tty *tty)
{
	struct tty *old = NULL;
	struct sighand *sighand;
	unsigned long flags;

	sighand = task_lock_sighand(task, &flags);
	if (!sighand)
		return;
	old = task->process->tty;
	task->process->tty = tty ? tty_get(tty) : NULL;
	spin_unlock_irq(&sighand->lock, flags);
	tty_put(old);
}

/* References of the running task's group and session. */
static struct pid *own_pid(enum pid_type type)
{
	struct pid *pid;

	spin_lock(&tasklist_lock);
	pid = pid_get(current->process->pids[type]);
	spin_unlock(&tasklist_lock);
	return pid;
}

static struct pid *group_get(struct tty *tty)
{
	unsigned long flags = spin_lock_irq(&tty->lock);
	struct pid *group = tty->group ? pid_get(tty->group) : NULL;

	spin_unlock_irq(&tty->lock, flags);
	return group;
}

/* Takes over the references. */
static void owner_set(struct tty *tty, struct pid *session, struct pid *group)
{
	unsigned long flags = spin_lock_irq(&tty->lock);
	struct pid *old_session = tty->session, *old_group = tty->group;

	tty->session = session;
	tty->group = group;
	spin_unlock_irq(&tty->lock, flags);
	pid_put(old_session);
	pid_put(old_group);
}

static bool is_own_tty(struct tty *tty)
{
	struct tty *own = job_current_tty();

	tty_put(own);
	return own == tty;
}

int tty_foreground_group(struct tty *tty)
{
	struct pid *group = group_get(tty);
	int number = group ? pid_number(group) : -1;

	pid_put(group);
	return number;
}

/* --- Background processes ------------------------------------------------------------------------------------------------ */

static bool signal_is_ignored(int signo)
{
	struct sighand *sighand;
	unsigned long flags;
	bool ignored;

	sighand = task_lock_sighand(current, &flags);
	if (!sighand)
		return true;
	ignored = (current->blocked & sigset_of(signo)) ||
		  sighand->actions[signo - 1].handler == ABI_SIG_IGN;
	spin_unlock_irq(&sighand->lock, flags);
	return ignored;
}

static int background(struct pid *own, int signo)
{
	if (signal_is_ignored(signo))
		return signo == SIGTTIN ? -EIO : 0;
	if (current_group_orphaned())
		return -EIO;
	signal_kernel_group(own, signo);
	return -ERESTARTSYS;
}

int job_check(struct tty *tty, int signo)
{
	struct pid *own, *group;
	int result = 0;

	if (!is_own_tty(tty))
		return 0;
	own = own_pid(PID_GROUP);
	group = group_get(tty);
	if (group && group != own)
		result = background(own, signo);
	pid_put(group);
	pid_put(own);
	return result;
}

/* --- Getting and losing a terminal -------------------------------------------------------------------------------------- */

/* Every process of the session loses `tty`. */
static void session_clear(struct pid *session, struct tty *tty)
{
	struct task *task;

	spin_lock(&tasklist_lock);
	list_for_each_entry (task, &session->tasks[PID_SESSION], pid_links[PID_SESSION])
		if (READ_ONCE(task->process->tty) == tty)
			process_set_tty(task, NULL);
	spin_unlock(&tasklist_lock);
}

/* The running task, a session leader, takes the terminal. */
static void tty_take(struct tty *tty)
{
	owner_set(tty, own_pid(PID_SESSION), own_pid(PID_GROUP));
	process_set_tty(current, tty);
}

/* Claims a terminal that is nobody's: false if it has a session. */
static bool tty_claim(struct tty *tty)
{
	struct pid *session = own_pid(PID_SESSION), *group = own_pid(PID_GROUP);
	unsigned long flags = spin_lock_irq(&tty->lock);
	bool is_free = !tty->session;

	if (is_free) {
		tty->session = session;
		tty->group = group;
	}
	spin_unlock_irq(&tty->lock, flags);
	if (is_free) {
		process_set_tty(current, tty);
		return true;
	}
	pid_put(session);
	pid_put(group);
	return false;
}

int job_open(struct tty *tty)
{
	if (!current->process->session_leader || current->process->tty)
		return -EPERM;
	return tty_claim(tty) ? 0 : -EPERM;
}

static void signal_group(struct pid *group, bool and_continue)
{
	if (!group)
		return;
	signal_kernel_group(group, SIGHUP);
	if (and_continue)
		signal_kernel_group(group, SIGCONT);
}

void tty_disassociate(struct task *task, bool leader_exits)
{
	struct tty *tty = job_current_tty();
	struct pid *session, *group;

	if (!tty)
		return;
	if (!task->process->session_leader) {
		process_set_tty(task, NULL);
		tty_put(tty);
		return;
	}
	session = own_pid(PID_SESSION);
	group = group_get(tty);
	/* A pseudo-terminal lives on: its master decides. */
	if (leader_exits && !tty->is_pty)
		tty_hangup(tty);
	signal_group(group, !leader_exits);
	if (tty->session == session)
		owner_set(tty, NULL, NULL);
	session_clear(session, tty);
	pid_put(group);
	pid_put(session);
	tty_put(tty);
}

static void leaders_signal(struct pid *session)
{
	struct task *task;

	spin_lock(&tasklist_lock);
	list_for_each_entry (task, &session->tasks[PID_SESSION], pid_links[PID_SESSION])
		if (task->process->session_leader) {
			signal_kernel(task, SIGHUP, true);
			signal_kernel(task, SIGCONT, true);
		}
	spin_unlock(&tasklist_lock);
}

void tty_vhangup(struct tty *tty)
{
	struct pid *session;
	unsigned long flags;

	flags = spin_lock_irq(&tty->lock);
	session = tty->session ? pid_get(tty->session) : NULL;
	spin_unlock_irq(&tty->lock, flags);
	tty_hangup(tty);
	if (session) {
		owner_set(tty, NULL, NULL);
		session_clear(session, tty);
		leaders_signal(session);
	}
	pid_put(session);
}

void tty_hangup_current(void)
{
	struct tty *tty = job_current_tty();

	if (tty)
		tty_vhangup(tty);
	tty_put(tty);
}

/* --- Requests ------------------------------------------------------------------------------------------------------------- */

static long controlling_set(struct file *file, u64 steal)
{
	struct tty *tty = tty_file_of(file)->tty;
	struct pid *session = own_pid(PID_SESSION), *old;
	bool leader = current->process->session_leader, mine = leader && tty->session == session;

	pid_put(session);
	if (mine)
		return 0;
	if (!leader || current->process->tty)
		return -EPERM;
	if (!(file->mode & FILE_READ) && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (tty_claim(tty))
		return 0;
	if (steal != 1 || !capable(CAP_SYS_ADMIN))
		return -EPERM;
	{
		unsigned long flags = spin_lock_irq(&tty->lock);

		old = tty->session ? pid_get(tty->session) : NULL;
		spin_unlock_irq(&tty->lock, flags);
	}
	if (old)
		session_clear(old, tty);
	pid_put(old);
	tty_take(tty);
	return 0;
}

static long controlling_drop(struct tty *tty)
{
	if (!is_own_tty(tty))
		return -ENOTTY;
	tty_disassociate(current, false);
	return 0;
}

/* The session of a group's first member, or of the process of that number. tasklist_lock held. */
static struct pid *session_of_group(const struct pid *group)
{
	if (!list_empty(&group->tasks[PID_GROUP]))
		return task_session(list_first_entry(&group->tasks[PID_GROUP], struct task,
						     pid_links[PID_GROUP]));
	if (!list_empty(&group->tasks[PID_THREAD]))
		return task_session(list_first_entry(&group->tasks[PID_THREAD], struct task,
						     pid_links[PID_THREAD]));
	return NULL;
}

static int group_change(struct tty *tty, struct pid *group)
{
	unsigned long flags;
	struct pid *session, *old = NULL;
	int error = 0;

	spin_lock(&tasklist_lock);
	session = task_session(current);
	if (session_of_group(group) != session)
		error = -EPERM;
	flags = spin_lock_irq(&tty->lock);
	if (tty->session != session)
		error = -ENOTTY;
	if (!error) {
		old = tty->group;
		tty->group = pid_get(group);
	}
	spin_unlock_irq(&tty->lock, flags);
	spin_unlock(&tasklist_lock);
	pid_put(old);
	return error;
}

static long group_set(struct tty *tty, u64 argument)
{
	int error = job_check(tty, SIGTTOU);
	struct pid *group;
	u32 number;

	if (error)
		return error == -EIO ? -ENOTTY : error;
	if (user_read_u32(&number, user_ptr(argument)))
		return -EFAULT;
	if ((s32)number < 0)
		return -EINVAL;
	if (!is_own_tty(tty))
		return -ENOTTY;
	group = pid_find_get((s32)number);
	if (!group)
		return -ESRCH;
	error = group_change(tty, group);
	pid_put(group);
	return error;
}

/* Only the master of a pseudo-terminal may ask about a terminal that is not its own. */
static bool may_ask(const struct file *file)
{
	return tty_file_of(file)->is_master || is_own_tty(tty_file_of(file)->tty);
}

static long group_read(const struct file *file, u64 argument)
{
	struct tty *tty = tty_file_of(file)->tty;
	struct pid *group;
	u32 number;

	if (!may_ask(file))
		return -ENOTTY;
	group = group_get(tty);
	number = group ? (u32)pid_number(group) : 0;
	pid_put(group);
	return user_write_u32(user_ptr(argument), number);
}

static long session_read(const struct file *file, u64 argument)
{
	struct tty *tty = tty_file_of(file)->tty;
	unsigned long flags;
	u32 number;

	if (!may_ask(file))
		return -ENOTTY;
	flags = spin_lock_irq(&tty->lock);
	number = tty->session ? (u32)pid_number(tty->session) : 0;
	spin_unlock_irq(&tty->lock, flags);
	return number ? user_write_u32(user_ptr(argument), number) : -ENOTTY;
}

long job_ioctl(struct file *file, unsigned int command, u64 argument)
{
	struct tty *tty = tty_file_of(file)->tty;

	switch (command) {
	case TIOCSCTTY:
		return controlling_set(file, argument);
	case TIOCNOTTY:
		return tty_file_of(file)->is_master ? -ENOTTY : controlling_drop(tty);
	case TIOCGPGRP:
		return group_read(file, argument);
	case TIOCSPGRP:
		return group_set(tty, argument);
	case TIOCGSID:
		return session_read(file, argument);
	default:
		return -ENOIOCTL;
	}
}
