/* Opening: by path, with creation, without a name (O_TMPFILE), for execution. */
#include "internal.h"

#include <abi/capability.h>
#include <abi/errno.h>
#include <abi/mount.h>
#include <kernel/dev.h>
#include <kernel/inotify.h>
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
	file->mode |= FILE_PATH_ONLY;
	file_put(file);
	return ERR_PTR(error);
}

static int finish_open(struct inode *inode, struct file *file)
{
	int error = count_writer(inode, file);

	/* Nothing here moves data past the page cache. */
	if (!error && unlikely(file->flags & O_DIRECT))
		error = -EINVAL;
	if (!error)
		error = open_by_kind(inode, file);
	if (unlikely(error))
		return error;
	file->flags &= ~(u32)FLAGS_OF_OPEN;
	file->mode |= file->ops->seek ? FILE_SEEKABLE : FILE_NO_POSITION_LOCK;
	return 0;
}

/* As vfs_open, but takes over the references of `path`, whatever comes of it. */
static struct file *open_taking(struct path *path, u32 flags)
{
	struct inode *inode = dentry_inode(path->dentry);
	const struct file_ops *ops = inode->file_ops && !(flags & O_PATH) ? inode->file_ops
									  : &path_only_ops;
	struct file *file = file_alloc_path(path, flags, ops);
	int error;

	if (unlikely(!file)) {
		path_put(path);
		return ERR_PTR(-ENOMEM);
	}
	if (unlikely(flags & O_PATH)) {
		file->flags = flags & FLAGS_WITH_PATH & ~(u32)O_CLOEXEC;
		return file;
	}
	error = finish_open(inode, file);
	return likely(!error) ? file : open_failed(file, error);
}

struct file *vfs_open(const struct path *path, u32 flags)
{
	struct path taken = *path;

	path_get(&taken);
	return open_taking(&taken, flags);
}

/* After the checks: opens and, if asked to, empties. Takes over the references. */
static struct file *open_and_truncate(struct path *path, u32 flags)
{
	struct inode *inode = dentry_inode(path->dentry);
	struct file *file = open_taking(path, flags);
	int error;

	if (IS_ERR(file) || likely(!(flags & O_TRUNC)) || !inode_is_regular(inode))
		return file;
	/* A writer counted keeps programs from running; O_RDONLY | O_TRUNC has none. */
	error = file->mode & FILE_WRITER_COUNTED ? 0 : inode_get_write(inode);
	if (!error) {
		error = vfs_truncate(inode, 0);
		if (!(file->mode & FILE_WRITER_COUNTED))
			inode_put_write(inode);
	}
	if (!error) {
		notify_file(file, IN_MODIFY);
		return file;
	}
	file_put(file);
	return ERR_PTR(error);
}

/* Takes over the references of `path`. */
static struct file *open_existing(struct path *path, u32 flags)
{
	int error = 0;

	if (likely(!(flags & O_PATH)))
		error = open_check(path, &flags, open_access(flags));
	if (!error && unlikely(flags & O_TRUNC) && !(flags & O_PATH))
		error = mount_want_write(path->mount);
	if (likely(!error))
		return open_and_truncate(path, flags);
	path_put(path);
	return ERR_PTR(error);
}

/* --- O_CREAT ------------------------------------------------------------------------------------------------------------ */

struct creation {
	u32 flags, mode;
	bool created;
};

static int create_locked(const struct path *parent, struct dentry *dentry, const struct name *name,
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
	if (!error)
		notify_name(dir, dentry_inode(dentry), name, IN_CREATE);
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
		error = create_locked(parent, dentry, name, creation);
	rwsem_write_unlock(&dir->lock);
	if (!error)
		return dentry;
	dentry_put(dentry);
	return ERR_PTR(error);
}

/* Takes over the reference of `dentry`. */
static struct file *open_found(const struct path *parent, struct dentry *dentry,
			       struct creation *creation)
{
	struct path path = { parent->mount, dentry };
	int error = 0;

	mount_get(path.mount);
	path_cross_mounts(&path);
	/* Whoever makes a file may open it in any way, whatever its mode. */
	if (creation->created)
		return open_taking(&path, creation->flags);
	if (creation->flags & O_EXCL)
		error = -EEXIST;
	else if (inode_is_dir(dentry_inode(path.dentry)))
		error = -EISDIR;
	if (!error)
		return open_existing(&path, creation->flags);
	path_put(&path);
	return ERR_PTR(error);
}

/* 0 and *file; -errno; or 1 and *link, a reference: the last name is a symbolic link to follow. */
static int open_last(const struct path *parent, const struct path_last *last,
		     struct creation *creation, struct file **file, struct dentry **link)
{
	struct dentry *dentry;

	if (last->type != LAST_NORMAL)
		return creation->flags & O_EXCL ? -EEXIST : -EISDIR;
	if (last->trailing_slash)
		return -EISDIR;
	dentry = find_or_create(parent, &last->name, creation);
	if (IS_ERR(dentry))
		return (int)PTR_ERR(dentry);
	if (inode_is_link(dentry_inode(dentry)) && !(creation->flags & (O_EXCL | O_NOFOLLOW))) {
		*link = dentry;
		return 1;
	}
	*file = open_found(parent, dentry, creation);
	return 0;
}

/* With links at the end: each makes the walk stand before another last name. */
static int open_walk(struct walk *walk, const char *text, struct creation *creation,
		     struct file **file)
{
	struct dentry *link;
	int result = walk_run(walk, text);

	while (!result) {
		result = open_last(&walk->path, &walk->last, creation, file, &link);
		if (result <= 0)
			return result;
		result = walk_follow(walk, link);
	}
	return result;
}

static __noinline struct file *open_create_walk(int dirfd, const char *text, u32 lookup_flags,
						struct creation *creation)
{
	struct file *file = NULL;
	struct walk walk;
	int result =
		walk_begin(&walk, dirfd, NULL, text, lookup_flags | LOOKUP_PARENT | LOOKUP_FOLLOW);

	if (!result)
		result = open_walk(&walk, text, creation, &file);
	walk_end(&walk);
	return result ? ERR_PTR(result) : file;
}

static struct file *open_create(int dirfd, const char *text, u32 flags, u32 lookup_flags, u32 mode)
{
	struct creation creation = { .flags = flags, .mode = mode };
	struct file *file = NULL;
	struct dentry *link;
	struct path_last last;
	struct path parent;
	int result;

	if (!*text)
		return ERR_PTR(-ENOENT);
	if (path_parent_fast(dirfd, text, lookup_flags, &parent, &last))
		return open_create_walk(dirfd, text, lookup_flags, &creation);
	result = open_last(&parent, &last, &creation, &file, &link);
	path_put(&parent);
	if (result <= 0)
		return result ? ERR_PTR(result) : file;
	dentry_put(link);
	return open_create_walk(dirfd, text, lookup_flags, &creation);
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

/* Takes over the references of the directory. */
static struct file *open_tmpfile(struct path *path, u32 flags, u32 mode)
{
	struct path made = { path->mount, tmpfile_make(path, flags, mode) };

	if (!IS_ERR(made.dentry)) {
		dentry_put(path->dentry);
		return open_taking(&made, flags);
	}
	path_put(path);
	return ERR_PTR(PTR_ERR(made.dentry));
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

static struct file *open_by_path(int dirfd, const char *text, u32 flags, u32 mode, u32 lookup_flags)
{
	struct path path;
	int error = flags_check(&flags);

	if (unlikely(error))
		return ERR_PTR(error);
	if (flags & O_CREAT)
		return open_create(dirfd, text, flags, lookup_flags, mode);
	lookup_flags |= (flags & O_NOFOLLOW ? 0 : LOOKUP_FOLLOW) |
			(flags & O_DIRECTORY ? LOOKUP_DIRECTORY : 0);
	error = path_lookup(dirfd, text, lookup_flags, &path);
	if (error)
		return ERR_PTR(error);
	if (likely(!(flags & TMPFILE_BIT) || (flags & O_PATH)))
		return open_existing(&path, flags);
	return open_tmpfile(&path, flags, mode);
}

struct file *vfs_open_lookup(int dirfd, const char *text, u32 flags, u32 mode, u32 lookup_flags)
{
	struct file *file = open_by_path(dirfd, text, flags, mode, lookup_flags);

	if (likely(!IS_ERR(file)) && !(file->mode & FILE_PATH_ONLY))
		notify_file(file, IN_OPEN);
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
	notify_file(file, IN_OPEN);
	return file;
}

void vfs_close_exec(struct file *file)
{
	inode_allow_write(file->inode);
	file_put(file);
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
