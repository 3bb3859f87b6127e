/* Names and directories: making, removing, renaming, listing, the working directory and the root. */
#include <kernel/syscall.h>

#include <abi/capability.h>
#include <abi/dirent.h>
#include <abi/errno.h>
#include <abi/fcntl.h>
#include <abi/limits.h>
#include <kernel/dev.h>
#include <kernel/file.h>
#include <kernel/inotify.h>
#include <kernel/task.h>
#include <kernel/vfs.h>
#include <lib/string.h>

/* --- Names: the path's text comes in, the work is vfs_* ------------------------------------------------------------------ */

long sys_mkdirat(int dirfd, struct user_ptr path, u32 mode)
{
	struct path_arg name;
	long result = path_arg_get(&name, path, 0);

	if (result)
		return result;
	result = vfs_mkdir(dirfd, name.text, mode);
	path_arg_put(&name);
	return result;
}

long sys_mkdir(struct user_ptr path, u32 mode)
{
	return sys_mkdirat(AT_FDCWD, path, mode);
}

/* A device number as user space writes it: 32 bits, the minor's upper part above the major. */
long sys_mknodat(int dirfd, struct user_ptr path, u32 mode, u64 device)
{
	struct path_arg name;
	long result = path_arg_get(&name, path, 0);

	if (result)
		return result;
	result = vfs_mknod(dirfd, name.text, mode,
			   DEV_MAKE((u64)DEV_MAJOR((u32)device), DEV_MINOR((u32)device)));
	path_arg_put(&name);
	return result;
}

long sys_mknod(struct user_ptr path, u32 mode, u64 device)
{
	return sys_mknodat(AT_FDCWD, path, mode, device);
}

long sys_unlinkat(int dirfd, struct user_ptr path, u32 flags)
{
	struct path_arg name;
	long result;

	if (flags & ~(u32)AT_REMOVEDIR)
		return -EINVAL;
	result = path_arg_get(&name, path, 0);
	if (result)
		return result;
	result = flags & AT_REMOVEDIR ? vfs_rmdir(dirfd, name.text) : vfs_unlink(dirfd, name.text);
	path_arg_put(&name);
	return result;
}

long sys_unlink(struct user_ptr path)
{
	return sys_unlinkat(AT_FDCWD, path, 0);
}

long sys_rmdir(struct user_ptr path)
{
	return sys_unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

/* Both names of a call that has two; 0 or -errno and nothing held. */
struct two_names {
	struct path_arg old, new;
};

static long two_names_get(struct two_names *names, struct user_ptr old, u32 old_flags,
			  struct user_ptr new)
{
	long error = path_arg_get(&names->old, old, old_flags);

	if (error)
		return error;
	error = path_arg_get(&names->new, new, 0);
	if (error)
		path_arg_put(&names->old);
	return error;
}

static void two_names_put(struct two_names *names)
{
	path_arg_put(&names->old);
	path_arg_put(&names->new);
}

long sys_symlinkat(struct user_ptr target, int dirfd, struct user_ptr path)
{
	struct two_names names;
	long result = two_names_get(&names, target, 0, path);

	if (result)
		return result;
	result = vfs_symlink(names.old.text, dirfd, names.new.text);
	two_names_put(&names);
	return result;
}

long sys_symlink(struct user_ptr target, struct user_ptr path)
{
	return sys_symlinkat(target, AT_FDCWD, path);
}

long sys_linkat(int old_dirfd, struct user_ptr old_path, int new_dirfd, struct user_ptr new_path,
		u32 flags)
{
	struct two_names names;
	long result;

	if (flags & ~(u32)(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	result = two_names_get(&names, old_path, flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0, new_path);
	if (result)
		return result;
	result = vfs_link(old_dirfd, names.old.text, new_dirfd, names.new.text, flags);
	two_names_put(&names);
	return result;
}

long sys_link(struct user_ptr old_path, struct user_ptr new_path)
{
	return sys_linkat(AT_FDCWD, old_path, AT_FDCWD, new_path, 0);
}

long sys_renameat2(int old_dirfd, struct user_ptr old_path, int new_dirfd, struct user_ptr new_path,
		   u32 flags)
{
	struct two_names names;
	long result = two_names_get(&names, old_path, 0, new_path);

	if (result)
		return result;
	result = vfs_rename(old_dirfd, names.old.text, new_dirfd, names.new.text, flags);
	two_names_put(&names);
	return result;
}

long sys_renameat(int old_dirfd, struct user_ptr old_path, int new_dirfd, struct user_ptr new_path)
{
	return sys_renameat2(old_dirfd, old_path, new_dirfd, new_path, 0);
}

long sys_rename(struct user_ptr old_path, struct user_ptr new_path)
{
	return sys_renameat2(AT_FDCWD, old_path, AT_FDCWD, new_path, 0);
}

/* --- Listing --------------------------------------------------------------------------------------------------------------- */

struct listing {
	struct dir_context context;
	struct user_ptr at; /* where the next entry goes */
	size_t left;
	int error; /* why emission stopped, other than for lack of room after some entries */
	bool any;
};

/* Puts a finished entry into the user's buffer. */
static bool listing_put(struct listing *listing, const void *entry, size_t size)
{
	if (user_write(listing->at, entry, size)) {
		listing->error = -EFAULT;
		return false;
	}
	listing->at = user_ptr_add(listing->at, size);
	listing->left -= size;
	listing->any = true;
	return true;
}

static bool listing_has_room(struct listing *listing, size_t size)
{
	if (size <= listing->left)
		return true;
	if (!listing->any)
		listing->error = -EINVAL;
	return false;
}

static bool emit_dirent64(struct dir_context *context, const char *name, u32 length, u64 inode,
			  u32 type, u64 next)
{
	struct listing *listing = container_of(context, struct listing, context);
	const size_t header = offsetof(struct abi_linux_dirent64, d_name);
	size_t size = ALIGN_UP(header + length + 1, sizeof(u64));
	union {
		struct abi_linux_dirent64 entry;
		char bytes[offsetof(struct abi_linux_dirent64, d_name) + NAME_MAX + 16];
	} out;

	if (!listing_has_room(listing, size))
		return false;
	out.entry.d_ino = inode;
	out.entry.d_off = (long)next;
	out.entry.d_reclen = (unsigned short)size;
	out.entry.d_type = (unsigned char)type;
	memcpy(out.bytes + header, name, length);
	memset(out.bytes + header + length, 0, size - header - length);
	return listing_put(listing, &out, size);
}

/* The older layout: the type is the entry's last byte. */
static bool emit_dirent(struct dir_context *context, const char *name, u32 length, u64 inode,
			u32 type, u64 next)
{
	struct listing *listing = container_of(context, struct listing, context);
	const size_t header = offsetof(struct abi_linux_dirent, d_name);
	size_t size = ALIGN_UP(header + length + 2, sizeof(u64));
	union {
		struct abi_linux_dirent entry;
		char bytes[offsetof(struct abi_linux_dirent, d_name) + NAME_MAX + 16];
	} out;

	if (!listing_has_room(listing, size))
		return false;
	out.entry.d_ino = inode;
	out.entry.d_off = next;
	out.entry.d_reclen = (unsigned short)size;
	memcpy(out.bytes + header, name, length);
	memset(out.bytes + header + length, 0, size - header - length);
	out.bytes[size - 1] = (char)type;
	return listing_put(listing, &out, size);
}

static int list_locked(struct file *file, struct listing *listing)
{
	struct inode *dir = file->inode;
	int error;

	rwsem_read_lock(&dir->lock);
	error = dir->flags & INODE_DEAD ? -ENOENT : file->ops->readdir(file, &listing->context);
	if (!error)
		notify_file(file, IN_ACCESS);
	rwsem_read_unlock(&dir->lock);
	if (!error)
		inode_touch(file->mount, dir);
	return error;
}

static long list(struct file *file, struct listing *listing, size_t size)
{
	bool shared = ref_read(&file->ref) != 1;
	int error;

	if (shared)
		mutex_lock(&file->position_lock);
	listing->context.position = file->position;
	error = list_locked(file, listing);
	file->position = listing->context.position;
	if (shared)
		mutex_unlock(&file->position_lock);
	if (listing->any)
		return (long)(size - listing->left);
	return error ? error : listing->error;
}

static long getdents(int fd, struct user_ptr buffer, size_t size, __typeof__(&emit_dirent) emit)
{
	struct listing listing = { .context.emit = emit, .at = buffer, .left = size };
	struct fd_ref ref = fd_get(fd);
	struct file *file = fd_file(ref);
	long result;

	if (!file)
		return -EBADF;
	if (!user_range_ok(buffer, size))
		result = -EFAULT;
	else
		result = file->ops->readdir ? list(file, &listing, size) : -ENOTDIR;
	fd_put(ref);
	return result;
}

long sys_getdents64(int fd, struct user_ptr buffer, size_t size)
{
	return getdents(fd, buffer, size & 0xffffffff, emit_dirent64);
}

long sys_getdents(int fd, struct user_ptr buffer, size_t size)
{
	return getdents(fd, buffer, size & 0xffffffff, emit_dirent);
}

/* --- Working directory and root ------------------------------------------------------------------------------------------------ */

long sys_chdir(struct user_ptr user_path)
{
	struct path path;
	int error = path_lookup_user(AT_FDCWD, user_path, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &path);

	if (error)
		return error;
	error = inode_permission(path.dentry->inode, MAY_EXEC);
	if (!error)
		fs_set_cwd(current->fs, &path);
	path_put(&path);
	return error;
}

long sys_fchdir(int fd)
{
	struct fd_ref ref = fd_get_path(fd);
	struct file *file = fd_file(ref);
	int error;

	if (!file)
		return -EBADF;
	if (!file->mount || !inode_is_dir(file->inode))
		error = -ENOTDIR;
	else
		error = inode_permission(file->inode, MAY_EXEC);
	if (!error)
		fs_set_cwd(current->fs, &(struct path){ file->mount, file->dentry });
	fd_put(ref);
	return error;
}

long sys_chroot(struct user_ptr user_path)
{
	struct path path;
	int error = path_lookup_user(AT_FDCWD, user_path, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &path);

	if (error)
		return error;
	error = inode_permission(path.dentry->inode, MAY_EXEC);
	if (!error && !capable(CAP_SYS_CHROOT))
		error = -EPERM;
	if (!error)
		fs_set_root(current->fs, &path);
	path_put(&path);
	return error;
}

static __always_inline long getcwd_with(char *memory, size_t memory_size, struct user_ptr buffer,
					size_t size)
{
	char *start;
	ssize_t length = path_text_cwd(memory, memory_size, &start);

	if (length < 0)
		return length;
	if ((size_t)length > size)
		return -ERANGE;
	return user_write(buffer, start, (size_t)length) ? -EFAULT : length;
}

long sys_getcwd(struct user_ptr buffer, size_t size)
{
	char small[128];
	long result = getcwd_with(small, sizeof(small), buffer, size);
	struct path_name *memory;

	if (likely(result != -ENAMETOOLONG))
		return result;
	memory = path_name_alloc();
	if (!memory)
		return -ENOMEM;
	result = getcwd_with(memory->storage, PATH_MAX, buffer, size);
	path_name_put(memory);
	return result;
}

long sys_umask(u32 mask)
{
	return __atomic_exchange_n(&current->fs->umask, mask & 0777, __ATOMIC_RELAXED);
}
