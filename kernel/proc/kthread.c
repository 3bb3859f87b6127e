/* Kernel threads and idle tasks. */
#include <abi/errno.h>
#include <abi/sched.h>
#include <kernel/sched.h>
#include <kernel/slab.h>
#include <lib/err.h>
#include <lib/printf.h>

#include "internal.h"

struct kthread_start {
	void (*entry)(void *arg);
	void *arg;
};

static void kthread_main(void *data)
{
	struct kthread_start start = *(struct kthread_start *)data;

	kfree(data);
	start.entry(start.arg);
	task_exit(0);
}

struct task *kthread_run(void (*entry)(void *arg), void *arg, const char *format, ...)
{
	struct kthread_start *start = kmalloc(sizeof(*start), 0);
	char name[COMM_LEN];
	struct clone_request request = { .flags = CLONE_FS,
					 .exit_signal = -1,
					 .entry = kthread_main,
					 .arg = start,
					 .name = name };
	struct task *task;
	va_list args;

	if (!start)
		return ERR_PTR(-ENOMEM);
	*start = (struct kthread_start){ entry, arg };
	va_start(args, format);
	vsnprintf(name, sizeof(name), format, args);
	va_end(args);
	task = task_clone(&request, NULL);
	if (IS_ERR(task)) {
		kfree(start);
		return task;
	}
	sched_start(task);
	task_put(task); /* it stays until it ends; the pointer is a name to the caller, not a reference */
	return task;
}

struct task *task_create_idle(unsigned int cpu)
{
	struct task *task = task_alloc(true);

	if (!task)
		return NULL;
	snprintf(task->comm, COMM_LEN, "swapper/%u", cpu);
	task->flags = TASK_FLAG_KERNEL;
	task->process = init_task.process;
	ref_get(&task->process->ref);
	task->sighand = init_task.sighand;
	ref_get(&task->sighand->ref);
	task->cred = cred_get(init_task.cred);
	task->pid = pid_get(&init_pid);
	task->parent = &init_task;
	sched_fork(task);
	task->sched.cpu = cpu;
	task->state = TASK_RUNNING;
	return task;
}
