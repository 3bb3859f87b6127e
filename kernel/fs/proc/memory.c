/* /proc/<pid>/cmdline, environ, auxv, maps: what lies in a process's own memory, and how that is mapped. */
#include "internal.h"

#include <abi/auxvec.h>
#include <abi/errno.h>
#include <kernel/slab.h>
#include <kernel/vm.h>
#include <lib/string.h>

/* Copies [start, end) as far as it can be read. */
static int copy_range(struct seq_file *out, struct mm *mm, u64 start, u64 end)
{
	char *page = kmalloc(PAGE_SIZE, 0);

	if (!page)
		return -ENOMEM;
	while (start < end) {
		ssize_t size =
			vm_access_remote(mm, start, page, MIN(end - start, (u64)PAGE_SIZE), false);

		if (size <= 0)
			break;
		seq_write(out, page, (size_t)size);
		start += (u64)size;
	}
	kfree(page);
	return 0;
}

SHOW(cmdline)
{
	struct mm *mm = task_mm_get(target->task);
	int error;

	if (!mm)
		return 0;
	error = copy_range(out, mm, mm->arg_start, mm->arg_end);
	mm_put_user(mm);
	return error;
}

SHOW(environ)
{
	struct mm *mm = task_mm_get(target->task);
	int error;

	if (!mm)
		return 0;
	error = copy_range(out, mm, mm->env_start, mm->env_end);
	mm_put_user(mm);
	return error;
}

/* Pairs up to and with AT_NULL. */
SHOW(auxv)
{
	struct mm *mm = task_mm_get(target->task);
	size_t pairs = 0;

	if (!mm)
		return 0;
	while (2 * pairs + 2 < ARRAY_LEN(mm->auxv) && mm->auxv[2 * pairs] != AT_NULL)
		pairs++;
	seq_write(out, mm->auxv, (pairs + 1) * 2 * sizeof(mm->auxv[0]));
	mm_put_user(mm);
	return 0;
}

SHOW(maps)
{
	struct mm *mm = task_mm_get(target->task);

	if (!mm)
		return 0;
	vm_show_maps(out, mm);
	mm_put_user(mm);
	return 0;
}
