/* Sending signals to others, and who may. */
#include <abi/capability.h>
#include <abi/errno.h>
#include <kernel/sched.h>
#include <kernel/syscall.h>

static bool same_user(struct task *target)
{
	const struct cred *mine = current->cred, *other;
	bool same;

	rcu_read_lock();
	other = rcu_dereference(target->cred);
	same = mine->euid == other->suid || mine->euid == other->uid || mine->uid == other->suid ||
	       mine->uid == other->uid;
	rcu_read_unlock();
	return same;
}

static int may_send(struct task *target, int signo)
{
	if (target->process == current->process || same_user(target) || capable(CAP_KILL))
		return 0;
	if (signo == SIGCONT &&
	    rcu_dereference(target->process->pids[PID_SESSION]) == task_session(current))
		return 0;
	return -EPERM;
}

static struct abi_siginfo info_from_me(int signo, int code)
{
	struct abi_siginfo info = { .si_signo = signo, .si_code = code };

	info.fields.rt.pid = current->tgid;
	info.fields.rt.uid = current->cred->uid;
	return info;
}

/* Signal 0 only asks whether it could be sent. */
static int send_to_process(struct task *target, const struct abi_siginfo *info)
{
	int error = may_send(target, info->si_signo);

	if (error || !info->si_signo)
		return error;
	return signal_send_process(target, info);
}

static int send_to_thread(struct task *target, const struct abi_siginfo *info)
{
	int error = may_send(target, info->si_signo);

	if (error || !info->si_signo)
		return error;
	return signal_send_task(target, info);
}

int signal_send_kill(struct task *leader, int signo)
{
	struct abi_siginfo info = info_from_me(signo, SI_USER);

	return signo < 0 || signo > ABI_NSIG ? -EINVAL : send_to_process(leader, &info);
}

static int kill_one(s32 pid, const struct abi_siginfo *info)
{
	struct task *target = task_find_get(pid);
	int error;

	if (!target)
		return -ESRCH;
	error = send_to_process(target, info);
	task_put(target);
	return error;
}

/* 0 if one of the group got it. tasklist_lock held. */
static int kill_group_locked(struct pid *group, const struct abi_siginfo *info)
{
	struct task *leader;
	int result = -ESRCH;
	bool sent = false;

	list_for_each_entry (leader, &group->tasks[PID_GROUP], pid_links[PID_GROUP]) {
		result = send_to_process(leader, info);
		sent |= !result;
	}
	return sent ? 0 : result;
}

static int kill_group(s32 number, const struct abi_siginfo *info)
{
	struct pid *group;
	int result = -ESRCH;

	spin_lock(&tasklist_lock);
	group = number ? pid_find(number) : task_group(current);
	if (group)
		result = kill_group_locked(group, info);
	spin_unlock(&tasklist_lock);
	return result;
}

/* Every process but init and the caller. */
static int kill_all(const struct abi_siginfo *info)
{
	int result = -ESRCH;
	struct pid *pid;
	bool met = false;

	for (s32 number = 2; (pid = pid_next_get(number)); number = pid->number + 1, pid_put(pid)) {
		struct list *first;
		struct task *leader;
		int error;

		spin_lock(&tasklist_lock);
		first = pid->tasks[PID_PROCESS].next;
		leader = first == &pid->tasks[PID_PROCESS]
				 ? NULL
				 : list_entry(first, struct task, pid_links[PID_PROCESS]);
		if (leader && leader->process != current->process) {
			error = send_to_process(leader, info);
			if (!met || error != -EPERM)
				result = error;
			met = true;
		}
		spin_unlock(&tasklist_lock);
	}
	return result;
}

long sys_kill(s32 pid, int signo)
{
	struct abi_siginfo info = info_from_me(signo, SI_USER);

	if (signo < 0 || signo > ABI_NSIG)
		return -EINVAL;
	if (pid > 0)
		return kill_one(pid, &info);
	if (pid == INT32_MIN)
		return -ESRCH;
	return pid == -1 ? kill_all(&info) : kill_group(-pid, &info);
}

static long thread_kill(s32 tgid, s32 tid, const struct abi_siginfo *info)
{
	struct task *target;
	long error = -ESRCH;

	if (tid <= 0 || info->si_signo < 0 || info->si_signo > ABI_NSIG)
		return -EINVAL;
	target = task_find_get(tid);
	if (!target)
		return -ESRCH;
	if (tgid <= 0 || target->tgid == tgid)
		error = send_to_thread(target, info);
	task_put(target);
	return error;
}

long sys_tkill(s32 tid, int signo)
{
	struct abi_siginfo info = info_from_me(signo, SI_TKILL);

	return thread_kill(0, tid, &info);
}

long sys_tgkill(s32 tgid, s32 tid, int signo)
{
	struct abi_siginfo info = info_from_me(signo, SI_TKILL);

	return tgid <= 0 ? -EINVAL : thread_kill(tgid, tid, &info);
}

/* A siginfo made by a program: it may not look like the kernel's or kill's to another process. */
static int info_read(struct abi_siginfo *info, struct user_ptr from, int signo, s32 target)
{
	if (user_read(info, from, sizeof(*info)))
		return -EFAULT;
	info->si_signo = signo;
	if ((info->si_code >= 0 || info->si_code == SI_TKILL) && target != current->tgid)
		return -EPERM;
	return signo < 0 || signo > ABI_NSIG ? -EINVAL : 0;
}

int signal_send_user_info(struct task *leader, int signo, struct user_ptr user_info)
{
	struct abi_siginfo info;

	if (user_read(&info, user_info, sizeof(info)))
		return -EFAULT;
	if (info.si_signo != signo)
		return -EINVAL;
	if ((info.si_code >= 0 || info.si_code == SI_TKILL) && leader->process != current->process)
		return -EPERM;
	return signo < 0 || signo > ABI_NSIG ? -EINVAL : send_to_process(leader, &info);
}

long sys_rt_sigqueueinfo(s32 pid, int signo, struct user_ptr user_info)
{
	struct abi_siginfo info;
	int error = info_read(&info, user_info, signo, pid);

	if (error)
		return error;
	return pid > 0 ? kill_one(pid, &info) : -ESRCH;
}

long sys_rt_tgsigqueueinfo(s32 tgid, s32 tid, int signo, struct user_ptr user_info)
{
	struct abi_siginfo info;
	int error;

	if (tgid <= 0 || tid <= 0)
		return -EINVAL;
	error = info_read(&info, user_info, signo, tid == current->tid ? current->tgid : 0);
	return error ? error : thread_kill(tgid, tid, &info);
}
