/* mount, umount2, pivot_root, sync, syncfs. */
#include <kernel/syscall.h>

#include <abi/capability.h>
#include <abi/errno.h>
#include <abi/fcntl.h>
#include <abi/limits.h>
#include <abi/mount.h>
#include <kernel/file.h>
#include <kernel/vfs.h>
#include <lib/err.h>

/* The strings of a mount call, copied in. A null pointer stays NULL. */
struct mount_strings {
	struct path_name *source, *type, *options;
};

static long string_get(struct user_ptr user, struct path_name **string)
{
	*string = NULL;
	if (!user.addr)
		return 0;
	*string = path_name_get(user, LOOKUP_EMPTY);
	if (!IS_ERR(*string))
		return 0;
	return PTR_ERR(*string) == -ENAMETOOLONG ? -EINVAL : PTR_ERR(*string);
}

static void string_put(struct path_name *string)
{
	if (!IS_ERR_OR_NULL(string))
		path_name_put(string);
}

static const char *string_text(const struct path_name *string)
{
	return string ? string->text : NULL;
}

static long strings_get(struct mount_strings *strings, struct user_ptr source, struct user_ptr type,
			struct user_ptr options)
{
	long error = string_get(type, &strings->type);

	if (!error)
		error = string_get(source, &strings->source);
	if (!error)
		error = string_get(options, &strings->options);
	return error;
}

static void strings_put(struct mount_strings *strings)
{
	string_put(strings->source);
	string_put(strings->type);
	string_put(strings->options);
}

static long mount_at(const struct mount_strings *strings, struct user_ptr target, u32 flags)
{
	struct path path;
	int error = path_lookup_user(AT_FDCWD, target, LOOKUP_FOLLOW, &path);

	if (error)
		return error;
	error = capable(CAP_SYS_ADMIN) ? 0 : -EPERM;
	if (!error)
		error = vfs_mount(string_text(strings->source), &path, string_text(strings->type),
				  flags, string_text(strings->options));
	path_put(&path);
	return error;
}

long sys_mount(struct user_ptr source, struct user_ptr target, struct user_ptr type, u64 flags,
	       struct user_ptr options)
{
	struct mount_strings strings = { 0 };
	long error = strings_get(&strings, source, type, options);

	if (!error)
		error = mount_at(&strings, target, (u32)flags);
	strings_put(&strings);
	return error;
}

long sys_umount2(struct user_ptr target, u32 flags)
{
	struct path path;
	int error;

	if (flags & ~(u32)(MNT_FORCE | MNT_DETACH | MNT_EXPIRE | UMOUNT_NOFOLLOW))
		return -EINVAL;
	if ((flags & MNT_EXPIRE) && (flags & (MNT_FORCE | MNT_DETACH)))
		return -EINVAL;
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	error = path_lookup_user(AT_FDCWD, target, flags & UMOUNT_NOFOLLOW ? 0 : LOOKUP_FOLLOW,
				 &path);
	if (error)
		return error;
	/* Expiry takes two calls, the first of which says "again"; nothing here marks mounts. */
	error = flags & MNT_EXPIRE ? -EAGAIN : vfs_umount(&path, flags);
	path_put(&path);
	return error;
}

long sys_pivot_root(struct user_ptr user_new, struct user_ptr user_old)
{
	struct path new_root, put_old;
	int error;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	error = path_lookup_user(AT_FDCWD, user_new, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &new_root);
	if (error)
		return error;
	error = path_lookup_user(AT_FDCWD, user_old, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &put_old);
	if (!error) {
		error = vfs_pivot_root(&new_root, &put_old);
		path_put(&put_old);
	}
	path_put(&new_root);
	return error;
}

long sys_sync(void)
{
	vfs_sync_all();
	return 0;
}

long sys_syncfs(int fd)
{
	struct fd_ref ref = fd_get(fd);
	int error = fd_file(ref) ? super_sync(fd_file(ref)->inode->super) : -EBADF;

	fd_put(ref);
	return error;
}
