/* Work flags of a task, and functions that wait for its next return to user mode. */
#include <abi/errno.h>
#include <kernel/sched.h>
#include <platform/cpu.h>

/* The list of a task that has exited: nothing is added any more. */
#define WORK_LIST_CLOSED ((struct task_work *)1)

void task_set_work(struct task *task, u32 work)
{
	u32 old = __atomic_fetch_or(&task->head.work, work, __ATOMIC_SEQ_CST);
	unsigned int cpu;

	if (task == current || (old & work) == work)
		return;
	/* In user mode it sees the flag at the end of the interrupt; if it has left that CPU meanwhile, on its way out. */
	cpu = READ_ONCE(task->sched.cpu);
	if (READ_ONCE(task->sched.on_cpu) && cpu != this_cpu_number())
		ipi_send(cpu, IPI_RESCHEDULE);
}

int task_work_add(struct task *task, struct task_work *work)
{
	struct task_work *head = READ_ONCE(task->work_list);

	do {
		if (head == WORK_LIST_CLOSED)
			return -ESRCH;
		work->next = head;
	} while (!try_cmpxchg(&task->work_list, &head, work));
	task_set_work(task, WORK_NOTIFY);
	return 0;
}

/* First come, first served. */
static struct task_work *list_reverse(struct task_work *work)
{
	struct task_work *reversed = NULL;

	while (work) {
		struct task_work *next = work->next;

		work->next = reversed;
		reversed = work;
		work = next;
	}
	return reversed;
}

/* Takes the whole list; an exiting task closes it once it is empty. NULL: done. */
static struct task_work *list_take(void)
{
	struct task_work *none = NULL;

	for (;;) {
		if (READ_ONCE(current->work_list))
			return xchg(&current->work_list, NULL);
		if (!(current->flags & TASK_FLAG_EXITING) ||
		    try_cmpxchg(&current->work_list, &none, WORK_LIST_CLOSED))
			return NULL;
		none = NULL;
	}
}

void task_work_run(void)
{
	struct task_work *work;

	task_clear_work(current, WORK_NOTIFY);
	while ((work = list_take())) {
		for (work = list_reverse(work); work;) {
			struct task_work *next = work->next;

			work->fn(work);
			work = next;
		}
	}
}
