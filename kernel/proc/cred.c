/* Credentials: copy, edit, publish; the groups and capabilities in them. */
#include <abi/capability.h>
#include <abi/errno.h>
#include <abi/prctl.h>
#include <kernel/cred.h>
#include <kernel/slab.h>
#include <kernel/task.h>
#include <kernel/vm.h>
#include <lib/sort.h>
#include <lib/string.h>

struct cred *cred_get(struct cred *cred)
{
	ref_get(&cred->ref);
	return cred;
}

static void cred_free_rcu(struct rcu_head *head)
{
	struct cred *cred = container_of(head, struct cred, rcu);

	kfree(cred->groups);
	if (cred->account)
		user_account_put(cred->account);
	kfree(cred);
}

void cred_put(struct cred *cred)
{
	if (ref_put(&cred->ref))
		rcu_call(&cred->rcu, cred_free_rcu);
}

struct cred *cred_clone(void)
{
	const struct cred *old = current->cred;
	struct cred *cred = kmalloc(sizeof(*cred), 0);

	if (!cred)
		return NULL;
	*cred = *old;
	ref_init(&cred->ref, 1);
	cred->groups = NULL;
	if (old->group_count) {
		cred->groups = kmalloc_array(old->group_count, sizeof(u32), 0);
		if (!cred->groups) {
			kfree(cred);
			return NULL;
		}
		memcpy(cred->groups, old->groups, old->group_count * sizeof(u32));
	}
	ref_get(&cred->account->ref);
	return cred;
}

/* Others may not read the memory of a process whose identity changed, until the next execve. */
static void identity_changed(void)
{
	if (current->mm)
		current->mm->dumpable = 0;
	current->parent_death_signal = 0;
}

void cred_commit(struct cred *cred)
{
	struct cred *old = current->cred;

	if (cred->euid != old->euid || cred->egid != old->egid || cred->fsuid != old->fsuid ||
	    cred->fsgid != old->fsgid || (cred->cap_permitted & ~old->cap_permitted))
		identity_changed();
	if (cred->account != old->account) {
		atomic_inc(&cred->account->tasks);
		atomic_dec(&old->account->tasks);
	}
	rcu_assign(current->cred, cred);
	cred_put(old);
}

int cred_set_uid(struct cred *cred, u32 uid)
{
	struct user_account *account = user_account_get(uid);

	if (!account)
		return -EAGAIN;
	user_account_put(cred->account);
	cred->account = account;
	cred->uid = uid;
	return 0;
}

bool capable(int capability)
{
	if (!(current->cred->cap_effective & (1ULL << capability)))
		return false;
	current->flags |= TASK_FLAG_SUPERPRIV;
	return true;
}

static bool groups_contain(const struct cred *cred, u32 gid)
{
	u32 low = 0, high = cred->group_count;

	while (low < high) {
		u32 middle = low + (high - low) / 2;

		if (cred->groups[middle] == gid)
			return true;
		if (cred->groups[middle] < gid)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

bool cred_in_group(const struct cred *cred, u32 gid)
{
	return cred->fsgid == gid || groups_contain(cred, gid);
}

bool in_group(u32 gid)
{
	return cred_in_group(current->cred, gid);
}

static int compare_ids(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

void cred_set_groups(struct cred *cred, u32 *groups, u32 count)
{
	kfree(cred->groups);
	if (count)
		sort(groups, count, sizeof(*groups), compare_ids);
	cred->groups = groups;
	cred->group_count = count;
}

/* Capabilities that work on files, which follow fsuid. */
#define CAP_FILE_SET                                                                               \
	((1ULL << CAP_CHOWN) | (1ULL << CAP_MKNOD) | (1ULL << CAP_DAC_OVERRIDE) |                  \
	 (1ULL << CAP_DAC_READ_SEARCH) | (1ULL << CAP_FOWNER) | (1ULL << CAP_FSETID) |             \
	 (1ULL << CAP_LINUX_IMMUTABLE) | (1ULL << CAP_MAC_OVERRIDE))

void cred_fix_capabilities(struct cred *cred, const struct cred *old)
{
	bool was_root = !old->uid || !old->euid || !old->suid;
	bool is_root = !cred->uid || !cred->euid || !cred->suid;

	if (cred->securebits & SECBIT_NO_SETUID_FIXUP)
		return;
	if (was_root && !is_root) {
		if (!(cred->securebits & SECBIT_KEEP_CAPS)) {
			cred->cap_permitted = 0;
			cred->cap_effective = 0;
		}
		cred->cap_ambient = 0;
	}
	if (!old->euid && cred->euid)
		cred->cap_effective = 0;
	if (old->euid && !cred->euid)
		cred->cap_effective = cred->cap_permitted;
	if (!old->fsuid && cred->fsuid)
		cred->cap_effective &= ~CAP_FILE_SET;
	if (old->fsuid && !cred->fsuid)
		cred->cap_effective |= cred->cap_permitted & CAP_FILE_SET;
}
