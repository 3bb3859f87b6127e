/* First stacks of new tasks. */
#include <platform/context.h>

#include <lib/string.h>
#include <platform/cpu.h>
#include <x86/entry.h>

_Static_assert(offsetof(struct context_frame, rip) == 6 * 8 && sizeof(struct context_frame) == 7 * 8,
	       "what context_switch pops");
_Static_assert(offsetof(struct context_frame, rbp) == 5 * 8, "pushed first");

/*
 * All stacks begin with room for the user frame, also those of kernel threads, which may become programs. Below it a word
 * of padding, as in the entry code, so that the first code finds RSP aligned for calls.
 */
static struct context_frame *context_frame_push(struct task_head *task, void *start)
{
	struct context_frame *context = (void *)((char *)task_user_frame(task) - 8);

	context--;
	memset(context, 0, sizeof(*context));
	context->rip = (u64)start;
	task->kernel_sp = context;
	return context;
}

void context_init_kernel(struct task_head *task, void (*entry)(void *arg), void *arg)
{
	struct context_frame *context = context_frame_push(task, kernel_task_start);

	context->rbx = (u64)entry;
	context->r12 = (u64)arg;
}

void context_init_user(struct task_head *task, const struct trap_frame *frame)
{
	*task_user_frame(task) = *frame;
	context_frame_push(task, entry_points()->user_task_start);
}

void context_enter_user(void)
{
	entry_points()->enter_user();
}
