/*
 * kcmp: do two tasks share an object? The answer also orders objects, so that a program can sort them; by addresses that are
 * mixed with secrets, or it would tell where things lie in the kernel.
 */
#include <abi/errno.h>
#include <abi/kcmp.h>
#include <kernel/file.h>
#include <kernel/procfs.h>
#include <kernel/random.h>
#include <kernel/syscall.h>
#include <profile/bounds.h>

static u64 secrets[KCMP_TYPES][2]; /* [A] 0: not chosen yet */

static u64 secret(unsigned int type, unsigned int which)
{
	u64 *at = &AT(AT(secrets, type), which), old = READ_ONCE(*at), new;

	if (old)
		return old;
	new = random_u64() | 1;
	return try_cmpxchg(at, &old, new) ? new : old;
}

/* One to one: multiplying by an odd number loses nothing. */
static u64 mixed(unsigned int type, const void *object)
{
	return ((u64)object ^ secret(type, 0)) * secret(type, 1);
}

/* 0: the same; 1: the first is before the second; 2: behind it. */
static long compare(unsigned int type, const void *first, const void *second)
{
	u64 a = mixed(type, first), b = mixed(type, second);

	return a == b ? 0 : a < b ? 1 : 2;
}

/* With references, so that the two are not one after the other at the same place. */
static long compare_files(struct task *first, struct task *second, int fd1, int fd2)
{
	struct file *a = task_file_get(first, fd1), *b = task_file_get(second, fd2);
	long result = a && b ? compare(KCMP_FILE, a, b) : -EBADF;

	if (a)
		file_put(a);
	if (b)
		file_put(b);
	return result;
}

/* Only to be compared. Of what nobody has here, contexts of I/O priorities and semaphore adjustments, all have none. */
static const void *object_of(struct task *task, unsigned int type)
{
	const void *object = NULL;

	spin_lock(&task->lock);
	if (type == KCMP_VM)
		object = task->mm;
	else if (type == KCMP_FILES)
		object = task->files;
	else if (type == KCMP_FS)
		object = task->fs;
	else if (type == KCMP_SIGHAND)
		object = READ_ONCE(task->sighand);
	spin_unlock(&task->lock);
	return object;
}

static long compare_tasks(struct task *first, struct task *second, unsigned int type, int fd1,
			  int fd2)
{
	if (task_access_check_real(first) || task_access_check_real(second))
		return -EPERM;
	if (type == KCMP_FILE)
		return compare_files(first, second, fd1, fd2);
	if (type == KCMP_EPOLL_TFD)
		return -EOPNOTSUPP;
	if (type >= KCMP_TYPES)
		return -EINVAL;
	return compare(type, object_of(first, type), object_of(second, type));
}

long sys_kcmp(s32 pid1, s32 pid2, unsigned int type, int index1, int index2)
{
	struct task *first = task_find_get(pid1), *second = task_find_get(pid2);
	long result = -ESRCH;

	if (first && second)
		result = compare_tasks(first, second, type, index1, index2);
	if (first)
		task_put(first);
	if (second)
		task_put(second);
	return result;
}
