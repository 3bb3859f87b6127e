/*
 * FAIL_ALLOC, a side option for tests: the n-th allocation of marked tasks fails.
 *
 * /proc/aramid/fail_nth: a number n > 0 marks the writing task, and with it every task that it creates from then on, and
 * arms one failure: the n-th allocation that marked tasks make from then on, counted together. 0 takes the mark away. Reading
 * gives how many allocations are left until the failure, and once it has happened 0 or less and who wanted the memory: the
 * callers, innermost first. Allocations of interrupt handlers are not counted.
 *
 * /proc/aramid/drain: a write waits for what is to be freed after a grace period, and empties this CPU's lists of free frames
 * and objects, so that the figures of /proc/slabinfo and /proc/meminfo are exact when each CPU has done so.
 */
#include "../internal.h"

#include <abi/errno.h>
#include <kernel/fail_alloc.h>
#include <kernel/preempt.h>
#include <kernel/procfs.h>
#include <kernel/rcu.h>
#include <kernel/task.h>
#include <lib/atomic.h>
#include <lib/parse.h>
#include <platform/symbols.h>

#define CALLERS_MAX 12

static s64 allocations_left; /* [A] */
static u64 callers[CALLERS_MAX]; /* written by the one task whose allocation fails */

static void callers_note(void)
{
	u64 low = (u64)__builtin_frame_address(0);
	size_t count = stack_walk(low, low, low + KERNEL_STACK_SIZE, callers, CALLERS_MAX);

	for (; count < CALLERS_MAX; count++)
		callers[count] = 0;
}

bool fail_alloc_now(void)
{
	if (likely(!(current->flags & TASK_FLAG_FAIL_ALLOC)) || in_interrupt())
		return false;
	if (__atomic_sub_fetch(&allocations_left, 1, __ATOMIC_RELAXED))
		return false;
	callers_note();
	return true;
}

static int fail_nth_show(struct seq_file *out, void *data)
{
	s64 left = __atomic_load_n(&allocations_left, __ATOMIC_RELAXED);

	(void)data;
	seq_printf(out, "%lld", (long long)left);
	for (u32 i = 0; left <= 0 && i < CALLERS_MAX && callers[i]; i++) {
		u64 offset;
		const char *name = symbol_find(callers[i], &offset);

		seq_printf(out, " %s", name ? name : "?");
	}
	seq_putc(out, '\n');
	return 0;
}

static ssize_t fail_nth_write(void *data, char *text, size_t size)
{
	int n;

	(void)data;
	if (parse_int(text, 10, &n) || n < 0)
		return -EINVAL;
	if (n)
		current->flags |= TASK_FLAG_FAIL_ALLOC;
	else
		current->flags &= ~TASK_FLAG_FAIL_ALLOC;
	__atomic_store_n(&allocations_left, n, __ATOMIC_RELAXED);
	return (ssize_t)size;
}

static ssize_t drain_write(void *data, char *text, size_t size)
{
	(void)data, (void)text;
	rcu_barrier();
	slab_shrink();
	page_drain_cpu_list();
	return (ssize_t)size;
}

static const struct proc_entry entries[] = {
	{ .name = "aramid/fail_nth", .mode = 0644, .show = fail_nth_show, .write = fail_nth_write },
	{ .name = "aramid/drain", .mode = 0200, .write = drain_write },
};

void fail_alloc_register(void)
{
	for (u32 i = 0; i < ARRAY_LEN(entries); i++)
		proc_register(&entries[i]);
}
