/* Opening: by path, with creation, without a name (O_TMPFILE), for execution. */
#include "internal.h"

#include <abi/capability.h>
#include <abi/errno.h>
#include <abi/mount.h>
#include <kernel/dev.h>
#include <kernel/pipe.h>
#include <lib/err.h>
#include <lib/printf.h>

/* Flags that matter only during open; F_GETFL does not show them. */
#define FLAGS_OF_OPEN (O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC)
#define FLAGS_WITH_PATH (O_DIRECTORY | O_NOFOLLOW | O_PATH | O_CLOEXEC)
#define TMPFILE_BIT ((u32)O_TMPFILE & ~(u32)O_DIRECTORY)

static const struct file_ops path_only_ops;

/* --- A file for what a path leads to --------------------------------------------------------------------------------- */

static int open_by_kind(struct inode *inode, struct file *file)
{
	switch (inode->mode & S_IFMT) {
	case S_IFCHR:
		return char_device_open(inode, file);
	case S_IFIFO:
		return fifo_open(inode, file);
	case S_IFBLK:
	case S_IFSOCK:
		return -ENXIO;
	}
	return file->ops->open ? file->ops->open(inode, file) : 0;
}

static int count_writer(struct inode *inode, struct file *file)
{
	int error;

	if (!(file->mode & FILE_WRITE) || !inode_is_regular(inode))
		return 0;
	error = inode_get_write(inode);
	if (!error)
		file->mode |= FILE_WRITER_COUNTED;
	return error;
}

/* The release operation must not run for a file whose open has failed. */
static struct file *open_failed(struct file *file, int error)
{
	file->ops = &path_only_ops;
	file_put(file);
	return ERR_PTR(error);
}

struct file *vfs_open(const struct path *path, u32 flags)
{
	struct inode *inode = dentry_inode(path->dentry);
	const struct file_ops *ops = inode->file_ops && !(flags & O_PATH) ? inode->file_ops
									  : &path_only_ops;
	struct file *file = file_alloc(path->mount, path->dentry, flags, ops);
	int error;

	if (IS_ERR(file))
		return file;
	if (flags & O_PATH) {
		file->flags = flags & FLAGS_WITH_PATH & ~(u32)O_CLOEXEC;
		return file;
	}
	error = count_writer(inode, file);
	if (!error)
		error = open_by_kind(inode, file);
	if (error)
		return open_failed(file, error);
	file->flags &= ~(u32)FLAGS_OF_OPEN;
	if (file->ops->seek)
		file->mode |= FILE_SEEKABLE;
	else
		file->mode |= FILE_NO_POSITION_LOCK;
	return file;
}

/* After the checks: opens and, if asked to, empties. */
static struct file *open_and_truncate(const struct path *path, u32 flags)
{
	struct inode *inode = dentry_inode(path->dentry);
	struct file *file = vfs_open(path, flags);
	int error;

	if (IS_ERR(file) || !(flags & O_TRUNC) || !inode_is_regular(inode))
		return file;
	/* A writer counted keeps programs from running; O_RDONLY | O_TRUNC has none. */
	error = file->mode & FILE_WRITER_COUNTED ? 0 : inode_get_write(inode);
	if (!error) {
		error = vfs_truncate(inode, 0);
		if (!(file->mode & FILE_WRITER_COUNTED))
			inode_put_write(inode);
	}
	if (!error)
		return file;
	file_put(file);
	return ERR_PTR(error);
}

static struct file *open_existing(const struct path *path, u32 flags)
{
	int error;

	if (flags & O_PATH)
		return vfs_open(path, flags);
	error = open_check(path, &flags, open_access(flags));
	if (!error && (flags & O_TRUNC))
		error = mount_want_write(path->mount);
	return error ? ERR_PTR(error) : open_and_truncate(path, flags);
}

/* --- O_CREAT ------------------------------------------------------------------------------------------------------------ */

struct creation {
	u32 flags, mode;
	bool created;
};

static int create_locked(const struct path *parent, struct dentry *dentry,
			 struct creation *creation)
{
	struct inode *dir = dentry_inode(parent->dentry);
	int error = mount_want_write(parent->mount);

	if (!error)
		error = dir_may_create(parent);
	if (error)
		return error;
	if (!dir->ops->create)
		return -EACCES;
	error = dir->ops->create(dir, dentry, S_IFREG | mode_apply_umask(creation->mode & 07777));
	creation->created = !error;
	return error;
}

/* The dentry of the last name, made if it was missing; reference for the caller. */
static struct dentry *find_or_create(const struct path *parent, const struct name *name,
				     struct creation *creation)
{
	struct inode *dir = dentry_inode(parent->dentry);
	struct dentry *dentry = dentry_find(parent->dentry, name);
	int error = 0;

	if (dentry && dentry_inode(dentry) && !(dentry->flags & DENTRY_REVALIDATE))
		return dentry;
	if (dentry)
		dentry_put(dentry);
	rwsem_write_lock(&dir->lock);
	dentry = dentry_lookup_locked(parent->dentry, name);
	if (!IS_ERR(dentry) && !dentry_inode(dentry))
		error = create_locked(parent, dentry, creation);
	rwsem_write_unlock(&dir->lock);
	if (!error)
		return dentry;
	dentry_put(dentry);
	return ERR_PTR(error);
}

/* Takes over the reference of `dentry`. */
static struct file *open_found(struct walk *walk, struct dentry *dentry, struct creation *creation)
{
	struct path path = { walk->path.mount, dentry };
	struct file *file;

	mount_get(path.mount);
	path_cross_mounts(&path);
	/* Whoever makes a file may open it in any way, whatever its mode. */
	if (creation->created)
		file = vfs_open(&path, creation->flags);
	else if (creation->flags & O_EXCL)
		file = ERR_PTR(-EEXIST);
	else if (inode_is_dir(dentry_inode(path.dentry)))
		file = ERR_PTR(-EISDIR);
	else
		file = open_existing(&path, creation->flags);
	path_put(&path);
	return file;
}

/* The walk stands before the last name. 1: that was a symbolic link, and the walk stands before another last name. */
static int open_last(struct walk *walk, struct creation *creation, struct file **file)
{
	struct dentry *dentry;
	int error;

	if (walk->last.type != LAST_NORMAL)
		return creation->flags & O_EXCL ? -EEXIST : -EISDIR;
	if (walk->last.trailing_slash)
		return -EISDIR;
	dentry = find_or_create(&walk->path, &walk->last.name, creation);
	if (IS_ERR(dentry))
		return (int)PTR_ERR(dentry);
	if (inode_is_link(dentry_inode(dentry)) && !(creation->flags & (O_EXCL | O_NOFOLLOW))) {
		error = walk_follow(walk, dentry);
		return error ? error : 1;
	}
	*file = open_found(walk, dentry, creation);
	return 0;
}

static struct file *open_create(int dirfd, const struct path *base, const char *text, u32 flags,
				u32 lookup_flags, u32 mode)
{
	struct creation creation = { .flags = flags, .mode = mode };
	struct file *file = NULL;
	struct walk walk;
	int result;

	if (!*text)
		return ERR_PTR(-ENOENT);
	result = walk_begin(&walk, dirfd, base, text, lookup_flags | LOOKUP_PARENT | LOOKUP_FOLLOW);
	if (!result)
		result = walk_run(&walk, text);
	if (!result) {
		do {
			result = open_last(&walk, &creation, &file);
		} while (result > 0);
	}
	walk_end(&walk);
	return result ? ERR_PTR(result) : file;
}

/* --- O_TMPFILE ----------------------------------------------------------------------------------------------------------- */

static struct dentry *tmpfile_dentry(const struct path *dir, struct inode *inode)
{
	char text[24];
	struct name name = name_of(text, (u32)scnprintf(text, sizeof(text), "#%llu",
							(unsigned long long)inode->number));
	struct dentry *dentry = dentry_alloc(dir->dentry, &name);

	if (!dentry) {
		inode_put(inode);
		return ERR_PTR(-ENOMEM);
	}
	dentry->flags |= DENTRY_UNHASHED;
	dentry_instantiate(dentry, inode);
	return dentry;
}

static struct dentry *tmpfile_make(const struct path *path, u32 flags, u32 mode)
{
	struct inode *dir = dentry_inode(path->dentry), *inode;
	int error = mount_want_write(path->mount);

	if (!error)
		error = inode_permission(dir, MAY_WRITE | MAY_EXEC);
	if (!error && !dir->ops->tmpfile)
		error = -EOPNOTSUPP;
	if (!error)
		error = dir->ops->tmpfile(dir, &inode, S_IFREG | mode_apply_umask(mode & 07777));
	if (error)
		return ERR_PTR(error);
	if (!(flags & O_EXCL))
		inode->flags |= INODE_LINKABLE;
	return tmpfile_dentry(path, inode);
}

static struct file *open_tmpfile(const struct path *path, u32 flags, u32 mode)
{
	struct path made = { .mount = path->mount };
	struct file *file;

	made.dentry = tmpfile_make(path, flags, mode);
	if (IS_ERR(made.dentry))
		return ERR_PTR(PTR_ERR(made.dentry));
	file = vfs_open(&made, flags);
	dentry_put(made.dentry);
	return file;
}

/* --- By path --------------------------------------------------------------------------------------------------------------- */

static int flags_check(u32 *flags)
{
	if (*flags & O_PATH) {
		*flags &= FLAGS_WITH_PATH;
		return 0;
	}
	if (*flags & TMPFILE_BIT) {
		if (!(*flags & O_DIRECTORY) || (*flags & O_CREAT) ||
		    !(open_access(*flags) & MAY_WRITE))
			return -EINVAL;
		return 0;
	}
	return (*flags & (O_CREAT | O_DIRECTORY)) == (O_CREAT | O_DIRECTORY) ? -EINVAL : 0;
}

struct file *vfs_open_lookup(int dirfd, const char *text, u32 flags, u32 mode, u32 lookup_flags)
{
	struct file *file;
	struct path path;
	int error = flags_check(&flags);

	if (error)
		return ERR_PTR(error);
	if (flags & O_CREAT)
		return open_create(dirfd, NULL, text, flags, lookup_flags, mode);
	lookup_flags |= (flags & O_NOFOLLOW ? 0 : LOOKUP_FOLLOW) |
			(flags & O_DIRECTORY ? LOOKUP_DIRECTORY : 0);
	error = path_lookup(dirfd, text, lookup_flags, &path);
	if (error)
		return ERR_PTR(error);
	file = flags & TMPFILE_BIT && !(flags & O_PATH) ? open_tmpfile(&path, flags, mode)
							: open_existing(&path, flags);
	path_put(&path);
	return file;
}

struct file *vfs_open_at(int dirfd, const char *text, u32 flags, u32 mode)
{
	return vfs_open_lookup(dirfd, text, flags, mode, 0);
}

/* --- For execution --------------------------------------------------------------------------------------------------------- */

static int exec_check(const struct path *path)
{
	struct inode *inode = dentry_inode(path->dentry);

	if (inode_is_link(inode))
		return -ELOOP;
	if (!inode_is_regular(inode) || (path->mount->flags & MS_NOEXEC))
		return -EACCES;
	return inode_permission(inode, MAY_EXEC);
}

static struct file *open_exec(const struct path *path)
{
	int error = exec_check(path);
	struct file *file;

	if (error)
		return ERR_PTR(error);
	file = vfs_open(path, O_RDONLY | O_LARGEFILE);
	if (IS_ERR(file))
		return file;
	error = inode_deny_write(file->inode);
	if (error) {
		file_put(file);
		return ERR_PTR(error);
	}
	file->mode |= FILE_WRITE_DENIED;
	return file;
}

struct file *vfs_open_exec(int dirfd, const char *text, u32 lookup_flags)
{
	struct file *file;
	struct path path;
	int error = path_lookup(dirfd, text, lookup_flags, &path);

	if (error)
		return ERR_PTR(error);
	file = open_exec(&path);
	path_put(&path);
	return file;
}
