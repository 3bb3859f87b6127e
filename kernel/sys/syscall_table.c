/* The dispatch table and the description of each call, both made from the one list; calls that do not exist. */
#include <abi/errno.h>
#include <kernel/init.h>
#include <kernel/seq_file.h>
#include <kernel/syscall.h>
#include <kernel/task.h>
#include <lib/atomic.h>
#include <platform/trap.h>

/* How often each number that we do not have was called: never a message, a program could cause a storm of them. */
static u64 unknown_calls[SYSCALL_COUNT];
static u64 unknown_calls_beyond;

long syscall_unknown(u64 number)
{
	u64 *counter = number < SYSCALL_COUNT ? &unknown_calls[number] : &unknown_calls_beyond;

	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
	return -ENOSYS;
}

void syscall_show_unknown(struct seq_file *out)
{
	for (unsigned int nr = 0; nr < SYSCALL_COUNT; nr++)
		if (READ_ONCE(unknown_calls[nr]))
			seq_printf(out, "%u %llu\n", nr,
				   (unsigned long long)READ_ONCE(unknown_calls[nr]));
	if (READ_ONCE(unknown_calls_beyond))
		seq_printf(out, "beyond %llu\n",
			   (unsigned long long)READ_ONCE(unknown_calls_beyond));
}

/*
 * Handlers take their arguments in the registers in which assembly passes six of them, so one function type fits all: the
 * ABI passes a struct of one word as that word, and a callee ignores the upper half of a register that holds an int.
 */
#define TABLE(nr, fn) [nr] = (syscall_fn)(void (*)(void))fn,
#define SYSCALL0(nr, name) TABLE(nr, sys_##name)
#define SYSCALL1(nr, name, ...) TABLE(nr, sys_##name)
#define SYSCALL2 SYSCALL1
#define SYSCALL3 SYSCALL1
#define SYSCALL4 SYSCALL1
#define SYSCALL5 SYSCALL1
#define SYSCALL6 SYSCALL1
#define SYSCALLF0(nr, name) TABLE(nr, full_frame_##name)
#define SYSCALLF1(nr, name, ...) TABLE(nr, full_frame_##name)
#define SYSCALLF2 SYSCALLF1
#define SYSCALLF3 SYSCALLF1
#define SYSCALLF5 SYSCALLF1

/* A hole in the table, through its stub: the frame has the number. */
long full_frame_missing(void);
long sys_missing(void);
long sys_missing(void)
{
	return syscall_unknown(task_user_frame(&current->head)->orig_rax);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init" /* each call of the list replaces the hole */
const syscall_fn syscall_table[SYSCALL_COUNT] = {
	[0 ... SYSCALL_COUNT - 1] = (syscall_fn)(void (*)(void))full_frame_missing,
#include <kernel/syscall_list.h>
};
#pragma GCC diagnostic pop
#include <kernel/syscall_undef.h>

#define INFO(nr, text, n, ...)                                                                     \
	[nr] = { .name = text,                                                                     \
		 .count = n,                                                                       \
		 .arguments = (const struct syscall_argument[]){ __VA_ARGS__ } },
#define SYSCALL0(nr, call) [nr] = { .name = #call },
#define SYSCALL1(nr, call, k1, a1) INFO(nr, #call, 1, { #k1, #a1 })
#define SYSCALL2(nr, call, k1, a1, k2, a2) INFO(nr, #call, 2, { #k1, #a1 }, { #k2, #a2 })
#define SYSCALL3(nr, call, k1, a1, k2, a2, k3, a3)                                                 \
	INFO(nr, #call, 3, { #k1, #a1 }, { #k2, #a2 }, { #k3, #a3 })
#define SYSCALL4(nr, call, k1, a1, k2, a2, k3, a3, k4, a4)                                         \
	INFO(nr, #call, 4, { #k1, #a1 }, { #k2, #a2 }, { #k3, #a3 }, { #k4, #a4 })
#define SYSCALL5(nr, call, k1, a1, k2, a2, k3, a3, k4, a4, k5, a5)                                 \
	INFO(nr, #call, 5, { #k1, #a1 }, { #k2, #a2 }, { #k3, #a3 }, { #k4, #a4 }, { #k5, #a5 })
#define SYSCALL6(nr, call, k1, a1, k2, a2, k3, a3, k4, a4, k5, a5, k6, a6)                         \
	INFO(nr, #call, 6, { #k1, #a1 }, { #k2, #a2 }, { #k3, #a3 }, { #k4, #a4 }, { #k5, #a5 },   \
	     { #k6, #a6 })
#define SYSCALLF0 SYSCALL0
#define SYSCALLF1 SYSCALL1
#define SYSCALLF2 SYSCALL2
#define SYSCALLF3 SYSCALL3
#define SYSCALLF5 SYSCALL5

const struct syscall_info syscall_infos[SYSCALL_COUNT] = {
#include <kernel/syscall_list.h>
};

const u32 syscall_count = SYSCALL_COUNT;

/* Nobody sets WORK_TRACE yet: ptrace will, and then these stop the task for its tracer. */
u64 syscall_trace_enter(struct trap_frame *frame)
{
	return frame->orig_rax;
}

void syscall_trace_exit(struct trap_frame *frame)
{
	(void)frame;
}
