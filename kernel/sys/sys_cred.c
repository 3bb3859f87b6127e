/* User and group ids, supplementary groups, capabilities. */
#include <abi/capability.h>
#include <abi/errno.h>
#include <abi/limits.h>
#include <kernel/sched.h>
#include <kernel/slab.h>
#include <kernel/syscall.h>

#define ID_KEEP (~0u)

long sys_getuid(void)
{
	return current->cred->uid;
}

long sys_geteuid(void)
{
	return current->cred->euid;
}

long sys_getgid(void)
{
	return current->cred->gid;
}

long sys_getegid(void)
{
	return current->cred->egid;
}

/* Publishes `cred` with its user ids changed, or drops it. */
static long commit_uids(struct cred *cred, long error)
{
	if (!error && cred->uid != current->cred->uid)
		error = cred_set_uid(cred, cred->uid);
	if (error) {
		cred_put(cred);
		return error;
	}
	cred_fix_capabilities(cred, current->cred);
	cred_commit(cred);
	return 0;
}

static long commit_gids(struct cred *cred, long error)
{
	if (error)
		cred_put(cred);
	else
		cred_commit(cred);
	return error;
}

long sys_setuid(u32 uid)
{
	struct cred *cred = cred_clone();
	long error = 0;

	if (!cred)
		return -ENOMEM;
	if (uid == ID_KEEP)
		error = -EINVAL;
	else if (capable(CAP_SETUID))
		cred->uid = cred->suid = uid;
	else if (uid != cred->uid && uid != cred->suid)
		error = -EPERM;
	cred->euid = cred->fsuid = uid;
	return commit_uids(cred, error);
}

long sys_setgid(u32 gid)
{
	struct cred *cred = cred_clone();
	long error = 0;

	if (!cred)
		return -ENOMEM;
	if (gid == ID_KEEP)
		error = -EINVAL;
	else if (capable(CAP_SETGID))
		cred->gid = cred->sgid = gid;
	else if (gid != cred->gid && gid != cred->sgid)
		error = -EPERM;
	cred->egid = cred->fsgid = gid;
	return commit_gids(cred, error);
}

/* The new id is kept, or one that the process has already. */
static bool is_one_of(u32 id, u32 a, u32 b, u32 c)
{
	return id == ID_KEEP || id == a || id == b || id == c;
}

long sys_setreuid(u32 ruid, u32 euid)
{
	const struct cred *old = current->cred;
	struct cred *cred = cred_clone();
	bool allowed;

	if (!cred)
		return -ENOMEM;
	allowed = is_one_of(ruid, old->uid, old->euid, old->uid) &&
		  is_one_of(euid, old->uid, old->euid, old->suid);
	if (ruid != ID_KEEP)
		cred->uid = ruid;
	if (euid != ID_KEEP)
		cred->euid = euid;
	if (ruid != ID_KEEP || (euid != ID_KEEP && euid != old->uid))
		cred->suid = cred->euid;
	cred->fsuid = cred->euid;
	return commit_uids(cred, allowed || capable(CAP_SETUID) ? 0 : -EPERM);
}

long sys_setregid(u32 rgid, u32 egid)
{
	const struct cred *old = current->cred;
	struct cred *cred = cred_clone();
	bool allowed;

	if (!cred)
		return -ENOMEM;
	allowed = is_one_of(rgid, old->gid, old->egid, old->gid) &&
		  is_one_of(egid, old->gid, old->egid, old->sgid);
	if (rgid != ID_KEEP)
		cred->gid = rgid;
	if (egid != ID_KEEP)
		cred->egid = egid;
	if (rgid != ID_KEEP || (egid != ID_KEEP && egid != old->gid))
		cred->sgid = cred->egid;
	cred->fsgid = cred->egid;
	return commit_gids(cred, allowed || capable(CAP_SETGID) ? 0 : -EPERM);
}

long sys_setresuid(u32 ruid, u32 euid, u32 suid)
{
	const struct cred *old = current->cred;
	struct cred *cred = cred_clone();
	bool allowed;

	if (!cred)
		return -ENOMEM;
	allowed = is_one_of(ruid, old->uid, old->euid, old->suid) &&
		  is_one_of(euid, old->uid, old->euid, old->suid) &&
		  is_one_of(suid, old->uid, old->euid, old->suid);
	if (ruid != ID_KEEP)
		cred->uid = ruid;
	if (euid != ID_KEEP)
		cred->euid = euid;
	if (suid != ID_KEEP)
		cred->suid = suid;
	cred->fsuid = cred->euid;
	return commit_uids(cred, allowed || capable(CAP_SETUID) ? 0 : -EPERM);
}

long sys_setresgid(u32 rgid, u32 egid, u32 sgid)
{
	const struct cred *old = current->cred;
	struct cred *cred = cred_clone();
	bool allowed;

	if (!cred)
		return -ENOMEM;
	allowed = is_one_of(rgid, old->gid, old->egid, old->sgid) &&
		  is_one_of(egid, old->gid, old->egid, old->sgid) &&
		  is_one_of(sgid, old->gid, old->egid, old->sgid);
	if (rgid != ID_KEEP)
		cred->gid = rgid;
	if (egid != ID_KEEP)
		cred->egid = egid;
	if (sgid != ID_KEEP)
		cred->sgid = sgid;
	cred->fsgid = cred->egid;
	return commit_gids(cred, allowed || capable(CAP_SETGID) ? 0 : -EPERM);
}

static long write_ids(struct user_ptr r, struct user_ptr e, struct user_ptr s, u32 real,
		      u32 effective, u32 saved)
{
	if (user_write_u32(r, real) || user_write_u32(e, effective) || user_write_u32(s, saved))
		return -EFAULT;
	return 0;
}

long sys_getresuid(struct user_ptr ruid, struct user_ptr euid, struct user_ptr suid)
{
	const struct cred *cred = current->cred;

	return write_ids(ruid, euid, suid, cred->uid, cred->euid, cred->suid);
}

long sys_getresgid(struct user_ptr rgid, struct user_ptr egid, struct user_ptr sgid)
{
	const struct cred *cred = current->cred;

	return write_ids(rgid, egid, sgid, cred->gid, cred->egid, cred->sgid);
}

/* These return the old id whatever happens. */
long sys_setfsuid(u32 uid)
{
	u32 old = current->cred->fsuid;
	struct cred *cred = cred_clone();

	if (!cred)
		return old;
	if (uid == ID_KEEP || (uid != cred->uid && uid != cred->euid && uid != cred->suid &&
			       uid != cred->fsuid && !capable(CAP_SETUID))) {
		cred_put(cred);
		return old;
	}
	cred->fsuid = uid;
	(void)commit_uids(cred, 0);
	return old;
}

long sys_setfsgid(u32 gid)
{
	u32 old = current->cred->fsgid;
	struct cred *cred = cred_clone();

	if (!cred)
		return old;
	if (gid == ID_KEEP || (gid != cred->gid && gid != cred->egid && gid != cred->sgid &&
			       gid != cred->fsgid && !capable(CAP_SETGID))) {
		cred_put(cred);
		return old;
	}
	cred->fsgid = gid;
	(void)commit_gids(cred, 0);
	return old;
}

long sys_getgroups(int size, struct user_ptr list)
{
	const struct cred *cred = current->cred;

	if (size < 0)
		return -EINVAL;
	if (size) {
		if ((u32)size < cred->group_count)
			return -EINVAL;
		if (cred->group_count &&
		    user_write(list, cred->groups, cred->group_count * sizeof(u32)))
			return -EFAULT;
	}
	return cred->group_count;
}

long sys_setgroups(int size, struct user_ptr list)
{
	struct cred *cred;
	u32 *groups = NULL;

	if (!capable(CAP_SETGID))
		return -EPERM;
	if ((unsigned int)size > NGROUPS_MAX)
		return -EINVAL;
	if (size) {
		groups = kmalloc_array((size_t)size, sizeof(u32), 0);
		if (!groups)
			return -ENOMEM;
		if (user_read(groups, list, (size_t)size * sizeof(u32))) {
			kfree(groups);
			return -EFAULT;
		}
	}
	cred = cred_clone();
	if (!cred) {
		kfree(groups);
		return -ENOMEM;
	}
	cred_set_groups(cred, groups, (u32)size);
	cred_commit(cred);
	return 0;
}

/* How many 32-bit words the version has: 0 for one we do not know, and then ours is written back. */
static int cap_words(struct user_ptr user_header, struct abi_cap_header *header, unsigned int *words)
{
	if (user_read(header, user_header, sizeof(*header)))
		return -EFAULT;
	switch (header->version) {
	case _LINUX_CAPABILITY_VERSION_1:
		*words = 1;
		return 0;
	case _LINUX_CAPABILITY_VERSION_2:
	case _LINUX_CAPABILITY_VERSION_3:
		*words = 2;
		return 0;
	}
	return user_write_u32(user_header, _LINUX_CAPABILITY_VERSION_3) ? -EFAULT : -EINVAL;
}

static int cap_of_task(s32 pid, u64 caps[3])
{
	struct task *task;
	struct cred *cred;

	if (pid < 0)
		return -EINVAL;
	task = task_find_get(pid ? pid : current->tid);
	if (!task)
		return -ESRCH;
	cred = task_cred_get(task);
	caps[0] = cred->cap_effective;
	caps[1] = cred->cap_permitted;
	caps[2] = cred->cap_inheritable;
	cred_put(cred);
	task_put(task);
	return 0;
}

long sys_capget(struct user_ptr user_header, struct user_ptr data)
{
	struct abi_cap_header header;
	struct abi_cap_data words[2];
	unsigned int count;
	u64 caps[3];
	int error = cap_words(user_header, &header, &count);

	/* Asking which version we have. */
	if (!data.addr && error != -EFAULT)
		return 0;
	if (!error)
		error = cap_of_task(header.pid, caps);
	if (error)
		return error;
	for (unsigned int i = 0; i < 2; i++)
		words[i] = (struct abi_cap_data){ (u32)(caps[0] >> 32 * i), (u32)(caps[1] >> 32 * i),
						  (u32)(caps[2] >> 32 * i) };
	return user_write(data, words, count * sizeof(words[0]));
}

static bool is_subset(u64 part, u64 whole)
{
	return !(part & ~whole);
}

long sys_capset(struct user_ptr user_header, struct user_ptr data)
{
	const struct cred *old = current->cred;
	struct abi_cap_header header;
	struct abi_cap_data words[2] = { 0 };
	u64 effective, permitted, inheritable;
	struct cred *cred;
	unsigned int count;
	int error = cap_words(user_header, &header, &count);

	if (error)
		return error;
	if (header.pid && header.pid != current->tid)
		return -EPERM;
	if (user_read(words, data, count * sizeof(words[0])))
		return -EFAULT;
	effective = (words[0].effective | (u64)words[1].effective << 32) & CAP_FULL_SET;
	permitted = (words[0].permitted | (u64)words[1].permitted << 32) & CAP_FULL_SET;
	inheritable = (words[0].inheritable | (u64)words[1].inheritable << 32) & CAP_FULL_SET;
	if (!is_subset(permitted, old->cap_permitted) || !is_subset(effective, permitted))
		return -EPERM;
	if (!capable(CAP_SETPCAP) &&
	    !is_subset(inheritable, old->cap_inheritable | old->cap_permitted))
		return -EPERM;
	if (!is_subset(inheritable, old->cap_inheritable | old->cap_bounding))
		return -EPERM;
	cred = cred_clone();
	if (!cred)
		return -ENOMEM;
	cred->cap_effective = effective;
	cred->cap_permitted = permitted;
	cred->cap_inheritable = inheritable;
	cred->cap_ambient &= permitted & inheritable;
	cred_commit(cred);
	return 0;
}
