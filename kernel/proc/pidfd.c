/* pidfd: files that mean processes. */
#include <abi/errno.h>
#include <abi/fcntl.h>
#include <kernel/pidfd.h>
#include <kernel/sched.h>
#include <kernel/seq_file.h>
#include <lib/err.h>

#include "internal.h"

static const struct file_ops pidfd_ops;

struct task *pid_leader_get(struct pid *pid)
{
	struct task *leader;

	spin_lock(&tasklist_lock);
	leader = pid_first(pid, PID_PROCESS);
	if (leader)
		task_get(leader);
	spin_unlock(&tasklist_lock);
	return leader;
}

/* No thread runs any more; reaped or not. */
static bool has_exited(struct pid *pid)
{
	struct task *leader;
	bool exited;

	spin_lock(&tasklist_lock);
	leader = pid_first(pid, PID_PROCESS);
	exited = !leader || (leader->exit_state && process_is_empty(leader));
	spin_unlock(&tasklist_lock);
	return exited;
}

static u32 pidfd_poll(struct file *file, struct poll_table *table)
{
	struct pid *pid = file->private_data;

	poll_wait(file, &pid->wait, table);
	return has_exited(pid) ? READY_IN : 0;
}

static void pidfd_show_fdinfo(struct file *file, struct seq_file *out)
{
	struct pid *pid = file->private_data;
	struct task *leader = pid_leader_get(pid);
	int number = leader ? pid->number : -1;

	seq_printf(out, "Pid:\t%d\nNSpid:\t%d\n", number, number);
	if (leader)
		task_put(leader);
}

static void pidfd_release(struct file *file)
{
	pid_put(file->private_data);
}

static const struct file_ops pidfd_ops = {
	.poll = pidfd_poll,
	.release = pidfd_release,
	.show_fdinfo = pidfd_show_fdinfo,
	.name = "anon_inode:[pidfd]",
};

struct file *pidfd_create(struct pid *pid, u32 flags)
{
	struct file *file = file_alloc_anonymous(&pidfd_ops, O_RDWR | flags, pid_get(pid));

	if (IS_ERR(file))
		pid_put(pid);
	return file;
}

struct pid *pidfd_pid_get(int fd, u32 *flags)
{
	struct fd_ref ref = fd_get(fd);
	struct file *file = fd_file(ref);
	struct pid *pid = ERR_PTR(-EBADF);

	if (file && file->ops == &pidfd_ops) {
		pid = pid_get(file->private_data);
		*flags = READ_ONCE(file->flags);
	}
	fd_put(ref);
	return pid;
}
