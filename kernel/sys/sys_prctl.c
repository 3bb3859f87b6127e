/* prctl and arch_prctl. */
#include <abi/capability.h>
#include <abi/errno.h>
#include <abi/prctl.h>
#include <kernel/sched.h>
#include <kernel/syscall.h>
#include <kernel/vm.h>
#include <lib/string.h>
#include <platform/cpu.h>

static long set_name(struct user_ptr from)
{
	char name[COMM_LEN] = { 0 };
	ssize_t length = user_string(name, from, COMM_LEN - 1);

	if (length < 0 && length != -ENAMETOOLONG)
		return length;
	name[COMM_LEN - 1] = 0;
	spin_lock(&current->lock);
	memcpy(current->comm, name, COMM_LEN);
	spin_unlock(&current->lock);
	return 0;
}

static long get_name(struct user_ptr to)
{
	char name[COMM_LEN];

	spin_lock(&current->lock);
	memcpy(name, current->comm, COMM_LEN);
	spin_unlock(&current->lock);
	return user_write(to, name, sizeof(name));
}

static long set_death_signal(u64 signo)
{
	if (signo > ABI_NSIG)
		return -EINVAL;
	current->parent_death_signal = (u32)signo;
	return 0;
}

static long set_dumpable(u64 value)
{
	if (value > 1)
		return -EINVAL;
	current->mm->dumpable = (u8)value;
	return 0;
}

/* Each of these edits a copy of the credentials. */
static long change_cred(void (*edit)(struct cred *cred, u64 argument), u64 argument)
{
	struct cred *cred = cred_clone();

	if (!cred)
		return -ENOMEM;
	edit(cred, argument);
	cred_commit(cred);
	return 0;
}

static void edit_keep_caps(struct cred *cred, u64 on)
{
	cred->securebits &= ~SECBIT_KEEP_CAPS;
	cred->securebits |= on ? SECBIT_KEEP_CAPS : 0;
}

static long set_keep_caps(u64 on)
{
	if (on > 1)
		return -EINVAL;
	if (current->cred->securebits & SECBIT_KEEP_CAPS_LOCKED)
		return -EPERM;
	return change_cred(edit_keep_caps, on);
}

static void edit_bounding_drop(struct cred *cred, u64 capability)
{
	cred->cap_bounding &= ~(1ULL << capability);
}

static long drop_bounding(u64 capability)
{
	if (!capable(CAP_SETPCAP))
		return -EPERM;
	return capability > CAP_LAST_CAP ? -EINVAL : change_cred(edit_bounding_drop, capability);
}

static void edit_securebits(struct cred *cred, u64 bits)
{
	cred->securebits = (u32)bits;
}

#define SECBITS_ALL 0xff
#define SECBITS_LOCKS 0xaa

static long set_securebits(u64 bits)
{
	u32 old = current->cred->securebits, locked = (old & SECBITS_LOCKS) >> 1;

	if ((bits & ~(u64)SECBITS_ALL) || ((old ^ bits) & locked) || (old & SECBITS_LOCKS & ~bits))
		return -EPERM;
	return capable(CAP_SETPCAP) ? change_cred(edit_securebits, bits) : -EPERM;
}

static void edit_no_new_privs(struct cred *cred, u64 on __unused)
{
	cred->no_new_privs = 1;
}

static void edit_ambient(struct cred *cred, u64 ambient)
{
	cred->cap_ambient = ambient;
}

static long ambient(u64 operation, u64 capability)
{
	const struct cred *cred = current->cred;
	u64 bit = 1ULL << (capability & 63);

	if (operation == PR_CAP_AMBIENT_CLEAR_ALL)
		return capability ? -EINVAL : change_cred(edit_ambient, 0);
	if (capability > CAP_LAST_CAP)
		return -EINVAL;
	switch (operation) {
	case PR_CAP_AMBIENT_IS_SET:
		return !!(cred->cap_ambient & bit);
	case PR_CAP_AMBIENT_LOWER:
		return change_cred(edit_ambient, cred->cap_ambient & ~bit);
	case PR_CAP_AMBIENT_RAISE:
		if (!(cred->cap_permitted & cred->cap_inheritable & bit) ||
		    (cred->securebits & SECBIT_NO_CAP_AMBIENT_RAISE))
			return -EPERM;
		return change_cred(edit_ambient, cred->cap_ambient | bit);
	}
	return -EINVAL;
}

static long prctl_cred(unsigned int option, u64 arg2, u64 arg3, u64 arg4, u64 arg5)
{
	switch (option) {
	case PR_GET_KEEPCAPS:
		return !!(current->cred->securebits & SECBIT_KEEP_CAPS);
	case PR_SET_KEEPCAPS:
		return set_keep_caps(arg2);
	case PR_CAPBSET_READ:
		return arg2 > CAP_LAST_CAP ? -EINVAL
					   : (long)(current->cred->cap_bounding >> arg2 & 1);
	case PR_CAPBSET_DROP:
		return drop_bounding(arg2);
	case PR_GET_SECUREBITS:
		return current->cred->securebits;
	case PR_SET_SECUREBITS:
		return set_securebits(arg2);
	case PR_SET_NO_NEW_PRIVS:
		return arg2 != 1 || arg3 || arg4 || arg5 ? -EINVAL
							 : change_cred(edit_no_new_privs, 1);
	case PR_GET_NO_NEW_PRIVS:
		return arg2 || arg3 || arg4 || arg5 ? -EINVAL : current->cred->no_new_privs;
	case PR_CAP_AMBIENT:
		return arg4 || arg5 ? -EINVAL : ambient(arg2, arg3);
	}
	return -EINVAL;
}

/* For whoever is a child of this process later. */
static long set_subreaper(bool on)
{
	current->process->is_subreaper = on;
	return 0;
}

static long set_huge_disabled(u64 disabled, u64 arg3, u64 arg4, u64 arg5)
{
	if (arg3 || arg4 || arg5)
		return -EINVAL;
	WRITE_ONCE(current->mm->huge_disabled, disabled != 0);
	return 0;
}

long sys_prctl(unsigned int option, u64 arg2, u64 arg3, u64 arg4, u64 arg5)
{
	switch (option) {
	case PR_SET_PDEATHSIG:
		return set_death_signal(arg2);
	case PR_GET_PDEATHSIG:
		return user_write_u32(user_ptr(arg2), current->parent_death_signal);
	case PR_GET_DUMPABLE:
		return current->mm->dumpable;
	case PR_SET_DUMPABLE:
		return set_dumpable(arg2);
	case PR_SET_NAME:
		return set_name(user_ptr(arg2));
	case PR_GET_NAME:
		return get_name(user_ptr(arg2));
	case PR_GET_TIMING:
		return PR_TIMING_STATISTICAL;
	case PR_SET_TIMING:
		return arg2 == PR_TIMING_STATISTICAL ? 0 : -EINVAL;
	case PR_SET_TIMERSLACK:
		current->timer_slack_ns = arg2 ? arg2 : 50000;
		return 0;
	case PR_GET_TIMERSLACK:
		return (long)current->timer_slack_ns;
	case PR_SET_CHILD_SUBREAPER:
		return set_subreaper(arg2);
	case PR_GET_CHILD_SUBREAPER:
		return user_write_u32(user_ptr(arg2), current->process->is_subreaper);
	case PR_SET_THP_DISABLE:
		return set_huge_disabled(arg2, arg3, arg4, arg5);
	case PR_GET_THP_DISABLE:
		return arg2 || arg3 || arg4 || arg5 ? -EINVAL : current->mm->huge_disabled;
	case PR_GET_TID_ADDRESS:
		return user_write_u64(user_ptr(arg2), current->clear_child_tid.addr);
	}
	return prctl_cred(option, arg2, arg3, arg4, arg5);
}

static long set_base(u64 *field, void (*load)(u64 base), u64 base)
{
	if (base >= USER_END)
		return -EPERM;
	preempt_disable();
	*field = base;
	load(base);
	preempt_enable();
	return 0;
}

long sys_arch_prctl(unsigned int option, u64 argument)
{
	switch (option) {
	case ARCH_SET_FS:
		return set_base(&current->fs_base, cpu_set_user_fs_base, argument);
	case ARCH_SET_GS:
		return set_base(&current->gs_base, cpu_set_user_gs_base, argument);
	case ARCH_GET_FS:
		return user_write_u64(user_ptr(argument), cpu_user_fs_base());
	case ARCH_GET_GS:
		return user_write_u64(user_ptr(argument), cpu_user_gs_base());
	}
	return -EINVAL;
}
