/* fcntl and ioctl: what they do for every file; the rest goes to the file's own operations. */
#include <kernel/syscall.h>

#include <abi/capability.h>
#include <abi/errno.h>
#include <abi/fcntl.h>
#include <abi/ioctl.h>
#include <kernel/file.h>
#include <kernel/file_locks.h>
#include <kernel/pid.h>
#include <kernel/pipe.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <kernel/vfs.h>
#include <lib/err.h>

/* --- Flags ------------------------------------------------------------------------------------------------------------- */

#define FLAGS_SETTABLE (O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME)

static void flags_change(struct file *file, u32 clear, u32 set)
{
	spin_lock(&file->lock);
	file->flags = (file->flags & ~clear) | set;
	spin_unlock(&file->lock);
}

static long set_flags(int fd, struct file *file, u32 flags)
{
	int error = 0;

	if ((flags & O_NOATIME) && !(file->flags & O_NOATIME) &&
	    current->cred->fsuid != file->inode->uid && !capable(CAP_FOWNER))
		return -EPERM;
	if ((flags & O_DIRECT) && !S_ISFIFO(file->inode->mode))
		return -EINVAL;
	if (((file->flags ^ flags) & FASYNC) && file->ops->async)
		error = file_set_async(file, fd, flags & FASYNC);
	if (!error)
		flags_change(file, FLAGS_SETTABLE, flags & FLAGS_SETTABLE);
	return error;
}

static long dup_from(struct file *file, u64 minimum, u32 flags)
{
	int fd = minimum > 0x7fffffff ? -EINVAL : fd_reserve_from((int)minimum, flags);

	if (fd >= 0)
		fd_install(fd, file_get(file));
	return fd;
}

/* --- Owner --------------------------------------------------------------------------------------------------------------- */

static long set_owner_ex(struct file *file, struct user_ptr user)
{
	static const u8 types[] = {
		[F_OWNER_TID] = PID_THREAD, [F_OWNER_PID] = PID_PROCESS, [F_OWNER_PGRP] = PID_GROUP
	};
	struct abi_f_owner_ex owner;

	if (user_read(&owner, user, sizeof(owner)))
		return -EFAULT;
	if (owner.type < F_OWNER_TID || owner.type > F_OWNER_PGRP)
		return -EINVAL;
	return file_set_owner_number(file, owner.pid, types[owner.type]);
}

static long get_owner_ex(struct file *file, struct user_ptr user)
{
	struct abi_f_owner_ex owner;
	enum pid_type type;

	owner.pid = file_owner_number(file, &type);
	owner.type = type == PID_GROUP	  ? F_OWNER_PGRP
		     : type == PID_THREAD ? F_OWNER_TID
					  : F_OWNER_PID;
	return user_write(user, &owner, sizeof(owner));
}

/* --- Record locks ----------------------------------------------------------------------------------------------------------- */

static long get_lock(struct file *file, struct user_ptr user, bool ofd)
{
	struct abi_flock flock;
	int error;

	if (user_read(&flock, user, sizeof(flock)))
		return -EFAULT;
	error = file_get_record(file, &flock, ofd);
	return error ? error : user_write(user, &flock, sizeof(flock));
}

/*
 * A close of the descriptor in another thread, which may be gone by now, between our look at it and the lock would leave the
 * lock behind. A close ends all of the owner's locks on the file, so here too: that takes no memory.
 */
static long recheck_descriptor(int fd, struct file *file)
{
	if (fd_is_file(fd, file))
		return 0;
	locks_release_posix(file, current->files);
	return -EBADF;
}

static long set_lock(int fd, struct file *file, struct user_ptr user, bool ofd, bool wait)
{
	struct abi_flock flock;
	long error;

	if (user_read(&flock, user, sizeof(flock)))
		return -EFAULT;
	error = file_set_record(file, &flock, ofd, wait);
	if (error || ofd || flock.l_type == F_UNLCK)
		return error;
	return recheck_descriptor(fd, file);
}

/* --- fcntl -------------------------------------------------------------------------------------------------------------------- */

/* Commands that work on O_PATH descriptors too; -ENOSYS: it is another one. */
static long fcntl_any(int fd, struct file *file, unsigned int command, u64 argument)
{
	switch (command) {
	case F_DUPFD:
		return dup_from(file, argument, 0);
	case F_DUPFD_CLOEXEC:
		return dup_from(file, argument, O_CLOEXEC);
	case F_GETFD:
		return fd_close_on_exec(fd) ? FD_CLOEXEC : 0;
	case F_SETFD:
		fd_set_close_on_exec(fd, argument & FD_CLOEXEC);
		return 0;
	}
	return file->mode & FILE_PATH_ONLY ? -EBADF : -ENOSYS;
}

static long fcntl_lock(int fd, struct file *file, unsigned int command, struct user_ptr user)
{
	switch (command) {
	case F_GETLK:
		return get_lock(file, user, false);
	case F_OFD_GETLK:
		return get_lock(file, user, true);
	case F_SETLK:
	case F_SETLKW:
		return set_lock(fd, file, user, false, command == F_SETLKW);
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return set_lock(fd, file, user, true, command == F_OFD_SETLKW);
	}
	return -ENOSYS;
}

static long fcntl_file(int fd, struct file *file, unsigned int command, u64 argument)
{
	switch (command) {
	case F_SETFL:
		return set_flags(fd, file, (u32)argument);
	case F_SETOWN:
		return file_set_owner_signed(file, (s32)argument);
	case F_GETOWN:
		return file_owner_signed(file);
	case F_SETOWN_EX:
		return set_owner_ex(file, user_ptr(argument));
	case F_GETOWN_EX:
		return get_owner_ex(file, user_ptr(argument));
	case F_SETSIG:
		return file_set_signal(file, argument);
	case F_GETSIG:
		return file_signal(file);
	case F_GETLEASE:
		return F_UNLCK;
	case F_ADD_SEALS:
		return file_add_seals(file, argument);
	case F_GET_SEALS:
		return file_get_seals(file);
	case F_SETPIPE_SZ:
	case F_GETPIPE_SZ:
		return pipe_fcntl(file, command, argument);
	}
	return -EINVAL;
}

static long fcntl_of(int fd, struct file *file, unsigned int command, u64 argument)
{
	long result = fcntl_any(fd, file, command, argument);

	if (result == -ENOSYS)
		result = fcntl_lock(fd, file, command, user_ptr(argument));
	if (result == -ENOSYS)
		result = fcntl_file(fd, file, command, argument);
	return result;
}

static __noinline long fcntl_other(int fd, unsigned int command, u64 argument)
{
	struct fd_ref ref = fd_get_path(fd);
	long result = fd_file(ref) ? fcntl_of(fd, fd_file(ref), command, argument) : -EBADF;

	fd_put(ref);
	return result;
}

long sys_fcntl(int fd, unsigned int command, u64 argument)
{
	struct fd_ref ref;
	long flags;

	if (command != F_GETFL)
		return fcntl_other(fd, command, argument);
	ref = fd_get_path(fd);
	if (unlikely(!fd_file(ref)))
		return -EBADF;
	flags = READ_ONCE(fd_file(ref)->flags);
	fd_put(ref);
	return flags;
}

/* --- ioctl --------------------------------------------------------------------------------------------------------------------- */

static long set_no_wait(struct file *file, struct user_ptr user)
{
	u32 on;

	if (user_read_u32(&on, user))
		return -EFAULT;
	flags_change(file, O_NONBLOCK, on ? O_NONBLOCK : 0);
	return 0;
}

static long set_async(int fd, struct file *file, struct user_ptr user)
{
	u32 on;

	if (user_read_u32(&on, user))
		return -EFAULT;
	return !on == !(file->flags & FASYNC) ? 0 : file_set_async(file, fd, on);
}

static long unread_bytes(struct file *file, struct user_ptr user)
{
	u64 size = READ_ONCE(file->inode->size), position = READ_ONCE(file->position);

	return user_write_u32(user, (u32)(size - position));
}

/* -ENOSYS: it is another one. */
static long ioctl_generic(int fd, struct file *file, unsigned int command, struct user_ptr user)
{
	switch (command) {
	case FIOCLEX:
	case FIONCLEX:
		fd_set_close_on_exec(fd, command == FIOCLEX);
		return 0;
	case FIONBIO:
		return set_no_wait(file, user);
	case FIOASYNC:
		return set_async(fd, file, user);
	case FIGETBSZ:
		return file->mount ? user_write_u32(user, file->inode->super->block_size) : -EINVAL;
	case FIONREAD:
		if (inode_is_regular(file->inode) && !file->ops->ioctl)
			return unread_bytes(file, user);
	}
	return -ENOSYS;
}

long sys_ioctl(int fd, unsigned int command, u64 argument)
{
	struct fd_ref ref = fd_get(fd);
	struct file *file = fd_file(ref);
	long result;

	if (!file)
		return -EBADF;
	result = ioctl_generic(fd, file, command, user_ptr(argument));
	if (result == -ENOSYS)
		result = file->ops->ioctl ? file->ops->ioctl(file, command, argument) : -ENOTTY;
	fd_put(ref);
	return result;
}
