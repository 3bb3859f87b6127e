/* What a task does on its way to user mode when a work flag is set. */
#include <kernel/sched.h>
#include <platform/cpu.h>
#include <platform/trap.h>

/* CLONE_CHILD_SETTID: the child writes it itself, into its own memory. */
static void child_tid_store(void)
{
	struct user_ptr at = current->set_child_tid;

	current->set_child_tid = user_ptr(0);
	if (at.addr)
		(void)!user_write_u32(at,
				      (u32)current->tid); /* as Linux: a bad address harms nobody */
}

static void exit_work_once(struct trap_frame *frame, u32 work)
{
	if (work & WORK_RESCHEDULE)
		schedule();
	if (work & WORK_NOTIFY) {
		child_tid_store();
		task_work_run();
		process_check_cpu();
	}
	if (work & WORK_SIGNAL)
		signal_deliver(frame);
}

void trap_exit_work(struct trap_frame *frame)
{
	u32 work;

	while ((work = READ_ONCE(current->head.work)) &
	       (WORK_RESCHEDULE | WORK_NOTIFY | WORK_SIGNAL)) {
		irq_enable();
		exit_work_once(frame, work);
		irq_disable();
	}
	/* Interrupts stay off from here: a switch would take the registers away again. */
	if (work & WORK_FPU_LOAD)
		fpu_load(current->fpu);
	if (work & (WORK_FPU_LOAD | WORK_FULL_RESTORE))
		task_clear_work(current, WORK_FPU_LOAD | WORK_FULL_RESTORE);
}

void trap_user_exception(struct trap_frame *frame, int signo, int code, u64 address)
{
	(void)frame;
	signal_fault(signo, code, address);
}
