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

bool task_is_dumpable(struct task *task)
{
	bool dumpable;

	spin_lock(&task->lock);
	dumpable = task->mm && task->mm->dumpable == 1;
	spin_unlock(&task->lock);
	return dumpable;
}

static bool has_secrets(struct task *task)
{
	bool secret;

	spin_lock(&task->lock);
	secret = task->mm && task->mm->dumpable != 1;
	spin_unlock(&task->lock);
	return secret;
}

static int access_check(struct task *task, const struct looker *looker)
{
	struct cred *other;
	bool may;

	if (task->process == current->process || capable(CAP_SYS_PTRACE))
		return 0;
	other = task_cred_get(task);
	may = looker_may(looker, other) && !has_secrets(task);
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
