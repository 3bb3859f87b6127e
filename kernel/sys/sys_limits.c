/* Limits, and what was used. */
#include <abi/capability.h>
#include <abi/errno.h>
#include <kernel/sched.h>
#include <kernel/syscall.h>

#define FILES_MAX 1048576 /* the largest RLIMIT_NOFILE */

static bool may_change_limits_of(struct task *task)
{
	const struct cred *mine = current->cred;
	struct cred *cred;
	bool allowed;

	if (task->process == current->process)
		return true;
	cred = task_cred_get(task);
	allowed = mine->uid == cred->euid && mine->uid == cred->suid && mine->uid == cred->uid &&
		  mine->gid == cred->egid && mine->gid == cred->sgid && mine->gid == cred->gid;
	cred_put(cred);
	return allowed || capable(CAP_SYS_RESOURCE);
}

/* Reads the old limit into *old, then sets *new unless that is NULL. */
static int exchange(struct task *task, unsigned int resource, const struct abi_rlimit *new,
		    struct abi_rlimit *old)
{
	struct process *process = task->process;
	struct abi_rlimit *limit;
	int error = 0;

	if (resource >= RLIM_NLIMITS)
		return -EINVAL;
	if (new &&new->rlim_cur > new->rlim_max)
		return -EINVAL;
	if (new &&resource == RLIMIT_NOFILE &&new->rlim_max > FILES_MAX)
		return -EPERM;
	limit = &process->limits.limit[resource];
	spin_lock(&process->limits_lock);
	*old = *limit;
	if (new &&new->rlim_max > limit->rlim_max && !capable(CAP_SYS_RESOURCE))
		error = -EPERM;
	else if (new)
		*limit = *new;
	spin_unlock(&process->limits_lock);
	return error;
}

long sys_getrlimit(unsigned int resource, struct user_ptr limit)
{
	struct abi_rlimit old;
	int error = exchange(current, resource, NULL, &old);

	return error ? error : user_write(limit, &old, sizeof(old));
}

long sys_setrlimit(unsigned int resource, struct user_ptr limit)
{
	struct abi_rlimit old, new;

	if (user_read(&new, limit, sizeof(new)))
		return -EFAULT;
	return exchange(current, resource, &new, &old);
}

static int exchange_other(s32 pid, unsigned int resource, const struct abi_rlimit *new,
			  struct abi_rlimit *old)
{
	struct task *task = task_find_get(pid);
	int error;

	if (!task)
		return -ESRCH;
	error = may_change_limits_of(task) ? exchange(task, resource, new, old) : -EPERM;
	task_put(task);
	return error;
}

long sys_prlimit64(s32 pid, unsigned int resource, struct user_ptr limit, struct user_ptr old_limit)
{
	struct abi_rlimit given, old, *new = limit.addr ? &given : NULL;
	int error;

	if (new &&user_read(new, limit, sizeof(*new)))
		return -EFAULT;
	error = !pid || pid == current->tid ? exchange(current, resource, new, &old)
					    : exchange_other(pid, resource, new, &old);
	if (!error && old_limit.addr)
		error = user_write(old_limit, &old, sizeof(old));
	return error;
}

long sys_getrusage(unsigned int who, struct user_ptr usage)
{
	struct abi_rusage sum;

	if ((int)who != RUSAGE_SELF && (int)who != RUSAGE_CHILDREN && (int)who != RUSAGE_THREAD)
		return -EINVAL;
	process_usage(current->process, (int)who, &sum);
	return user_write(usage, &sum, sizeof(sum));
}

static long ticks(u64 ns)
{
	return (long)(ns / (NSEC_PER_SEC / USER_HZ));
}

long sys_times(struct user_ptr to)
{
	struct process *process = current->process;
	struct abi_tms tms;
	u64 user, system;

	process_times(process, &user, &system);
	tms = (struct abi_tms){
		.tms_utime = ticks(user),
		.tms_stime = ticks(system),
		.tms_cutime = ticks(process->children_user_ns),
		.tms_cstime = ticks(process->children_system_ns),
	};
	if (to.addr && user_write(to, &tms, sizeof(tms)))
		return -EFAULT;
	return ticks(clock_ns());
}
