/* Processes among each other: groups, sessions, who is orphaned, what they used. */
#include <abi/errno.h>
#include <kernel/sched.h>
#include <kernel/time.h>
#include <kernel/vm.h>

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

	pid_for_each(leader, group, PID_GROUP) {
		const struct task *parent = leader->parent;

		if (leader == ignored || (leader->exit_state && process_is_empty(leader)) || parent->tgid == 1)
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

	pid_for_each(leader, group, PID_GROUP)
		if (leader->process->flags & PROCESS_STOPPED)
			return true;
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
	pid_for_each(member, group, PID_GROUP) {
		signal_kernel(member, SIGHUP, true);
		signal_kernel(member, SIGCONT, true);
	}
}

static struct abi_timeval timeval_of_ns(u64 ns)
{
	return (struct abi_timeval){ (long)(ns / NSEC_PER_SEC), (long)(ns % NSEC_PER_SEC / NSEC_PER_USEC) };
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
	usage->minor += task->faults_minor;
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
	list_for_each_entry(thread, &process->threads, thread_link)
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
	} else if ((sighand = task_lock_sighand(process->leader, &flags))) {
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
