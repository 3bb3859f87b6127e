/* New tasks. All that can fail is done on a task nobody knows of; then it is linked, and nothing fails any more. */
#include <abi/capability.h>
#include <abi/errno.h>
#include <abi/fcntl.h>
#include <abi/sched.h>
#include <kernel/file.h>
#include <kernel/init.h>
#include <kernel/namespaces.h>
#include <kernel/page.h>
#include <kernel/pidfd.h>
#include <kernel/random.h>
#include <kernel/sched.h>
#include <kernel/slab.h>
#include <kernel/tty.h>
#include <kernel/vfs.h>
#include <kernel/vm.h>
#include <lib/err.h>
#include <lib/string.h>

#include "internal.h"

/* Namespaces are not there yet: as Linux without them. */
#define CLONE_NAMESPACES                                                                           \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |             \
	 CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWTIME)

unsigned int task_total;
static u64 fork_count; /* [tasklist] */

unsigned int task_count_max(void)
{
	struct page_counts counts;
	u64 max;

	page_counts_read(&counts);
	max = counts.total * PAGE_SIZE / (8 * KERNEL_STACK_SIZE);
	return (unsigned int)MIN(MAX(max, (u64)64), (u64)PID_MAX - 1);
}

static int flags_check(const struct clone_request *request)
{
	u64 flags = request->flags;

	if (flags & CLONE_NAMESPACES)
		return -EINVAL;
	/* There are no control groups, so no descriptor is one. */
	if (flags & CLONE_INTO_CGROUP)
		return -EBADF;
	if ((flags & CLONE_PIDFD) && (flags & (CLONE_THREAD | CLONE_DETACHED)))
		return -EINVAL;
	if ((flags & CLONE_THREAD) && !(flags & CLONE_SIGHAND))
		return -EINVAL;
	if ((flags & CLONE_SIGHAND) && !(flags & CLONE_VM))
		return -EINVAL;
	if ((flags & CLONE_SIGHAND) && (flags & CLONE_CLEAR_SIGHAND))
		return -EINVAL;
	if ((flags & CLONE_PARENT) && (current->process->flags & PROCESS_UNKILLABLE))
		return -EINVAL;
	if ((flags & CLONE_SETTLS) && request->tls >= USER_END)
		return -EPERM;
	return 0;
}

static int limits_check(void)
{
	const struct cred *cred = current->cred;

	if ((u64)atomic_read(&cred->account->tasks) >= task_limit(current, RLIMIT_NPROC) &&
	    cred->uid && !capable(CAP_SYS_RESOURCE) && !capable(CAP_SYS_ADMIN))
		return -EAGAIN;
	return READ_ONCE(task_total) >= task_count_max() ? -EAGAIN : 0;
}

static int copy_files(struct task *child, u64 flags)
{
	struct files *files = current->files;

	if (!files) {
		child->files = files_alloc();
		return child->files ? 0 : -ENOMEM;
	}
	if (flags & CLONE_FILES) {
		ref_get(&files->ref);
		child->files = files;
		return 0;
	}
	files = files_clone(files);
	if (IS_ERR(files))
		return (int)PTR_ERR(files);
	child->files = files;
	return 0;
}

static int copy_fs(struct task *child, u64 flags)
{
	if (flags & CLONE_FS) {
		ref_get(&current->fs->ref);
		child->fs = current->fs;
		return 0;
	}
	child->fs = fs_context_clone(current->fs);
	return child->fs ? 0 : -ENOMEM;
}

static int copy_sighand(struct task *child, u64 flags)
{
	if (flags & CLONE_SIGHAND) {
		ref_get(&current->sighand->ref);
		child->sighand = current->sighand;
		return 0;
	}
	child->sighand = sighand_clone(current->sighand);
	if (child->sighand && (flags & CLONE_CLEAR_SIGHAND))
		sighand_reset(child->sighand);
	return child->sighand ? 0 : -ENOMEM;
}

static int copy_mm(struct task *child, u64 flags)
{
	struct mm *mm = current->mm;

	if (!mm || (child->flags & TASK_FLAG_KERNEL))
		return 0;
	if (flags & CLONE_VM) {
		mm_get_user(mm);
		child->mm = mm;
		return 0;
	}
	mm = mm_fork(mm);
	if (IS_ERR(mm))
		return (int)PTR_ERR(mm);
	child->mm = mm;
	return 0;
}

static int copy_process(struct task *child, u64 flags)
{
	struct process *process = current->process;
	unsigned long irq;

	if (flags & CLONE_THREAD) {
		ref_get(&process->ref);
		child->process = process;
		return 0;
	}
	child->process = process_alloc(process);
	if (!child->process)
		return -ENOMEM;
	irq = spin_lock_irq(&current->sighand->lock);
	if (process->tty)
		child->process->tty = tty_get(process->tty);
	spin_unlock_irq(&current->sighand->lock, irq);
	return 0;
}

static int copy_pid(struct task *child, const struct clone_request *request)
{
	struct pid *pid;

	if (request->set_tid && !capable(CAP_SYS_ADMIN) && !capable(CAP_CHECKPOINT_RESTORE))
		return -EPERM;
	pid = request->set_tid ? pid_alloc_number(request->set_tid) : pid_alloc();

	if (IS_ERR(pid))
		return (int)PTR_ERR(pid);
	child->pid = pid;
	child->tid = pid->number;
	child->tgid = request->flags & CLONE_THREAD ? current->tgid : pid->number;
	return 0;
}

static int copy_resources(struct task *child, const struct clone_request *request)
{
	u64 flags = request->flags;
	int error;

	child->cred = cred_get(current->cred);
	atomic_inc(&child->cred->account->tasks);
	child->namespaces = namespaces_get(current->namespaces);
	if ((error = copy_files(child, flags)) || (error = copy_fs(child, flags)) ||
	    (error = copy_sighand(child, flags)) || (error = copy_process(child, flags)) ||
	    (error = copy_mm(child, flags)))
		return error;
	return copy_pid(child, request);
}

/* Gives back what a child that was never linked has got so far. */
static void child_abandon(struct task *child)
{
	if (child->mm)
		mm_put_user(child->mm);
	if (child->sighand)
		sighand_put(child->sighand);
	if (child->fs)
		fs_context_put(child->fs);
	if (child->files)
		files_put(child->files);
	if (child->namespaces)
		namespaces_put(child->namespaces);
	if (child->cred)
		atomic_dec(&child->cred->account->tasks);
	task_free(child);
}

static void copy_user_fields(struct task *child, const struct clone_request *request,
			     const struct trap_frame *frame)
{
	u64 flags = request->flags;
	struct trap_frame *child_frame;

	fpu_to_memory();
	memcpy(child->fpu, current->fpu, fpu_state_size());
	child->head.work = WORK_FPU_LOAD;
	child->fs_base = flags & CLONE_SETTLS ? request->tls : cpu_user_fs_base();
	child->gs_base = cpu_user_gs_base();
	context_init_user(&child->head, frame);
	child_frame = task_user_frame(&child->head);
	child_frame->rax = 0;
	child_frame->orig_rax = ~0UL;
	if (request->stack)
		child_frame->rsp = request->stack;
	if (flags & CLONE_CHILD_SETTID) {
		child->set_child_tid = request->child_tid;
		child->head.work |= WORK_NOTIFY;
	}
	if (flags & CLONE_CHILD_CLEARTID)
		child->clear_child_tid = request->child_tid;
	if ((flags & (CLONE_VM | CLONE_VFORK)) == CLONE_VM) {
		child->altstack_flags = SS_DISABLE;
	} else {
		child->altstack_base = current->altstack_base;
		child->altstack_size = current->altstack_size;
		child->altstack_flags = current->altstack_flags;
	}
}

static void copy_fields(struct task *child, const struct clone_request *request)
{
	child->blocked = current->blocked;
	child->personality = current->personality;
	child->timer_slack_ns = current->timer_slack_ns;
	spin_lock(&current->lock);
	strscpy(child->comm, request->name ? request->name : current->comm, COMM_LEN);
	spin_unlock(&current->lock);
	child->exit_signal = request->flags & CLONE_THREAD ? -1 : request->exit_signal;
	child->flags |= TASK_FLAG_FORK_NO_EXEC | (current->flags & TASK_FLAG_FAIL_ALLOC);
}

/* tasklist_lock held: where a new process belongs. */
static void link_process(struct task *child, const struct clone_request *request)
{
	struct process *process = child->process, *mine = current->process;
	bool kernel = child->flags & TASK_FLAG_KERNEL;

	process->leader = child;
	process->thread_count = 1;
	if (kernel)
		child->parent = &init_task;
	else if (request->flags & CLONE_PARENT)
		child->parent = mine->leader->parent;
	else
		child->parent = mine->leader;
	if (request->flags & CLONE_PARENT)
		child->exit_signal = mine->leader->exit_signal;
	list_add_tail(&child->sibling, &child->parent->children);
	if (child->tid == 1)
		process->flags |= PROCESS_UNKILLABLE;
	process->pids[PID_THREAD] = pid_get(child->pid);
	process->pids[PID_PROCESS] = pid_get(child->pid);
	process->pids[PID_GROUP] = pid_get(kernel ? &init_pid : mine->pids[PID_GROUP]);
	process->pids[PID_SESSION] = pid_get(kernel ? &init_pid : mine->pids[PID_SESSION]);
	for (enum pid_type type = PID_PROCESS; type < PID_TYPES; type++)
		pid_attach(child, type, process->pids[type]);
}

/* tasklist_lock and the shared sighand->lock held. */
static void link_thread(struct task *child)
{
	struct process *process = child->process;

	child->parent = process->leader->parent;
	process->thread_count++;
	/* A stop that is under way, or done, is for the new thread too. */
	if ((process->flags & PROCESS_STOPPED) || process->stop_count) {
		child->job_control = JOB_STOP_PENDING;
		if (process->stop_count) {
			child->job_control |= JOB_STOP_COUNTED;
			process->stop_count++;
		}
		child->head.work |= WORK_SIGNAL;
	}
}

/*
 * Makes the child known. A signal for the parent's group either came before, then the parent takes it first and forks
 * again, or it finds the child too.
 */
static int child_link(struct task *child, const struct clone_request *request)
{
	unsigned long irq;
	int error = 0;

	spin_lock(&tasklist_lock);
	irq = spin_lock_irq(&current->sighand->lock);
	if (!request->entry) {
		if (signal_is_fatal_pending(current))
			error = -EINTR;
		else if (!(request->flags & CLONE_THREAD) && signal_recalculate_pending())
			error = -ERESTARTNOINTR;
	}
	if (!error) {
		if (request->flags & CLONE_THREAD)
			link_thread(child);
		else
			link_process(child, request);
		list_add_tail(&child->thread_link, &child->process->threads);
		pid_attach(child, PID_THREAD, child->pid);
		ref_init(&child->ref,
			 3); /* the caller's, the lists' until reaped, the scheduler's until dead */
		task_total++;
		fork_count++;
	}
	spin_unlock_irq(&current->sighand->lock, irq);
	spin_unlock(&tasklist_lock);
	return error;
}

/* CLONE_PIDFD: a descriptor that means the child, known to the caller before the child is to anybody. */
struct new_pidfd {
	int fd;
	struct file *file; /* NULL: not asked for */
};

static int pidfd_prepare(struct new_pidfd *new, const struct task *child,
			 const struct clone_request *request)
{
	if (!(request->flags & CLONE_PIDFD))
		return 0;
	new->fd = fd_reserve(O_CLOEXEC);
	if (new->fd < 0)
		return new->fd;
	new->file = pidfd_create(child->pid, 0);
	if (!IS_ERR(new->file) && !user_write_u32(request->pidfd, (u32) new->fd))
		return 0;
	fd_release(new->fd);
	if (IS_ERR(new->file))
		return (int)PTR_ERR(new->file);
	file_put(new->file);
	return -EFAULT;
}

static void pidfd_finish(const struct new_pidfd *new, bool made)
{
	if (!new->file)
		return;
	if (made) {
		fd_install(new->fd, new->file);
		return;
	}
	fd_release(new->fd);
	file_put(new->file);
}

struct task *task_clone(const struct clone_request *request, const struct trap_frame *frame)
{
	struct new_pidfd pidfd = { 0 };
	struct task *child;
	int error = flags_check(request);

	if (!error)
		error = limits_check();
	if (error)
		return ERR_PTR(error);
	child = task_alloc(request->entry);
	if (!child)
		return ERR_PTR(-ENOMEM);
	if (request->entry)
		child->flags |= TASK_FLAG_KERNEL;
	error = copy_resources(child, request);
	if (error)
		goto abandon_child;
	error = pidfd_prepare(&pidfd, child, request);
	if (error)
		goto abandon_child;
	copy_fields(child, request);
	if (request->entry)
		context_init_kernel(&child->head, request->entry, request->arg);
	else
		copy_user_fields(child, request, frame);
	sched_fork(child);
	error = child_link(child, request);
	pidfd_finish(&pidfd, !error);
	if (error)
		goto abandon_child;
	return child;

abandon_child:
	child_abandon(child);
	return ERR_PTR(error);
}

u64 process_count_forks(void)
{
	return READ_ONCE(fork_count);
}

unsigned int process_count_threads(void)
{
	return READ_ONCE(task_total);
}

unsigned int process_count_running(void)
{
	return sched_running_count();
}

/* nr_threads / 2, as Linux. */
void process_init(void)
{
	struct abi_rlimit *limits = init_task.process->limits.limit;
	struct abi_utsname *uts = &init_namespaces.uts;
	u64 half;

	task_caches_init();
	pid_init();
	signal_init();
	half = task_count_max() / 2;
	limits[RLIMIT_NPROC] = limits[RLIMIT_SIGPENDING] = (struct abi_rlimit){ half, half };
	itimers_init(init_task.process);
	list_add_tail(&init_task.thread_link, &init_task.process->threads);
	init_task.head.stack_guard = random_u64() & ~0xffUL;
	init_task.start_ns = clock_ns();
	strscpy(uts->release, kernel_release, sizeof(uts->release));
	strscpy(uts->version, kernel_version, sizeof(uts->version));
}
