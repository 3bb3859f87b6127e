/* Tasks and processes as objects: memory, references, finding them, their CPU time. */
#include <abi/errno.h>
#include <abi/sched.h>
#include <kernel/file.h>
#include <kernel/namespaces.h>
#include <kernel/random.h>
#include <kernel/sched.h>
#include <kernel/slab.h>
#include <kernel/tty.h>
#include <kernel/vfs.h>
#include <kernel/vm.h>
#include <kernel/vmap.h>
#include <lib/bitmap.h>
#include <lib/printf.h>
#include <lib/string.h>
#include <profile/check.h>

#include "internal.h"

static struct slab_cache *task_cache, *process_cache, *fpu_cache;

static size_t affinity_size(void)
{
	return BITMAP_WORDS(cpu_count()) * sizeof(unsigned long);
}

void task_caches_init(void)
{
	task_cache = slab_cache_create("task", sizeof(struct task), CACHE_LINE);
	process_cache = slab_cache_create("process", sizeof(struct process), CACHE_LINE);
	fpu_cache = slab_cache_create("fpu", MAX(fpu_state_size(), fpu_frame_size()), 64);
}

struct fpu_state *task_fpu_alloc(void)
{
	struct fpu_state *fpu = slab_alloc(fpu_cache, SLAB_ZERO);

	if (fpu)
		fpu_state_init(fpu);
	return fpu;
}

void task_fpu_free(struct fpu_state *fpu)
{
	slab_free(fpu_cache, fpu);
}

void fpu_to_memory(void)
{
	preempt_disable();
	if (!(READ_ONCE(current->head.work) & WORK_FPU_LOAD)) {
		fpu_save(current->fpu);
		__atomic_fetch_or(&current->head.work, WORK_FPU_LOAD, __ATOMIC_SEQ_CST);
	}
	preempt_enable();
}

static void task_init(struct task *task)
{
	ref_init(&task->ref, 1);
	spin_init(&task->lock, RANK_FS);
	signal_pending_init(&task->pending);
	for (unsigned int type = 0; type < PID_TYPES; type++)
		list_init(&AT(task->pid_links, type));
	list_init(&task->thread_link);
	list_init(&task->children);
	list_init(&task->sibling);
	task->start_ns = clock_ns();
}

struct task *task_alloc(bool kernel)
{
	struct task *task = slab_alloc(task_cache, SLAB_ZERO);

	if (!task)
		return NULL;
	task_init(task);
	task->sched.affinity = kmalloc(affinity_size(), SLAB_ZERO);
	task->stack = vmap_stack_alloc();
	if (!kernel)
		task->fpu = task_fpu_alloc();
	if (!task->sched.affinity || !task->stack || (!kernel && !task->fpu)) {
		task_free(task);
		return NULL;
	}
	task->head.kernel_stack_top = (char *)task->stack + KERNEL_STACK_SIZE;
	task->head.stack_guard = random_u64() &
				 ~0xffUL; /* a NUL ends any string that runs into it */
	if (current->sched.affinity)
		memcpy(task->sched.affinity, current->sched.affinity, affinity_size());
	else
		memset(task->sched.affinity, 0xff, affinity_size());
	return task;
}

void task_free(struct task *task)
{
	if (task->stack)
		vmap_stack_free(task->stack);
	task_fpu_free(task->fpu);
	kfree(task->sched.affinity);
	if (task->cred)
		cred_put(task->cred);
	if (task->process)
		process_put(task->process);
	pid_put(task->pid);
	slab_free(task_cache, task);
}

static void task_free_rcu(struct rcu_head *head)
{
	task_free(container_of(head, struct task, rcu));
}

void task_put(struct task *task)
{
	if (ref_put(&task->ref))
		rcu_call(&task->rcu, task_free_rcu);
}

struct task *task_find_get(s32 tid)
{
	struct task *task = NULL;
	struct pid *pid;

	rcu_read_lock();
	pid = tid > 0 ? pid_find(tid) : NULL;
	if (pid)
		task = pid_first(pid, PID_THREAD);
	if (task && !ref_try_get(&task->ref))
		task = NULL;
	rcu_read_unlock();
	return task;
}

struct cred *task_cred_get(struct task *task)
{
	struct cred *cred;

	rcu_read_lock();
	do {
		cred = rcu_dereference(task->cred);
	} while (!ref_try_get(&cred->ref));
	rcu_read_unlock();
	return cred;
}

struct sighand *task_lock_sighand(struct task *task, unsigned long *flags)
{
	struct sighand *sighand;

	rcu_read_lock();
	while ((sighand = rcu_dereference(task->sighand))) {
		*flags = spin_lock_irq(&sighand->lock);
		if (likely(sighand == READ_ONCE(task->sighand)))
			break;
		spin_unlock_irq(&sighand->lock, *flags);
	}
	rcu_read_unlock();
	return sighand;
}

struct sighand *process_lock_sighand(struct process *process, unsigned long *flags)
{
	struct sighand *sighand = NULL;
	struct task *leader;

	rcu_read_lock();
	leader = rcu_dereference(process->leader);
	if (leader)
		sighand = task_lock_sighand(leader, flags);
	rcu_read_unlock();
	return sighand;
}

/* For a new process: limits and marks of the parent's, nothing pending, no pids yet. NULL: out of memory. */
struct process *process_alloc(const struct process *from)
{
	struct process *process = slab_alloc(process_cache, SLAB_ZERO);

	if (!process)
		return NULL;
	ref_init(&process->ref, 1);
	list_init(&process->threads);
	signal_pending_init(&process->shared_pending);
	spin_init(&process->limits_lock, RANK_FS);
	memcpy(&process->limits, &from->limits, sizeof(process->limits));
	wait_queue_init(&process->child_wait);
	list_init(&process->posix_timers);
	process->start_ns = clock_ns();
	process->has_subreaper = from->has_subreaper || from->is_subreaper;
	process->oom_score_adjust = from->oom_score_adjust;
	process->oom_score_least = from->oom_score_least;
	mutex_init(&process->exec_lock, RANK_TASKLIST_EXEC);
	itimers_init(process);
	return process;
}

void process_put(struct process *process)
{
	if (!ref_put(&process->ref))
		return;
	signal_pending_flush(&process->shared_pending);
	for (unsigned int type = 0; type < PID_TYPES; type++)
		pid_put(AT(process->pids, type));
	if (process->tty)
		tty_put(process->tty);
	slab_free(process_cache, process);
}

/*
 * User and system time are sampled, the sum is exact: the samples only divide it. Without any the time counts as user
 * time, or as the system's in a kernel thread.
 */
void task_times(struct task *task, u64 *user_ns, u64 *system_ns)
{
	u64 total = task_runtime_ns(task), user = READ_ONCE(task->user_ns),
	    system = READ_ONCE(task->system_ns);

	if (!user && !system) {
		*system_ns = task->flags & TASK_FLAG_KERNEL ? total : 0;
	} else {
		u64 sum = user + system;

		/* total * system / sum without overflow: the quotient and the rest apart. */
		*system_ns = total / sum * system + total % sum * (system >> 10) / ((sum >> 10) | 1);
		*system_ns = MIN(*system_ns, total);
	}
	*user_ns = total - *system_ns;
}

void process_times_locked(struct process *process, u64 *user_ns, u64 *system_ns)
{
	struct task *thread;

	*user_ns = process->user_ns;
	*system_ns = process->system_ns;
	list_for_each_entry (thread, &process->threads, thread_link) {
		u64 user, system;

		task_times(thread, &user, &system);
		*user_ns += user;
		*system_ns += system;
	}
}

void process_times(struct process *process, u64 *user_ns, u64 *system_ns)
{
	unsigned long flags;
	struct sighand *sighand = process_lock_sighand(process, &flags);

	*user_ns = process->user_ns;
	*system_ns = process->system_ns;
	if (!sighand)
		return;
	process_times_locked(process, user_ns, system_ns);
	spin_unlock_irq(&sighand->lock, flags);
}
