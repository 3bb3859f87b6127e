/* wait4 and waitid. */
#include <abi/errno.h>
#include <abi/fcntl.h>
#include <abi/wait.h>
#include <kernel/pidfd.h>
#include <kernel/sched.h>
#include <kernel/syscall.h>
#include <lib/err.h>

/* Own group: a reference, or NULL. */
static struct pid *own_group_get(void)
{
	struct pid *group;

	spin_lock(&tasklist_lock);
	group = pid_get(task_group(current));
	spin_unlock(&tasklist_lock);
	return group;
}

static struct pid *group_get(s32 number)
{
	return number ? pid_find_get(number) : own_group_get();
}

#define WAIT4_OPTIONS (WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL)

long sys_wait4(s32 pid, struct user_ptr status, u32 options, struct user_ptr rusage)
{
	struct abi_rusage usage;
	struct child_wait wait = { .options = options | WEXITED,
				   .usage = rusage.addr ? &usage : NULL };
	long result;

	if (options & ~WAIT4_OPTIONS)
		return -EINVAL;
	if (pid == INT32_MIN)
		return -ESRCH;
	if (pid == -1) {
		wait.type = P_ALL;
	} else if (pid > 0) {
		wait.type = P_PID;
		wait.id = pid_find_get(pid);
	} else {
		wait.type = P_PGID;
		wait.id = group_get(-pid);
	}
	result = process_wait(&wait);
	pid_put(wait.id);
	if (result <= 0)
		return result;
	if (status.addr && user_write_u32(status, (u32)wait.status))
		return -EFAULT;
	if (rusage.addr && user_write(rusage, &usage, sizeof(usage)))
		return -EFAULT;
	return result;
}

/* A descriptor that does not wait makes the call not wait. */
static int waitid_pidfd(struct child_wait *wait, int fd, bool *no_wait)
{
	struct pid *pid;
	u32 flags;

	if (fd < 0)
		return -EINVAL;
	pid = pidfd_pid_get(fd, &flags);
	if (IS_ERR(pid))
		return (int)PTR_ERR(pid);
	wait->type = P_PID;
	wait->id = pid;
	*no_wait = (flags & O_NONBLOCK) && !(wait->options & WNOHANG);
	if (*no_wait)
		wait->options |= WNOHANG;
	return 0;
}

static int waitid_target(struct child_wait *wait, unsigned int type, s32 id, bool *no_wait)
{
	wait->type = (int)type;
	switch (type) {
	case P_ALL:
		return 0;
	case P_PID:
		if (id <= 0)
			return -EINVAL;
		wait->id = pid_find_get(id);
		return 0;
	case P_PGID:
		if (id < 0)
			return -EINVAL;
		wait->id = group_get(id);
		return 0;
	case P_PIDFD:
		return waitid_pidfd(wait, id, no_wait);
	}
	return -EINVAL;
}

/* What Linux writes of the siginfo; all zero if there was nothing. */
static int waitid_info_write(struct user_ptr to, const struct child_wait *wait, bool found)
{
	struct abi_siginfo info = { 0 };

	if (!to.addr)
		return 0;
	if (found) {
		info.si_signo = SIGCHLD;
		info.si_code = wait->code;
		info.fields.child.pid = wait->pid;
		info.fields.child.uid = wait->uid;
		info.fields.child.status = wait->code_status;
	}
	/* Up to and with si_status. */
	return user_write(to, &info,
			  offsetof(struct abi_siginfo, fields.child.status) + sizeof(int));
}

#define WAITID_OPTIONS                                                                             \
	(WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL)

long sys_waitid(unsigned int type, s32 id, struct user_ptr info, u32 options, struct user_ptr rusage)
{
	struct abi_rusage usage;
	struct child_wait wait = { .options = options, .usage = rusage.addr ? &usage : NULL };
	bool no_wait = false;
	long result;

	if ((options & ~WAITID_OPTIONS) || !(options & (WEXITED | WSTOPPED | WCONTINUED)))
		return -EINVAL;
	result = waitid_target(&wait, type, id, &no_wait);
	if (result)
		return result;
	result = process_wait(&wait);
	pid_put(wait.id);
	if (!result && no_wait)
		result = -EAGAIN;
	if (result < 0)
		return result;
	if (result > 0 && rusage.addr && user_write(rusage, &usage, sizeof(usage)))
		return -EFAULT;
	return waitid_info_write(info, &wait, result > 0);
}
