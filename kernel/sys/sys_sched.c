/* Priorities, policies, affinity. */
#include <abi/capability.h>
#include <abi/errno.h>
#include <abi/sched.h>
#include <kernel/sched.h>
#include <kernel/slab.h>
#include <kernel/syscall.h>
#include <lib/bitmap.h>

#define RT_PRIORITY_MAX 99

long sys_sched_yield(void)
{
	sched_yield_current();
	return 0;
}

/* 0: the running task. With a reference; NULL: none. */
static struct task *find_task(s32 pid)
{
	if (pid)
		return task_find_get(pid);
	task_get(current);
	return current;
}

static bool owns(struct task *task)
{
	struct cred *cred = task_cred_get(task);
	bool same = current->cred->euid == cred->euid || current->cred->euid == cred->uid;

	cred_put(cred);
	return same;
}

/* Whether the limit lets the owner go down to `nice`. */
static bool nice_allowed(const struct task *task, int nice)
{
	return (u64)(20 - nice) <= task_limit(task, RLIMIT_NICE) || capable(CAP_SYS_NICE);
}

static int set_nice(struct task *task, int nice)
{
	if (!owns(task) && !capable(CAP_SYS_NICE))
		return -EPERM;
	if (nice < task->sched.nice && !nice_allowed(task, nice))
		return -EACCES;
	return sched_set_nice(task, nice);
}

/*
 * Calls fn for the tasks that (which, who) names, with tasklist_lock held where there can be several. The best result: fn's
 * say `prefer` of two. -ESRCH: none, -EINVAL.
 */
struct priority_call {
	int (*fn)(struct task *task, int argument);
	int (*prefer)(int a, int b);
	int argument;
};

static bool has_uid(struct task *task, u32 uid)
{
	bool same;

	rcu_read_lock();
	same = rcu_dereference(task->cred)->uid == uid;
	rcu_read_unlock();
	return same;
}

static void priority_apply(const struct priority_call *call, struct task *task, int *result)
{
	int one = call->fn(task, call->argument);

	*result = *result == -ESRCH ? one : call->prefer(*result, one);
}

static int priority_group(const struct priority_call *call, int who)
{
	struct task *leader, *thread;
	struct pid *group;
	int result = -ESRCH;

	spin_lock(&tasklist_lock);
	group = who ? pid_find(who) : task_group(current);
	if (group)
		list_for_each_entry (leader, &group->tasks[PID_GROUP], pid_links[PID_GROUP])
			list_for_each_entry (thread, &leader->process->threads, thread_link)
				priority_apply(call, thread, &result);
	spin_unlock(&tasklist_lock);
	return result;
}

static int priority_user(const struct priority_call *call, u32 uid)
{
	struct pid *pid;
	int result = -ESRCH;

	for (s32 number = 1; (pid = pid_next_get(number)); number = pid->number + 1, pid_put(pid)) {
		struct task *task = task_find_get(pid->number);

		if (!task)
			continue;
		if (!(task->flags & TASK_FLAG_KERNEL) && has_uid(task, uid))
			priority_apply(call, task, &result);
		task_put(task);
	}
	return result;
}

static int priority_each(const struct priority_call *call, unsigned int which, int who)
{
	struct task *task;
	int result = -ESRCH;

	switch (which) {
	case PRIO_PROCESS:
		task = find_task(who);
		if (task) {
			result = call->fn(task, call->argument);
			task_put(task);
		}
		return result;
	case PRIO_PGRP:
		return priority_group(call, who);
	case PRIO_USER:
		return priority_user(call, who ? (u32)who : current->cred->uid);
	}
	return -EINVAL;
}

static int get_one(struct task *task, int argument __unused)
{
	return 20 - task->sched.nice;
}

static int larger(int a, int b)
{
	return MAX(a, b);
}

static int first_error(int a, int b)
{
	return a ? a : b;
}

long sys_getpriority(unsigned int which, int who)
{
	static const struct priority_call call = { .fn = get_one, .prefer = larger };

	if (which == PRIO_PROCESS && !who)
		return get_one(current, 0); /* nobody to be searched for, or held */
	return priority_each(&call, which, who);
}

long sys_setpriority(unsigned int which, int who, int priority)
{
	struct priority_call call = { .fn = set_nice, .prefer = first_error };

	call.argument = priority < NICE_MIN ? NICE_MIN : priority > NICE_MAX ? NICE_MAX : priority;
	return priority_each(&call, which, who);
}

static bool policy_is_rt(unsigned int policy)
{
	return policy == SCHED_FIFO || policy == SCHED_RR;
}

static bool policy_valid(unsigned int policy)
{
	return policy_is_rt(policy) || policy == SCHED_NORMAL || policy == SCHED_BATCH ||
	       policy == SCHED_IDLE;
}

static int policy_permitted(struct task *task, unsigned int policy, int priority)
{
	u64 limit = task_limit(task, RLIMIT_RTPRIO);

	if (capable(CAP_SYS_NICE))
		return 0;
	if (!owns(task))
		return -EPERM;
	if (policy_is_rt(policy) && ((policy != task->sched.policy && !limit) ||
				     (priority > task->sched.rt_priority && (u64)priority > limit)))
		return -EPERM;
	return 0;
}

/* `policy` -1: as it is. */
static long set_scheduler(s32 pid, int policy, struct user_ptr user_param)
{
	struct abi_sched_param param;
	struct task *task;
	long error;

	if (pid < 0 || !user_param.addr)
		return -EINVAL;
	if (user_read(&param, user_param, sizeof(param)))
		return -EFAULT;
	task = find_task(pid);
	if (!task)
		return -ESRCH;
	if (policy < 0)
		policy = task->sched.policy;
	policy &= ~SCHED_RESET_ON_FORK;
	if (!policy_valid((unsigned int)policy) || param.sched_priority < 0 ||
	    param.sched_priority > RT_PRIORITY_MAX ||
	    policy_is_rt((unsigned int)policy) != (param.sched_priority != 0))
		error = -EINVAL;
	else
		error = policy_permitted(task, (unsigned int)policy, param.sched_priority);
	if (!error)
		error = sched_set_policy(task, policy, param.sched_priority);
	task_put(task);
	return error;
}

long sys_sched_setparam(s32 pid, struct user_ptr param)
{
	return set_scheduler(pid, -1, param);
}

long sys_sched_setscheduler(s32 pid, unsigned int policy, struct user_ptr param)
{
	return (int)policy < 0 ? -EINVAL : set_scheduler(pid, (int)policy, param);
}

long sys_sched_getparam(s32 pid, struct user_ptr param)
{
	struct abi_sched_param value;
	struct task *task;

	if (pid < 0 || !param.addr)
		return -EINVAL;
	task = find_task(pid);
	if (!task)
		return -ESRCH;
	value.sched_priority = task->sched.rt_priority;
	task_put(task);
	return user_write(param, &value, sizeof(value));
}

long sys_sched_getscheduler(s32 pid)
{
	struct task *task;
	long policy;

	if (pid < 0)
		return -EINVAL;
	task = find_task(pid);
	if (!task)
		return -ESRCH;
	policy = task->sched.policy;
	task_put(task);
	return policy;
}

long sys_sched_get_priority_max(unsigned int policy)
{
	if (policy_is_rt(policy))
		return RT_PRIORITY_MAX;
	return policy_valid(policy) ? 0 : -EINVAL;
}

long sys_sched_get_priority_min(unsigned int policy)
{
	if (policy_is_rt(policy))
		return 1;
	return policy_valid(policy) ? 0 : -EINVAL;
}

long sys_sched_rr_get_interval(s32 pid, struct user_ptr interval)
{
	u64 ns = 0;
	struct task *task;

	if (pid < 0)
		return -EINVAL;
	task = find_task(pid);
	if (!task)
		return -ESRCH;
	if (task->sched.policy == SCHED_RR)
		ns = 100 * NSEC_PER_MSEC;
	else if (task->sched.policy != SCHED_FIFO)
		ns = 4 * NSEC_PER_MSEC;
	task_put(task);
	return timespec_to_user(interval, ns);
}

static size_t affinity_bytes(void)
{
	return BITMAP_WORDS(cpu_count()) * sizeof(unsigned long);
}

long sys_sched_setaffinity(s32 pid, size_t size, struct user_ptr mask)
{
	unsigned long *words = kzalloc(affinity_bytes());
	struct task *task = NULL;
	long error = -ENOMEM;

	if (!words)
		return error;
	error = user_read(words, mask, MIN(size, affinity_bytes()));
	if (error)
		goto free_words;
	error = -ESRCH;
	task = find_task(pid);
	if (!task)
		goto free_words;
	error = owns(task) || capable(CAP_SYS_NICE) ? sched_set_affinity(task, words) : -EPERM;
	task_put(task);
free_words:
	kfree(words);
	return error;
}

long sys_sched_getaffinity(s32 pid, size_t size, struct user_ptr mask)
{
	size_t bytes = MIN(size, affinity_bytes());
	unsigned long *words;
	struct task *task;
	long error;

	if (size * 8 < cpu_count() || size % sizeof(unsigned long))
		return -EINVAL;
	task = find_task(pid);
	if (!task)
		return -ESRCH;
	words = kzalloc(affinity_bytes());
	if (!words) {
		task_put(task);
		return -ENOMEM;
	}
	for (unsigned int cpu = 0; cpu < cpu_count(); cpu++)
		if (cpu_online(cpu) && bitmap_test(task->sched.affinity, cpu))
			bitmap_set(words, cpu);
	task_put(task);
	error = user_write(mask, words, bytes);
	kfree(words);
	return error ? error : (long)bytes;
}

long sys_getcpu(struct user_ptr cpu, struct user_ptr node, struct user_ptr unused __unused)
{
	if (cpu.addr && user_write_u32(cpu, this_cpu_number()))
		return -EFAULT;
	return node.addr ? user_write_u32(node, 0) : 0;
}
