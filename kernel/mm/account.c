/* Limits and promises: RLIMIT_AS, RLIMIT_DATA, RLIMIT_MEMLOCK, and overcommit. */
#include "internal.h"

#include <abi/capability.h>
#include <abi/mman.h>
#include <kernel/cred.h>
#include <kernel/task.h>

int vm_overcommit_memory = OVERCOMMIT_GUESS;
unsigned long vm_overcommit_ratio = 50;
static atomic_long_t committed;

u64 vm_committed_pages(void)
{
	long pages = atomic_read(&committed);

	return pages > 0 ? (u64)pages : 0;
}

/* The largest sum of promises, mode 2; the most that one call may ask for, mode 0. */
static u64 commit_limit(int mode)
{
	u64 total = page_managed_count();

	return mode == OVERCOMMIT_NEVER ? total / 100 * vm_overcommit_ratio : total;
}

int vm_commit(u64 pages)
{
	u64 sum = (u64)atomic_add_return(&committed, (long)pages);
	int mode = READ_ONCE(vm_overcommit_memory);

	if (mode == OVERCOMMIT_ALWAYS)
		return 0;
	if ((mode == OVERCOMMIT_NEVER ? sum : pages) <= commit_limit(mode))
		return 0;
	vm_uncommit(pages);
	return -ENOMEM;
}

void vm_uncommit(u64 pages)
{
	atomic_sub(&committed, (long)pages);
}

bool mm_may_grow(struct mm *mm, u32 flags, u64 pages)
{
	u64 total = (u64)atomic_read(&mm->pages_total), data = (u64)atomic_read(&mm->pages_data);

	if (total + pages > task_limit(current, RLIMIT_AS) >> PAGE_SHIFT)
		return false;
	if (vma_private_writable(flags) && !(flags & VM_STACK) &&
	    data + pages > task_limit(current, RLIMIT_DATA) >> PAGE_SHIFT)
		return false;
	return true;
}

int mm_may_lock(struct mm *mm, u64 pages)
{
	u64 locked = (u64)atomic_read(&mm->pages_locked) + pages;

	if (locked <= task_limit(current, RLIMIT_MEMLOCK) >> PAGE_SHIFT || capable(CAP_IPC_LOCK))
		return 0;
	return -EAGAIN;
}
