/* Processes among each other: groups, sessions, who is orphaned, what they used. */
#include <abi/errno.h>
#include <kernel/sched.h>
#include <kernel/time.h>
#include <kernel/tty.h>
#include <kernel/vm.h>
#include <lib/err.h>

#include "internal.h"

void pid_attach(struct task *task, enum pid_type type, struct pid *pid)
{
	list_add_tail(&AT(task->pid_links, type), &AT(pid->tasks, type));
}

/* Readers under RCU look at the first of a list only, so a moved link leads nobody astray. */
void pid_detach(struct task *task, enum pid_type type)
{
	list_del_init(&AT(task->pid_links, type));
}

struct task *pid_first(const struct pid *pid, enum pid_type type)
{
	const struct list *head = &AT(pid->tasks, type);
	struct list *first = READ_ONCE(head->next);

	return first == head ? NULL : container_of(first - type, struct task, pid_links[0]);
}

void process_move(struct process *process, enum pid_type type, struct pid *pid)
{
	struct pid *old = AT(process->pids, type);

	pid_detach(process->leader, type);
	rcu_assign(AT(process->pids, type), pid_get(pid));
	pid_attach(process->leader, type, pid);
	pid_put(old);
}

bool group_is_orphaned(struct pid *group, const struct task *ignored)
{
	struct task *leader;

	pid_for_each(leader, group, PID_GROUP)
	{
		const struct task *parent = leader->parent;

		if (leader == ignored || (leader->exit_state && process_is_empty(leader)) ||
		    parent->tgid == 1)
			continue;
		if (task_group(parent) != group && task_session(parent) == task_session(leader))
			return false;
	}
	return true;
}

bool current_group_orphaned(void)
{
	bool orphaned;

	spin_lock(&tasklist_lock);
	orphaned = group_is_orphaned(task_group(current), NULL);
	spin_unlock(&tasklist_lock);
	return orphaned;
}

static bool group_has_stopped(struct pid *group)
{
	struct task *leader;

	pid_for_each(leader, group,
		     PID_GROUP) if (leader->process->flags & PROCESS_STOPPED) return true;
	return false;
}

void group_orphan_check(struct task *leader, struct task *parent)
{
	struct pid *group = task_group(leader);
	struct task *ignored = NULL, *member;

	/* The leader itself goes, or its parent does. */
	if (!parent) {
		parent = leader->parent;
		ignored = leader;
	}
	if (task_group(parent) == group || task_session(parent) != task_session(leader))
		return;
	if (!group_is_orphaned(group, ignored) || !group_has_stopped(group))
		return;
	pid_for_each(member, group, PID_GROUP)
	{
		signal_kernel(member, SIGHUP, true);
		signal_kernel(member, SIGCONT, true);
	}
}

static struct abi_timeval timeval_of_ns(u64 ns)
{
	return (struct abi_timeval){ (long)(ns / NSEC_PER_SEC),
				     (long)(ns % NSEC_PER_SEC / NSEC_PER_USEC) };
}

struct usage {
	u64 user_ns, system_ns, minor, major, voluntary, involuntary;
	long rss_peak;
};

static void usage_add_thread(struct usage *usage, struct task *task)
{
	u64 user, system;

	task_times(task, &user, &system);
	usage->user_ns += user;
	usage->system_ns += system;
	usage->minor += task->head.faults_minor;
	usage->major += task->faults_major;
	usage->voluntary += task->sched.switches_voluntary;
	usage->involuntary += task->sched.switches_involuntary;
}

static void usage_to_user_form(const struct usage *usage, struct abi_rusage *to)
{
	*to = (struct abi_rusage){
		.ru_utime = timeval_of_ns(usage->user_ns),
		.ru_stime = timeval_of_ns(usage->system_ns),
		.ru_maxrss = usage->rss_peak * (PAGE_SIZE / 1024),
		.ru_minflt = (long)usage->minor,
		.ru_majflt = (long)usage->major,
		.ru_nvcsw = (long)usage->voluntary,
		.ru_nivcsw = (long)usage->involuntary,
	};
}

static void usage_add_self(struct usage *usage, struct process *process)
{
	struct task *thread;

	usage->user_ns += process->user_ns;
	usage->system_ns += process->system_ns;
	usage->minor += process->faults_minor;
	usage->major += process->faults_major;
	usage->voluntary += process->switches_voluntary;
	usage->involuntary += process->switches_involuntary;
	usage->rss_peak = MAX(usage->rss_peak, process->rss_peak);
	list_for_each_entry (thread, &process->threads, thread_link)
		usage_add_thread(usage, thread);
}

static void usage_add_children(struct usage *usage, const struct process *process)
{
	usage->user_ns += process->children_user_ns;
	usage->system_ns += process->children_system_ns;
	usage->minor += process->children_faults_minor;
	usage->major += process->children_faults_major;
	usage->voluntary += process->children_switches_voluntary;
	usage->involuntary += process->children_switches_involuntary;
	usage->rss_peak = MAX(usage->rss_peak, process->children_rss_peak);
}

void process_usage(struct process *process, int who, struct abi_rusage *usage)
{
	struct usage sum = { 0 };
	unsigned long flags;
	struct sighand *sighand;

	if (who == RUSAGE_THREAD) {
		usage_add_thread(&sum, current);
		sum.rss_peak = process->rss_peak;
	} else if ((sighand = process_lock_sighand(process, &flags))) {
		if (who != RUSAGE_CHILDREN)
			usage_add_self(&sum, process);
		if (who != RUSAGE_SELF)
			usage_add_children(&sum, process);
		spin_unlock_irq(&sighand->lock, flags);
	}
	if (who != RUSAGE_CHILDREN && current->process == process && current->mm)
		sum.rss_peak = MAX(sum.rss_peak, current->mm->rss_peak);
	usage_to_user_form(&sum, usage);
}

void process_io_locked(const struct process *process, struct io_counts *sum)
{
	const struct task *thread;

	*sum = process->io;
	list_for_each_entry (thread, &process->threads, thread_link)
		io_counts_add(sum, &thread->io);
}

void process_inherit_usage(struct process *child)
{
	struct process *process = current->process;
	struct io_counts io = { 0 };
	struct usage sum = { 0 };
	unsigned long flags;
	struct sighand *sighand = process_lock_sighand(child, &flags);

	if (sighand) {
		usage_add_self(&sum, child);
		usage_add_children(&sum, child);
		process_io_locked(child, &io);
		spin_unlock_irq(&sighand->lock, flags);
	}
	flags = spin_lock_irq(&current->sighand->lock);
	process->children_user_ns += sum.user_ns;
	process->children_system_ns += sum.system_ns;
	process->children_faults_minor += sum.minor;
	process->children_faults_major += sum.major;
	process->children_switches_voluntary += sum.voluntary;
	process->children_switches_involuntary += sum.involuntary;
	process->children_rss_peak = MAX(process->children_rss_peak, sum.rss_peak);
	io_counts_add(&process->io, &io);
	spin_unlock_irq(&current->sighand->lock, flags);
}

/* tasklist_lock held: the process that setpgid is about, or -errno. */
static struct task *group_change_target(s32 number)
{
	struct pid *pid = pid_find(number);
	struct task *target = pid ? pid_first(pid, PID_THREAD) : NULL;

	if (!target)
		return ERR_PTR(-ESRCH);
	if (target != target->process->leader)
		return ERR_PTR(-EINVAL);
	if (target->parent == current->process->leader) {
		if (task_session(target) != task_session(current))
			return ERR_PTR(-EPERM);
		if (!(target->flags & TASK_FLAG_FORK_NO_EXEC))
			return ERR_PTR(-EACCES);
	} else if (target != current->process->leader) {
		return ERR_PTR(-ESRCH);
	}
	return target->process->session_leader ? ERR_PTR(-EPERM) : target;
}

/* tasklist_lock held. */
static long group_change(s32 number, s32 group)
{
	struct task *target = group_change_target(number), *member;
	struct pid *pid;

	if (IS_ERR(target))
		return PTR_ERR(target);
	pid = pid_find(group);
	if (group != number) {
		member = pid ? pid_first(pid, PID_GROUP) : NULL;
		if (!member || task_session(member) != task_session(current))
			return -EPERM;
	}
	if (task_group(target) != pid)
		process_move(target->process, PID_GROUP, pid);
	return 0;
}

long process_set_group(s32 pid, s32 group)
{
	long result;

	if (!pid)
		pid = current->tgid;
	if (!group)
		group = pid;
	if (group < 0)
		return -EINVAL;
	spin_lock(&tasklist_lock);
	result = group_change(pid, group);
	spin_unlock(&tasklist_lock);
	return result;
}

long process_new_session(void)
{
	struct process *process = current->process;
	struct tty *tty = NULL;
	long result = -EPERM;
	unsigned long flags;

	spin_lock(&tasklist_lock);
	if (!process->session_leader && !pid_first(process->leader->pid, PID_GROUP)) {
		process->session_leader = true;
		process_move(process, PID_SESSION, process->leader->pid);
		process_move(process, PID_GROUP, process->leader->pid);
		flags = spin_lock_irq(&current->sighand->lock);
		tty = process->tty;
		process->tty = NULL;
		spin_unlock_irq(&current->sighand->lock, flags);
		result = process->leader->tid;
	}
	spin_unlock(&tasklist_lock);
	if (tty)
		tty_put(tty);
	return result;
}
