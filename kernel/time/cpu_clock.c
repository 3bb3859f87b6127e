/*
 * Clocks of CPU time. Linux's ids: the process or thread number, inverted, in the upper 29 bits (0: the caller's), bit 2 for a
 * thread, and what is measured in the lowest two. The two ids of POSIX stand for 0 with all time that was used.
 */
#include <abi/errno.h>
#include <kernel/sched.h>

#include "internal.h"

#define CLOCK_PROF 0 /* user and system time */
#define CLOCK_VIRT 1 /* user time */
#define CLOCK_SCHED 2 /* all, to the nanosecond */
#define CLOCK_WHICH_MASK 3
#define CLOCK_OF_THREAD 4

/* The id in the general form. */
static int cpu_clock_id(int clock_id)
{
	if (clock_id == CLOCK_PROCESS_CPUTIME_ID)
		return (int)(~0u << 3) | CLOCK_SCHED;
	if (clock_id == CLOCK_THREAD_CPUTIME_ID)
		return (int)(~0u << 3) | CLOCK_OF_THREAD | CLOCK_SCHED;
	return clock_id;
}

bool clock_is_cpu_time(int clock_id)
{
	return cpu_clock_id(clock_id) < 0 &&
	       (cpu_clock_id(clock_id) & CLOCK_WHICH_MASK) <= CLOCK_SCHED;
}

bool cpu_clock_is_fine(int clock_id)
{
	return (cpu_clock_id(clock_id) & CLOCK_WHICH_MASK) == CLOCK_SCHED;
}

/* With a reference. NULL: none, or a thread of another process, or for a process's clock no process. */
struct task *cpu_clock_task(int clock_id, bool *thread)
{
	s32 number = ~(cpu_clock_id(clock_id) >> 3);
	struct task *task = current;

	*thread = cpu_clock_id(clock_id) & CLOCK_OF_THREAD;
	if (!number || number == current->tid) {
		task_get(task);
		return task;
	}
	task = task_find_get(number);
	if (!task)
		return NULL;
	if (*thread ? task->process == current->process : task->tid == task->tgid)
		return task;
	task_put(task);
	return NULL;
}

static u64 process_clock_of(int id, u64 user, u64 system)
{
	return (id & CLOCK_WHICH_MASK) == CLOCK_VIRT ? user : user + system;
}

static u64 thread_clock_of(struct task *task, int id)
{
	u64 user, system;

	if ((id & CLOCK_WHICH_MASK) == CLOCK_SCHED)
		return task_runtime_ns(task);
	task_times(task, &user, &system);
	return process_clock_of(id, user, system);
}

static __always_inline u64 clock_of(struct task *task, int clock_id,
				    void times(struct process *process, u64 *user, u64 *system))
{
	int id = cpu_clock_id(clock_id);
	u64 user, system;

	if (id & CLOCK_OF_THREAD)
		return thread_clock_of(task, id);
	times(task->process, &user, &system);
	return process_clock_of(id, user, system);
}

u64 cpu_clock_of(struct task *task, int clock_id)
{
	return clock_of(task, clock_id, process_times);
}

u64 cpu_clock_of_locked(struct task *task, int clock_id)
{
	return clock_of(task, clock_id, process_times_locked);
}

int cpu_clock_read(int clock_id, u64 *ns)
{
	struct task *task;
	bool thread;

	if (!clock_is_cpu_time(clock_id))
		return -EINVAL;
	task = cpu_clock_task(clock_id, &thread);
	if (!task)
		return -EINVAL;
	*ns = cpu_clock_of(task, clock_id);
	task_put(task);
	return 0;
}
