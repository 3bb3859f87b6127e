/* fork and its like, execve, exit, wait, and the numbers of processes. */
#include <abi/errno.h>
#include <abi/fcntl.h>
#include <abi/limits.h>
#include <abi/sched.h>
#include <kernel/sched.h>
#include <kernel/slab.h>
#include <kernel/syscall.h>
#include <kernel/vfs.h>
#include <lib/err.h>
#include <lib/printf.h>

/* The parent gives up waiting: the child must not signal a completion that is about to go. */
static void vfork_forget(struct task *child, struct completion *done)
{
	spin_lock(&child->lock);
	if (child->vfork_done == done)
		child->vfork_done = NULL;
	spin_unlock(&child->lock);
}

static long start_child(const struct clone_request *request)
{
	struct task *child = task_clone(request, task_user_frame(&current->head));
	struct completion done;
	s32 tid;

	if (IS_ERR(child))
		return PTR_ERR(child);
	tid = child->tid;
	if (request->flags & CLONE_PARENT_SETTID)
		(void)!user_write_u32(request->parent_tid, (u32)tid);
	if (request->flags & CLONE_VFORK) {
		completion_init(&done);
		child->vfork_done = &done;
	}
	sched_start(child);
	if (request->flags & CLONE_VFORK && completion_wait_killable(&done))
		vfork_forget(child, &done);
	task_put(child);
	return tid;
}

long sys_fork(void)
{
	struct clone_request request = { .exit_signal = SIGCHLD };

	return start_child(&request);
}

long sys_vfork(void)
{
	struct clone_request request = { .flags = CLONE_VFORK | CLONE_VM, .exit_signal = SIGCHLD };

	return start_child(&request);
}

long sys_clone(u64 flags, u64 stack, struct user_ptr parent_tid, struct user_ptr child_tid, u64 tls)
{
	struct clone_request request = {
		.flags = (u32)flags & ~CSIGNAL,
		.exit_signal = (int)(flags & CSIGNAL),
		.stack = stack,
		.tls = tls,
		.parent_tid = parent_tid,
		.child_tid = child_tid,
		.pidfd = parent_tid,
	};

	/* Both use the same argument. */
	if ((flags & CLONE_PIDFD) && (flags & (CLONE_PARENT_SETTID | CLONE_DETACHED)))
		return -EINVAL;
	return start_child(&request);
}

/* A struct that may be longer than ours, then the rest must be zero, or shorter. 0, -EFAULT, -E2BIG. */
static int clone_args_read(struct abi_clone_args *args, struct user_ptr from, size_t size)
{
	*args = (struct abi_clone_args){ 0 };
	if (user_read(args, from, MIN(size, sizeof(*args))))
		return -EFAULT;
	for (size_t at = sizeof(*args); at < size; at++) {
		u8 byte;

		if (user_read_u8(&byte, user_ptr_add(from, at)))
			return -EFAULT;
		if (byte)
			return -E2BIG;
	}
	return 0;
}

static bool clone_args_valid(const struct abi_clone_args *args)
{
	u64 known = 0xffffffffUL | CLONE_CLEAR_SIGHAND | CLONE_INTO_CGROUP;

	if ((args->flags & ~known) || (args->flags & (CLONE_DETACHED | (CSIGNAL & ~CLONE_NEWTIME))))
		return false;
	if ((args->flags & (CLONE_THREAD | CLONE_PARENT)) && args->exit_signal)
		return false;
	if (args->exit_signal > ABI_NSIG || !args->stack != !args->stack_size)
		return false;
	return user_range_ok(user_ptr(args->stack), args->stack_size) &&
	       !args->set_tid == !args->set_tid_size;
}

/* One number, as there is one namespace. */
static int set_tid_read(const struct abi_clone_args *args, s32 *number)
{
	u32 value;

	if (!args->set_tid_size)
		return 0;
	if (args->set_tid_size > 1)
		return -EINVAL;
	if (user_read_u32(&value, user_ptr(args->set_tid)))
		return -EFAULT;
	if ((s32)value < 1)
		return -EINVAL;
	*number = (s32)value;
	return 0;
}

long sys_clone3(struct user_ptr user_args, size_t size)
{
	struct abi_clone_args args;
	struct clone_request request;
	s32 set_tid = 0;
	int error;

	if (size > PAGE_SIZE)
		return -E2BIG;
	if (size < CLONE_ARGS_SIZE_VER0)
		return -EINVAL;
	error = clone_args_read(&args, user_args, size);
	if (error)
		return error;
	if (!clone_args_valid(&args))
		return -EINVAL;
	error = set_tid_read(&args, &set_tid);
	if (error)
		return error;
	request = (struct clone_request){
		.flags = args.flags,
		.exit_signal = (int)args.exit_signal,
		.stack = args.stack + args.stack_size,
		.tls = args.tls,
		.parent_tid = user_ptr(args.parent_tid),
		.child_tid = user_ptr(args.child_tid),
		.pidfd = user_ptr(args.pidfd),
		.set_tid = set_tid,
	};
	return start_child(&request);
}

/* The name that a program opened through a descriptor gets. NULL: out of memory. */
static char *descriptor_path(int dirfd, const char *text)
{
	char *path = kmalloc(PATH_MAX, 0);

	if (path)
		snprintf(path, PATH_MAX, *text ? "/dev/fd/%d/%s" : "/dev/fd/%d", dirfd, text);
	return path;
}

static long exec_path(int dirfd, const char *text, u32 lookup, struct user_ptr argv,
		      struct user_ptr envp)
{
	struct exec_request request = { .path = text, .argv = argv, .envp = envp };
	char *path = NULL;
	long error;

	request.file = vfs_open_exec(dirfd, text, lookup);
	if (IS_ERR(request.file))
		return PTR_ERR(request.file);
	if (dirfd != AT_FDCWD && text[0] != '/') {
		request.path = path = descriptor_path(dirfd, text);
		error = path ? 0 : -ENOMEM;
	} else {
		error = 0;
	}
	if (!error)
		error = task_exec(&request);
	kfree(path);
	vfs_close_exec(request.file);
	return error;
}

static long exec_user_path(int dirfd, struct user_ptr path, u32 lookup, struct user_ptr argv,
			   struct user_ptr envp)
{
	struct path_name *name = path_name_get(path, lookup);
	long error;

	if (IS_ERR(name))
		return PTR_ERR(name);
	error = exec_path(dirfd, name->text, lookup, argv, envp);
	path_name_put(name);
	return error;
}

long sys_execve(struct user_ptr path, struct user_ptr argv, struct user_ptr envp)
{
	return exec_user_path(AT_FDCWD, path, LOOKUP_FOLLOW, argv, envp);
}

long sys_execveat(int dirfd, struct user_ptr path, struct user_ptr argv, struct user_ptr envp,
		  u32 flags)
{
	u32 lookup = flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW;

	if (flags & ~(u32)(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
		return -EINVAL;
	if (flags & AT_EMPTY_PATH)
		lookup |= LOOKUP_EMPTY;
	return exec_user_path(dirfd, path, lookup, argv, envp);
}

long sys_exit(int status)
{
	task_exit((status & 0xff) << 8);
}

long sys_exit_group(int status)
{
	task_exit_group((status & 0xff) << 8);
}

long sys_getpid(void)
{
	return current->tgid;
}

long sys_gettid(void)
{
	return current->tid;
}

long sys_getppid(void)
{
	long ppid;

	rcu_read_lock();
	ppid = rcu_dereference(current->parent)->tgid;
	rcu_read_unlock();
	return ppid;
}

long sys_set_tid_address(struct user_ptr tid)
{
	current->clear_child_tid = tid;
	return current->tid;
}

long sys_setpgid(s32 pid, s32 pgid)
{
	return process_set_group(pid, pgid);
}

long sys_setsid(void)
{
	return process_new_session();
}

/* The group or session that a task belongs to; 0: the running one. */
static long related_number(s32 number, enum pid_type type)
{
	struct task *task;
	long result;

	if (!number) {
		rcu_read_lock();
		result = rcu_dereference(current->process->pids[type])->number;
		rcu_read_unlock();
		return result;
	}
	task = task_find_get(number);
	if (!task)
		return -ESRCH;
	rcu_read_lock();
	result = rcu_dereference(task->process->pids[type])->number;
	rcu_read_unlock();
	task_put(task);
	return result;
}

long sys_getpgid(s32 pid)
{
	return related_number(pid, PID_GROUP);
}

long sys_getpgrp(void)
{
	return related_number(0, PID_GROUP);
}

long sys_getsid(s32 pid)
{
	return related_number(pid, PID_SESSION);
}
