/*
 * execve. Phases: find out what to load, check it, build the whole new address space and all else that needs memory; then
 * the point of no return, behind which only being killed can stop it.
 */
#include <abi/errno.h>
#include <abi/personality.h>
#include <abi/signal.h>
#include <kernel/file.h>
#include <kernel/param.h>
#include <kernel/random.h>
#include <kernel/sched.h>
#include <kernel/slab.h>
#include <kernel/vdso.h>
#include <kernel/vfs.h>
#include <kernel/vm.h>
#include <lib/string.h>
#include <platform/cpu.h>

#include "internal.h"

#define RANDOM_STACK_PAGES (1ULL << 22)
#define RANDOM_MAP_PAGES (1ULL << 28)
#define STACK_GAP_MIN (128 * MIB)
#define STACK_GUARD (256UL * PAGE_SIZE)

/* Where the stack begins and, below all that it may become, the mmap area. */
static void place_areas(struct exec *exec)
{
	u64 gap = task_limit(current, RLIMIT_STACK),
	    margin = STACK_GUARD + (RANDOM_STACK_PAGES << PAGE_SHIFT);

	exec->stack_top = USER_END - VDSO_ROOM;
	if (exec->randomize)
		exec->stack_top -= (random_u64() % RANDOM_STACK_PAGES) << PAGE_SHIFT;
	gap = gap > USER_END - margin ? USER_END : gap + margin;
	gap = MIN(MAX(gap, (u64)STACK_GAP_MIN), (u64)USER_END / 6 * 5);
	exec->mm->mmap_base = ALIGN_DOWN(USER_END - gap, PAGE_SIZE);
	if (exec->randomize)
		exec->mm->mmap_base -= (random_u64() % RANDOM_MAP_PAGES) << PAGE_SHIFT;
}

/* Above the stack, where the two can share a page table. */
static u64 place_vdso(const struct exec *exec)
{
	u64 end = MIN(ALIGN_UP(exec->stack_top + VDSO_ROOM, 2 * MIB), (u64)USER_END);
	u64 choices = (end - VDSO_ROOM - exec->stack_top) / PAGE_SIZE + 1;

	return exec->stack_top + (exec->randomize ? random_u64() % choices * PAGE_SIZE : 0);
}

static int exec_check_program(struct exec *exec)
{
	int error = exec_resolve(exec);

	if (!error)
		error = exec_image_open(&exec->program, exec->file);
	if (!error)
		error = exec_interpreter_open(exec);
	if (!error)
		error = exec_credentials(exec);
	return error;
}

static int exec_build(struct exec *exec)
{
	int error;

	exec->randomize = !param_flag("norandmaps") && !(current->personality & ADDR_NO_RANDOMIZE);
	exec->mm = mm_alloc();
	if (!exec->mm)
		return -ENOMEM;
	exec->mm->huge_disabled = current->mm && current->mm->huge_disabled;
	place_areas(exec);
	error = exec_load(exec);
	if (!error)
		error = vdso_map(exec->mm, place_vdso(exec));
	return error ? error : exec_arguments(exec);
}

/* What is private to a process afterwards, if it is shared with others now. */
static int exec_unshare(struct exec *exec)
{
	if (ref_read(&current->sighand->ref) > 1) {
		exec->sighand = sighand_clone(current->sighand);
		if (!exec->sighand)
			return -ENOMEM;
	}
	if (!current->fpu) {
		exec->fpu = task_fpu_alloc();
		if (!exec->fpu)
			return -ENOMEM;
	}
	return files_unshare();
}

void exec_file_put(struct exec *exec)
{
	if (exec->file == exec->request->file)
		file_put(exec->file);
	else if (exec->file)
		vfs_close_exec(exec->file);
}

static void exec_release(struct exec *exec)
{
	exec_image_close(&exec->program);
	if (exec->interpreter.file)
		inode_allow_write(exec->interpreter.file->inode);
	exec_image_close(&exec->interpreter);
	for (unsigned int i = 0; i < exec->script.count; i++)
		kfree(AT(exec->script.text, i));
	exec_file_put(exec);
	if (exec->mm)
		mm_put_user(exec->mm);
	if (exec->cred)
		cred_put(exec->cred);
	if (exec->sighand)
		sighand_put(exec->sighand);
	task_fpu_free(exec->fpu);
	kfree(exec);
}

static void commit_mm(struct exec *exec)
{
	struct process *process = current->process;
	struct mm *old = current->mm;

	task_mm_release();
	if (old)
		process->rss_peak = MAX(process->rss_peak, old->rss_peak);
	mm_activate(exec->mm);
	exec->mm = NULL;
	if (old)
		mm_put_user(old);
}

/* The process shared its handlers with another one: it takes the copy. */
static void commit_sighand(struct exec *exec)
{
	struct sighand *old = current->sighand;
	unsigned long flags;

	if (exec->sighand && ref_read(&old->ref) > 1) {
		spin_lock(&tasklist_lock);
		flags = spin_lock_irq(&old->lock);
		memcpy(exec->sighand->actions, old->actions, sizeof(old->actions));
		rcu_assign(current->sighand, exec->sighand);
		spin_unlock_irq(&old->lock, flags);
		spin_unlock(&tasklist_lock);
		exec->sighand = old;
	}
	signal_exec();
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void commit_identity(struct exec *exec)
{
	spin_lock(&current->lock);
	memset(current->comm, 0, COMM_LEN);
	strscpy(current->comm, base_name(exec->request->path), COMM_LEN);
	spin_unlock(&current->lock);
	current->flags &= ~(TASK_FLAG_FORK_NO_EXEC | TASK_FLAG_KERNEL);
	current->personality &= ~(u32)READ_IMPLIES_EXEC;
	if (exec->secure)
		current->personality &=
			~(u32)(ADDR_NO_RANDOMIZE | MMAP_PAGE_ZERO | ADDR_COMPAT_LAYOUT);
	current->exit_signal = SIGCHLD;
	exec_credentials_commit(exec);
}

static void commit_registers(struct exec *exec)
{
	struct trap_frame *frame = task_user_frame(&current->head);

	/* From the flag on nobody stores the registers over the image in memory. */
	__atomic_fetch_or(&current->head.work, WORK_FPU_LOAD | WORK_FULL_RESTORE, __ATOMIC_SEQ_CST);
	if (exec->fpu) {
		current->fpu = exec->fpu;
		exec->fpu = NULL;
	}
	fpu_state_init(current->fpu);
	preempt_disable();
	current->fs_base = current->gs_base = 0;
	cpu_set_user_fs_base(0);
	cpu_set_user_gs_base(0);
	preempt_enable();
	*frame = (struct trap_frame){
		.orig_rax = ~0UL,
		.rip = exec->entry,
		.cs = SEL_USER_CODE,
		.rflags = FLAGS_IF | 2,
		.rsp = exec->stack_pointer,
		.ss = SEL_USER_DATA,
	};
}

/* Point of no return. */
static int exec_commit(struct exec *exec)
{
	int error = exec_kill_threads();

	if (error)
		return error;
	posix_timers_delete();
	commit_mm(exec);
	commit_sighand(exec);
	commit_identity(exec);
	files_exec();
	current->set_child_tid = user_ptr(0);
	current->robust_list = user_ptr(0);
	commit_registers(exec);
	return 0;
}

int task_exec(const struct exec_request *request)
{
	struct exec *exec = kzalloc(sizeof(*exec));
	int error;

	if (!exec)
		return -ENOMEM;
	exec->request = request;
	error = mutex_lock_killable(&current->process->exec_lock);
	if (error)
		goto free_exec;
	error = exec_check_program(exec);
	if (!error)
		error = exec_build(exec);
	if (!error)
		error = exec_unshare(exec);
	if (!error)
		error = exec_commit(exec);
	mutex_unlock(&current->process->exec_lock);
free_exec:
	exec_release(exec);
	return error;
}
