/* The entries of an initramfs: files, folders, links and device nodes, as they come out of the archive. */
#include "initramfs.h"

#include <abi/errno.h>
#include <kernel/dev.h>
#include <kernel/time.h>
#include <lib/err.h>
#include <lib/string.h>

/* What Linux leaves out without a word: a name that cannot be. Running out of room is another matter. */
static int tolerate(struct unpacking *u, int error)
{
	if (error == -ENOMEM || error == -ENOSPC)
		return unpack_fail(u, error, "not enough memory");
	return 0;
}

static void set_attributes(const struct unpacking *u, struct inode *inode)
{
	inode->mode = (inode->mode & S_IFMT) | (u->entry.mode & 07777);
	inode->uid = u->entry.uid;
	inode->gid = u->entry.gid;
	inode->atime_ns = inode->mtime_ns = (s64)u->entry.mtime * (s64)NSEC_PER_SEC;
}

static int remember_folder(struct unpacking *u, struct inode *inode)
{
	struct folder_time *folder = kmalloc(sizeof(*folder), 0);

	if (!folder)
		return unpack_fail(u, -ENOMEM, "not enough memory");
	folder->inode = inode_get(inode);
	folder->mtime_ns = inode->mtime_ns;
	list_add(&folder->link, &u->folders);
	return 0;
}

/* Owner, mode and time of what is at the entry's name. */
static int finish_name(struct unpacking *u)
{
	struct path path;
	struct inode *inode;
	int error = path_lookup(AT_FDCWD, u->name, 0, &path);

	if (error)
		return tolerate(u, error);
	inode = dentry_inode(path.dentry);
	set_attributes(u, inode);
	if (inode_is_dir(inode))
		error = remember_folder(u, inode);
	path_put(&path);
	return error;
}

static bool same_file(const struct known_link *known, const struct cpio_entry *entry)
{
	return known->ino == entry->ino && known->dev_major == entry->dev_major &&
	       known->dev_minor == entry->dev_minor && known->mode == entry->mode;
}

static const char *find_link(const struct unpacking *u)
{
	struct known_link *known;

	list_for_each_entry (known, &u->links, link) {
		if (same_file(known, &u->entry))
			return known->name;
	}
	return NULL;
}

static int remember_link(struct unpacking *u)
{
	struct known_link *known = kmalloc(sizeof(*known) + u->name_size, 0);

	if (!known)
		return unpack_fail(u, -ENOMEM, "not enough memory");
	known->ino = u->entry.ino;
	known->dev_major = u->entry.dev_major;
	known->dev_minor = u->entry.dev_minor;
	known->mode = u->entry.mode;
	memcpy(known->name, u->name, u->name_size);
	list_add(&known->link, &u->links);
	return 0;
}

void entry_forget_links(struct unpacking *u)
{
	while (!list_empty(&u->links)) {
		struct known_link *known = list_first_entry(&u->links, struct known_link, link);

		list_del(&known->link);
		kfree(known);
	}
}

/* A later entry replaces an earlier one of another kind; a folder stays a folder. */
static void clear_way(const struct unpacking *u)
{
	struct path path;
	u32 mode;

	if (path_lookup(AT_FDCWD, u->name, 0, &path))
		return;
	mode = dentry_inode(path.dentry)->mode;
	path_put(&path);
	if ((mode & S_IFMT) == (u->entry.mode & S_IFMT) && !S_ISLNK(mode))
		return;
	if (S_ISDIR(mode))
		vfs_rmdir(AT_FDCWD, u->name);
	else
		vfs_unlink(AT_FDCWD, u->name);
}

/* 1: it is another name of a file seen before, and now exists. */
static int try_link(struct unpacking *u)
{
	const char *first;
	int error;

	if (u->entry.nlink < 2)
		return 0;
	first = find_link(u);
	if (!first)
		return remember_link(u);
	vfs_unlink(AT_FDCWD, u->name);
	error = tolerate(u, vfs_link(AT_FDCWD, first, AT_FDCWD, u->name, 0));
	return error ? error : 1;
}

static int begin_regular(struct unpacking *u)
{
	int linked = try_link(u);
	u32 flags = O_WRONLY | O_CREAT | O_NOFOLLOW | (linked == 1 ? 0 : O_TRUNC);

	if (linked < 0 || (linked && !u->entry.size))
		return MIN(linked, 0);
	u->file = vfs_open_at(AT_FDCWD, u->name, flags, 0600);
	if (IS_ERR(u->file)) {
		int error = (int)PTR_ERR(u->file);

		u->file = NULL;
		return tolerate(u, error);
	}
	return 0;
}

static int make_node(struct unpacking *u)
{
	u64 device = DEV_MAKE((u64)u->entry.rdev_major, u->entry.rdev_minor);
	int linked = try_link(u), error;

	if (linked)
		return MIN(linked, 0);
	error = vfs_mknod(AT_FDCWD, u->name, u->entry.mode, device);
	return error && error != -EEXIST ? tolerate(u, error) : finish_name(u);
}

static int make_folder(struct unpacking *u)
{
	int error = vfs_mkdir(AT_FDCWD, u->name, 0755);

	return error && error != -EEXIST ? tolerate(u, error) : finish_name(u);
}

/* The header and the name are there. */
int entry_begin(struct unpacking *u)
{
	if (!S_ISLNK(u->entry.mode))
		clear_way(u);
	switch (u->entry.mode & S_IFMT) {
	case S_IFREG:
		return begin_regular(u);
	case S_IFDIR:
		return make_folder(u);
	case S_IFLNK:
		return u->entry.size > PATH_MAX ? unpack_fail(u, -EINVAL, "corrupt cpio archive")
						: 0;
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		return make_node(u);
	}
	return unpack_fail(u, -EINVAL, "corrupt cpio archive");
}

static int end_symlink(struct unpacking *u)
{
	int error;

	u->target[u->entry.size] = 0;
	clear_way(u);
	error = vfs_symlink(u->target, AT_FDCWD, u->name);
	return error ? tolerate(u, error) : finish_name(u);
}

int entry_end(struct unpacking *u)
{
	if (S_ISLNK(u->entry.mode))
		return end_symlink(u);
	if (u->file) {
		set_attributes(u, u->file->inode);
		file_put(u->file);
		u->file = NULL;
	}
	return 0;
}

int entry_data(struct unpacking *u, const u8 *data, size_t size)
{
	ssize_t done;

	if (S_ISLNK(u->entry.mode)) {
		memcpy(u->target + u->data_done, data, size);
	} else if (u->file) {
		done = page_cache_write_kernel(u->file->inode, data, size, u->data_done);
		if (done != (ssize_t)size)
			return unpack_fail(u, -ENOSPC, "not enough memory");
		if (u->file->inode->size < u->data_done + size)
			u->file->inode->size = u->data_done + size;
	}
	u->data_done += size;
	return 0;
}

void entry_set_folder_times(struct unpacking *u)
{
	while (!list_empty(&u->folders)) {
		struct folder_time *folder = list_first_entry(&u->folders, struct folder_time, link);

		folder->inode->atime_ns = folder->inode->mtime_ns = folder->mtime_ns;
		inode_put(folder->inode);
		list_del(&folder->link);
		kfree(folder);
	}
}
