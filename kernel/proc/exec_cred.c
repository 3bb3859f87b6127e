/* Who a program runs as: set-user-ID files, and the capabilities that come with root. */
#include <abi/errno.h>
#include <abi/mount.h>
#include <abi/prctl.h>
#include <abi/capability.h>
#include <kernel/file.h>
#include <kernel/vfs.h>
#include <kernel/vm.h>

#include "internal.h"

/* The owner's ids if the file asks for them and nothing speaks against it. */
static void take_file_ids(const struct exec *exec, struct cred *cred)
{
	const struct file *file = exec->program.file;
	const struct inode *inode = file->inode;
	u32 mode = READ_ONCE(inode->mode);

	if (cred->no_new_privs || (file->mount && file->mount->flags & MS_NOSUID))
		return;
	if (mode & S_ISUID)
		cred->euid = inode->uid;
	if ((mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP))
		cred->egid = inode->gid;
}

/* No file capabilities; root, real or effective, has all that the bounding set leaves. */
static void take_capabilities(struct cred *cred, bool set_id)
{
	bool root = !(cred->securebits & SECBIT_NOROOT);

	if (set_id)
		cred->cap_ambient = 0;
	cred->cap_permitted = cred->cap_ambient;
	cred->cap_effective = cred->cap_ambient;
	if (root && (!cred->euid || !cred->uid)) {
		cred->cap_permitted = cred->cap_bounding | cred->cap_inheritable;
		if (!cred->euid)
			cred->cap_effective = cred->cap_permitted;
	}
	cred->securebits &= ~SECBIT_KEEP_CAPS;
}

int exec_credentials(struct exec *exec)
{
	const struct cred *old = current->cred;
	struct cred *cred = cred_clone();
	bool set_id;

	if (!cred)
		return -ENOMEM;
	exec->cred = cred;
	take_file_ids(exec, cred);
	set_id = cred->euid != old->euid || cred->egid != old->egid;
	cred->suid = cred->fsuid = cred->euid;
	cred->sgid = cred->fsgid = cred->egid;
	take_capabilities(cred, set_id);
	exec->secure = set_id || (cred->uid && !cred->euid && cred->cap_permitted);
	return 0;
}

void exec_credentials_commit(struct exec *exec)
{
	const struct cred *cred = exec->cred;
	bool plain = cred->uid == cred->euid && cred->gid == cred->egid;

	cred_commit(exec->cred);
	exec->cred = NULL;
	current->mm->dumpable = plain;
	if (exec->secure)
		current->parent_death_signal = 0;
}
