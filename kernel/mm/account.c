/* Limits and promises: RLIMIT_AS, RLIMIT_DATA, RLIMIT_MEMLOCK, and overcommit. */
#include "internal.h"

#include <abi/capability.h>
#include <abi/mman.h>
#include <kernel/cred.h>
#include <kernel/task.h>

int vm_overcommit_memory = OVERCOMMIT_GUESS;
unsigned long vm_overcommit_ratio = 50, vm_overcommit_kbytes;
static atomic_long_t committed;

u64 vm_committed_pages(void)
{
	long pages = atomic_read(&committed);

	return pages > 0 ? (u64)pages : 0;
}

/* Mode 2 keeps this from programs, in pages: for root to log in, and for the user of a large program to end it. */
#define ADMIN_RESERVE (8UL << 20 >> PAGE_SHIFT)
#define USER_RESERVE (128UL << 20 >> PAGE_SHIFT)
#define RESERVE_SHARE 32

u64 vm_commit_limit(void)
{
	u64 kbytes = READ_ONCE(vm_overcommit_kbytes);

	if (kbytes)
		return kbytes >> (PAGE_SHIFT - 10);
	return page_managed_count() * READ_ONCE(vm_overcommit_ratio) / 100;
}

/* What the running task may raise the sum of promises to, mode 2. */
static u64 commit_room(void)
{
	u64 limit = vm_commit_limit(), share = page_managed_count() / RESERVE_SHARE, kept = 0;

	if (!capable(CAP_SYS_ADMIN))
		kept = MIN(ADMIN_RESERVE, share);
	if (current->mm) {
		u64 size = (u64)atomic_read(&current->mm->pages_total) / RESERVE_SHARE;

		share = MIN(USER_RESERVE, share);
		kept += MIN(size, share);
	}
	return limit > kept ? limit - kept : 0;
}

int vm_commit(u64 pages)
{
	u64 sum = (u64)atomic_add_return(&committed, (long)pages);
	int mode = READ_ONCE(vm_overcommit_memory);

	if (mode == OVERCOMMIT_ALWAYS)
		return 0;
	if (mode == OVERCOMMIT_NEVER ? sum < commit_room() : pages <= page_managed_count())
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
