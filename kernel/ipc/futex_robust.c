/* Robust lists: locks in user memory that a dead thread held are marked, so that the next one to take them knows. */
#include <abi/capability.h>
#include <abi/errno.h>
#include <abi/futex.h>
#include <kernel/futex.h>
#include <kernel/sched.h>
#include <kernel/syscall.h>

#include "futex_internal.h"

/* Bit 0 of a list pointer says that the lock inherits priority. */
static u64 entry_address(u64 link)
{
	return link & ~1UL;
}

/* The lock word of one entry. 0, or -EFAULT: the list is broken, the walk ends. */
static int lock_died(struct user_ptr word, bool pending)
{
	u32 value, found;
	int error;

	if (word.addr % sizeof(u32))
		return -EFAULT;
	error = user_read_u32(&value, word);
	for (;;) {
		if (error)
			return error;
		/* Released, but the waiter was not woken yet. */
		if (pending && !value) {
			futex_wake_address(word);
			return 0;
		}
		if ((value & FUTEX_TID_MASK) != (u32)current->tid)
			return 0;
		error = user_cmpxchg_u32(word, value, (value & FUTEX_WAITERS) | FUTEX_OWNER_DIED,
					 &found);
		if (!error && found == value)
			break;
		value = found;
	}
	if (value & FUTEX_WAITERS)
		futex_wake_address(word);
	return 0;
}

void futex_exit_robust(void)
{
	struct abi_robust_list_head head;
	struct user_ptr at = current->robust_list;
	unsigned int limit = ROBUST_LIST_LIMIT;
	u64 link, next, pending;

	current->robust_list = user_ptr(0);
	if (!at.addr || user_read(&head, at, sizeof(head)))
		return;
	pending = entry_address(head.list_op_pending);
	for (link = head.list.next; entry_address(link) != at.addr && limit; link = next, limit--) {
		int error = user_read_u64(&next, user_ptr(entry_address(link)));

		/* The one that an interrupted operation was at is dealt with last. */
		if (entry_address(link) != pending &&
		    lock_died(user_ptr(entry_address(link) + (u64)head.futex_offset), false))
			return;
		if (error)
			return;
	}
	if (pending)
		(void)lock_died(user_ptr(pending + (u64)head.futex_offset), true);
}

long sys_set_robust_list(struct user_ptr head, size_t length)
{
	if (length != sizeof(struct abi_robust_list_head))
		return -EINVAL;
	current->robust_list = head;
	return 0;
}

long sys_get_robust_list(s32 pid, struct user_ptr head, struct user_ptr length)
{
	struct user_ptr list;
	struct task *task;

	if (!pid)
		pid = current->tid;
	task = task_find_get(pid);
	if (!task)
		return -ESRCH;
	list = task->robust_list;
	if (task->process != current->process && !capable(CAP_SYS_PTRACE)) {
		task_put(task);
		return -EPERM;
	}
	task_put(task);
	if (user_write_u64(length, sizeof(struct abi_robust_list_head)))
		return -EFAULT;
	return user_write_u64(head, list.addr);
}
