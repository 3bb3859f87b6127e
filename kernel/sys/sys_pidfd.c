/* pidfd_open, pidfd_send_signal, pidfd_getfd, and signalfd. */
#include <abi/errno.h>
#include <abi/fcntl.h>
#include <kernel/pidfd.h>
#include <kernel/procfs.h>
#include <kernel/sched.h>
#include <kernel/signalfd.h>
#include <kernel/syscall.h>
#include <lib/err.h>

long sys_pidfd_open(s32 number, u32 flags)
{
	struct pid *pid;
	struct task *leader;
	long result;

	if ((flags & ~(u32)O_NONBLOCK) || number <= 0)
		return -EINVAL;
	pid = pid_find_get(number);
	if (!pid)
		return -ESRCH;
	leader = pid_leader_get(pid);
	result = leader ? fd_install_new(pidfd_create(pid, flags), O_CLOEXEC) : -EINVAL;
	if (leader)
		task_put(leader);
	pid_put(pid);
	return result;
}

static int send(struct pid *pid, int signo, struct user_ptr user_info)
{
	struct task *leader = pid_leader_get(pid);
	int error;

	if (!leader)
		return -ESRCH;
	error = user_info.addr ? signal_send_user_info(leader, signo, user_info)
			       : signal_send_kill(leader, signo);
	task_put(leader);
	return error;
}

long sys_pidfd_send_signal(int fd, int signo, struct user_ptr info, u32 flags)
{
	struct pid *pid;
	u32 unused;
	long result;

	if (flags)
		return -EINVAL;
	pid = pidfd_pid_get(fd, &unused);
	if (IS_ERR(pid))
		return PTR_ERR(pid);
	result = send(pid, signo, info);
	pid_put(pid);
	return result;
}

/* With a reference; ERR_PTR. */
static struct file *other_file_get(struct task *task, int fd)
{
	struct file *file;

	if (task_access_check_real(task))
		return ERR_PTR(-EPERM);
	file = task_file_get(task, fd);
	return file ? file : ERR_PTR(-EBADF);
}

long sys_pidfd_getfd(int pidfd, int fd, u32 flags)
{
	struct task *leader;
	struct pid *pid;
	long result = -ESRCH;
	u32 unused;

	if (flags)
		return -EINVAL;
	pid = pidfd_pid_get(pidfd, &unused);
	if (IS_ERR(pid))
		return PTR_ERR(pid);
	leader = pid_leader_get(pid);
	if (leader) {
		result = fd_install_new(other_file_get(leader, fd), O_CLOEXEC);
		task_put(leader);
	}
	pid_put(pid);
	return result;
}

static long signalfd_update(int fd, sigset_t mask)
{
	struct fd_ref ref = fd_get(fd);
	long result = ref.raw ? signalfd_change(fd_file(ref), mask) : -EBADF;

	fd_put(ref);
	return result ? result : fd;
}

long sys_signalfd4(int fd, struct user_ptr user_mask, size_t size, u32 flags)
{
	sigset_t mask;
	int error = signal_user_mask(user_mask, size, &mask);

	if (error)
		return error;
	if (flags & ~(u32)(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	if (fd != -1)
		return signalfd_update(fd, mask);
	return fd_install_new(signalfd_create(mask, flags), flags & O_CLOEXEC);
}

long sys_signalfd(int fd, struct user_ptr mask, size_t size)
{
	return sys_signalfd4(fd, mask, size, 0);
}
