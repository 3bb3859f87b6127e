/* Changing attributes: modes, owners, times. */
#include <kernel/syscall.h>

#include <abi/errno.h>
#include <abi/fcntl.h>
#include <kernel/file.h>
#include <kernel/inotify.h>
#include <kernel/time.h>
#include <kernel/vfs.h>

#define TIME_NOW 0x3fffffff
#define TIME_OMIT 0x3ffffffe

/* What Linux tells of a change: of one time alone, that the file was read or written. */
static u32 event_of(const struct inode_change *change)
{
	bool atime = change->valid & (CHANGE_ATIME | CHANGE_ATIME_NOW),
	     mtime = change->valid & (CHANGE_MTIME | CHANGE_MTIME_NOW);
	u32 mask = change->valid & (CHANGE_UID | CHANGE_GID | CHANGE_MODE) ? IN_ATTRIB : 0;

	if (atime && mtime)
		return mask | IN_ATTRIB;
	return mask | (atime ? IN_ACCESS : 0) | (mtime ? IN_MODIFY : 0);
}

static long change_path(int dirfd, struct user_ptr user_path, u32 lookup_flags,
			struct inode_change *change)
{
	struct path path;
	int error = path_lookup_user(dirfd, user_path, lookup_flags, &path);

	if (error)
		return error;
	error = vfs_change(&path, change);
	if (!error)
		notify_dentry(path.dentry, path.dentry->inode, event_of(change));
	path_put(&path);
	return error;
}

static long change_file(int fd, struct inode_change *change)
{
	struct fd_ref ref = fd_get(fd);
	struct file *file = fd_file(ref);
	int error;

	if (!file)
		return -EBADF;
	error = inode_change(file->mount, file->inode, change);
	if (!error)
		notify_file(file, event_of(change));
	fd_put(ref);
	return error;
}

/* --- Mode ---------------------------------------------------------------------------------------------------------------- */

static struct inode_change mode_change(u32 mode)
{
	return (struct inode_change){ .valid = CHANGE_MODE, .mode = mode & 07777 };
}

long sys_fchmodat(int dirfd, struct user_ptr path, u32 mode)
{
	struct inode_change change = mode_change(mode);

	return change_path(dirfd, path, LOOKUP_FOLLOW, &change);
}

long sys_chmod(struct user_ptr path, u32 mode)
{
	return sys_fchmodat(AT_FDCWD, path, mode);
}

long sys_fchmod(int fd, u32 mode)
{
	struct inode_change change = mode_change(mode);

	return change_file(fd, &change);
}

/* --- Owner ----------------------------------------------------------------------------------------------------------------- */

/* -1 leaves an id as it is. */
static struct inode_change owner_change(u32 uid, u32 gid)
{
	struct inode_change change = { .valid = CHANGE_KILL_SUID, .uid = uid, .gid = gid };

	change.valid |= (uid != ~0u ? CHANGE_UID : 0) | (gid != ~0u ? CHANGE_GID : 0);
	return change;
}

long sys_fchownat(int dirfd, struct user_ptr path, u32 uid, u32 gid, u32 flags)
{
	struct inode_change change = owner_change(uid, gid);

	if (flags & ~(u32)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return change_path(dirfd, path,
			   (flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW) |
				   (flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0),
			   &change);
}

long sys_chown(struct user_ptr path, u32 uid, u32 gid)
{
	return sys_fchownat(AT_FDCWD, path, uid, gid, 0);
}

long sys_lchown(struct user_ptr path, u32 uid, u32 gid)
{
	return sys_fchownat(AT_FDCWD, path, uid, gid, AT_SYMLINK_NOFOLLOW);
}

long sys_fchown(int fd, u32 uid, u32 gid)
{
	struct inode_change change = owner_change(uid, gid);

	return change_file(fd, &change);
}

/* --- Times ------------------------------------------------------------------------------------------------------------------- */

static int time_from(const struct abi_timespec *time, u32 set, u32 now, s64 *ns, u32 *valid)
{
	if (time->tv_nsec == TIME_OMIT)
		return 0;
	if (time->tv_nsec == TIME_NOW) {
		*valid |= now;
		return 0;
	}
	if (time->tv_nsec < 0 || time->tv_nsec >= (long)NSEC_PER_SEC)
		return -EINVAL;
	/* Beyond what 64 bits of nanoseconds hold: the last moment that they do. */
	if (__builtin_mul_overflow(time->tv_sec, (s64)NSEC_PER_SEC, ns) ||
	    __builtin_add_overflow(*ns, time->tv_nsec, ns))
		*ns = time->tv_sec < 0 ? -0x7fffffffffffffff - 1 : 0x7fffffffffffffff;
	*valid |= set;
	return 0;
}

/* What utimensat's times, or the two struct timeval of `micro`, ask for. NULL: now. */
static int times_from_user(struct inode_change *change, struct user_ptr user, bool micro)
{
	struct abi_timespec times[2];
	int error;

	change->valid = CHANGE_ATIME_NOW | CHANGE_MTIME_NOW;
	if (!user.addr)
		return 0;
	if (user_read(times, user, sizeof(times)))
		return -EFAULT;
	for (int i = 0; micro && i < 2; i++) {
		if (times[i].tv_nsec < 0 || times[i].tv_nsec >= 1000000)
			return -EINVAL;
		times[i].tv_nsec *= 1000;
	}
	change->valid = 0;
	error = time_from(&times[0], CHANGE_ATIME, CHANGE_ATIME_NOW, &change->atime_ns,
			  &change->valid);
	return error ? error
		     : time_from(&times[1], CHANGE_MTIME, CHANGE_MTIME_NOW, &change->mtime_ns,
				 &change->valid);
}

/* NULL instead of a path names the descriptor itself. */
static long set_times(int dirfd, struct user_ptr path, struct inode_change *change, u32 flags)
{
	if (flags & ~(u32)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (!path.addr && dirfd != AT_FDCWD)
		return flags ? -EINVAL : change_file(dirfd, change);
	return change_path(dirfd, path,
			   (flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW) |
				   (flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0),
			   change);
}

long sys_utimensat(int dirfd, struct user_ptr path, struct user_ptr times, u32 flags)
{
	struct inode_change change;
	int error = times_from_user(&change, times, false);

	/* Nothing to change is success, whatever the path. */
	if (error || !change.valid)
		return error;
	return set_times(dirfd, path, &change, flags);
}

long sys_futimesat(int dirfd, struct user_ptr path, struct user_ptr times)
{
	struct inode_change change;
	int error = times_from_user(&change, times, true);

	return error ? error : set_times(dirfd, path, &change, 0);
}

long sys_utimes(struct user_ptr path, struct user_ptr times)
{
	return sys_futimesat(AT_FDCWD, path, times);
}
