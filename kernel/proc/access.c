/* Who may look into a process: what Linux asks for ptrace and for /proc. */
#include <abi/capability.h>
#include <abi/errno.h>
#include <kernel/procfs.h>
#include <kernel/task.h>
#include <kernel/vm.h>

/* Whom the running task acts as, and the capabilities that it must not have fewer of. */
struct looker {
	u32 uid, gid;
	u64 capabilities;
};

static bool looker_may(const struct looker *looker, const struct cred *other)
{
	return looker->uid == other->uid && looker->uid == other->euid &&
	       looker->uid == other->suid && looker->gid == other->gid &&
	       looker->gid == other->egid && looker->gid == other->sgid &&
	       !(other->cap_permitted & ~looker->capabilities);
}

/* False also if it has no memory. */
static bool memory_is(struct task *task, bool dumpable)
{
	bool is;

	spin_lock(&task->lock);
	is = task->mm && (task->mm->dumpable == 1) == dumpable;
	spin_unlock(&task->lock);
	return is;
}

bool task_is_dumpable(struct task *task)
{
	return memory_is(task, true);
}

static int access_check(struct task *task, const struct looker *looker)
{
	struct cred *other;
	bool may;

	if (task->process == current->process || capable(CAP_SYS_PTRACE))
		return 0;
	other = task_cred_get(task);
	may = looker_may(looker, other) && !memory_is(task, false);
	cred_put(other);
	return may ? 0 : -EACCES;
}

int task_access_check(struct task *task)
{
	const struct cred *cred = current->cred;

	return access_check(task, &(struct looker){ cred->fsuid, cred->fsgid, cred->cap_effective });
}

int task_access_check_real(struct task *task)
{
	const struct cred *cred = current->cred;

	return access_check(task, &(struct looker){ cred->uid, cred->gid, cred->cap_permitted });
}
