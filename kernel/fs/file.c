/* Open files: allocation, the last close, and helpers that file operations share. */
#include "internal.h"

#include <abi/errno.h>
#include <abi/fcntl.h>
#include <abi/resource.h>
#include <kernel/inotify.h>
#include <kernel/io_iter.h>
#include <kernel/pid.h>
#include <kernel/printk.h>
#include <kernel/signal.h>
#include <kernel/work.h>
#include <lib/err.h>
#include <lib/printf.h>
#include <lib/string.h>

static struct slab_cache *file_cache __ro_after_init;
static atomic_long_t files_open = ATOMIC_INIT(0);
static struct mount *anon_mount __ro_after_init;
static struct inode *anon_inode
	__ro_after_init; /* shared by all files that have no inode of their own */

u64 files_open_count(void)
{
	return (u64)atomic_read(&files_open);
}

static u32 mode_of_flags(u32 flags)
{
	static const u8 modes[4] = { FILE_READ, FILE_WRITE, FILE_READ | FILE_WRITE, 0 };

	return flags & O_PATH ? FILE_PATH_ONLY : modes[flags & O_ACCMODE];
}

/*
 * References to inode, dentry and mount are the caller's to take. Field by field: a cleared struct would be written twice.
 */
static struct file *file_make(struct inode *inode, struct dentry *dentry, u32 flags,
			      const struct file_ops *ops)
{
	struct file *file = slab_alloc(file_cache, 0);

	if (unlikely(!file))
		return NULL;
	ref_init(&file->ref, 1);
	file->mode = mode_of_flags(flags);
	file->flags = flags;
	file->ops = ops;
	file->position = 0;
	file->inode = inode;
	file->dentry = dentry;
	file->mount = NULL;
	file->private_data = NULL;
	file->cred = cred_get(current->cred);
	spin_init(&file->lock, RANK_FILES);
	mutex_init(&file->position_lock, RANK_FILE_POSITION);
	file->owner = NULL;
	list_init(&file->epoll_links);
	atomic_inc(&files_open);
	return file;
}

struct file *file_alloc_path(const struct path *path, u32 flags, const struct file_ops *ops)
{
	struct file *file = file_make(dentry_inode(path->dentry), path->dentry, flags, ops);

	if (likely(file))
		file->mount = path->mount;
	return file;
}

struct file *file_alloc(struct mount *mount, struct dentry *dentry, u32 flags,
			const struct file_ops *ops)
{
	struct file *file = file_make(dentry_inode(dentry), dentry, flags, ops);

	if (!file)
		return ERR_PTR(-ENOMEM);
	dentry_get(dentry);
	if (mount) {
		mount_get(mount);
		file->mount = mount;
	}
	return file;
}

struct file *file_alloc_inode(struct inode *inode, const struct file_ops *ops, u32 flags,
			      void *private_data)
{
	struct file *file = file_make(inode, anon_mount->root, flags, ops);

	if (!file)
		return ERR_PTR(-ENOMEM);
	inode_get(inode);
	dentry_get(anon_mount->root);
	file->mode |= FILE_NO_POSITION_LOCK;
	file->private_data = private_data;
	return file;
}

struct file *file_alloc_anonymous(const struct file_ops *ops, u32 flags, void *private_data)
{
	return file_alloc_inode(anon_inode, ops, flags, private_data);
}

struct inode *inode_alloc_anonymous(u32 mode)
{
	return inode_alloc_internal(anon_mount->super, mode);
}

static void file_free(struct rcu_head *head)
{
	struct file *file = container_of(head, struct file, rcu);

	slab_free(file_cache, file);
}

static void file_release(struct file *file)
{
	struct inode *inode = file->inode;

	if (!(file->mode & FILE_PATH_ONLY))
		notify_file(file, file->mode & FILE_WRITE ? IN_CLOSE_WRITE : IN_CLOSE_NOWRITE);
	if (!list_empty(&file->epoll_links))
		epoll_file_released(file);
	if (file->owner)
		file_owner_release(file);
	if (inode->locks)
		locks_release_file(file);
	if (file->ops->release && !(file->mode & FILE_PATH_ONLY))
		file->ops->release(file);
	if (file->mode & FILE_WRITER_COUNTED)
		inode_put_write(inode);
	if (inode != file->dentry->inode)
		inode_put(inode);
	dentry_put(file->dentry);
	if (file->mount)
		mount_put(file->mount);
	cred_put(file->cred);
	atomic_dec(&files_open);
	/* Lock-free descriptor lookups may still look at the count. */
	rcu_call(&file->rcu, file_free);
}

void file_put(struct file *file)
{
	if (ref_put(&file->ref))
		file_release(file);
}

/* Files whose last reference was dropped where nothing may sleep, linked by rcu.next. */
static struct rcu_head *deferred_files; /* [A] */
static void release_deferred(struct work *work);
static struct work deferred_work = { .fn = release_deferred, .link = LIST_INIT(deferred_work.link) };

static void release_deferred(struct work *work)
{
	struct rcu_head *head = xchg(&deferred_files, NULL);

	(void)work;
	while (head) {
		struct file *file = container_of(head, struct file, rcu);

		head = head->next;
		file_release(file);
	}
}

void file_put_deferred(struct file *file)
{
	struct rcu_head *first;

	if (!ref_put(&file->ref))
		return;
	first = READ_ONCE(deferred_files);
	do {
		file->rcu.next = first;
	} while (!try_cmpxchg(&deferred_files, &first, &file->rcu));
	work_queue(&deferred_work);
}

/* --- Helpers ---------------------------------------------------------------------------------------------------- */

static s64 seek_data(s64 offset, int whence, u64 size)
{
	/* A file system that does not know its holes is all data, with one hole at the end. */
	if (offset < 0 || (u64)offset >= size)
		return -ENXIO;
	return whence == SEEK_DATA ? offset : (s64)size;
}

s64 file_seek_size(struct file *file, s64 offset, int whence, u64 size)
{
	s64 from = 0;

	switch (whence) {
	case SEEK_SET:
		break;
	case SEEK_CUR:
		/* Asking must not change anything that a concurrent seek has set. */
		if (offset == 0)
			return (s64)file->position;
		from = (s64)file->position;
		break;
	case SEEK_END:
		from = (s64)size;
		break;
	case SEEK_DATA:
	case SEEK_HOLE:
		offset = seek_data(offset, whence, size);
		if (offset < 0)
			return offset;
		break;
	default:
		return -EINVAL;
	}
	if (__builtin_add_overflow(from, offset, &offset))
		return -EOVERFLOW;
	if (offset < 0 || (u64)offset > file->inode->super->max_size)
		return -EINVAL;
	file->position = (u64)offset;
	return offset;
}

s64 file_seek_none(struct file *file, s64 offset, int whence)
{
	(void)offset, (void)whence;
	file->position = 0;
	return 0;
}

ssize_t file_read_iter(struct file *file, struct io_iter *iter, u64 *position)
{
	if (!(file->mode & FILE_READ))
		return -EBADF;
	if (!file->ops->read)
		return -EINVAL;
	iter->no_wait = READ_ONCE(file->flags) & O_NONBLOCK;
	return file->ops->read(file, iter, position);
}

ssize_t file_write_iter(struct file *file, struct io_iter *iter, u64 *position)
{
	if (!(file->mode & FILE_WRITE))
		return -EBADF;
	if (!file->ops->write)
		return -EINVAL;
	iter->no_wait = READ_ONCE(file->flags) & O_NONBLOCK;
	return file->ops->write(file, iter, position);
}

ssize_t file_read_kernel(struct file *file, void *buffer, size_t size, u64 *position)
{
	struct io_iter iter;
	ssize_t done;

	io_iter_kernel(&iter, buffer, size);
	done = file_read_iter(file, &iter, position);
	if (done > 0)
		notify_file(file, IN_ACCESS);
	return done;
}

ssize_t file_read_kernel_now(struct file *file, void *buffer, size_t size, u64 *position)
{
	struct io_iter iter;
	ssize_t done;

	io_iter_kernel(&iter, buffer, size);
	iter.no_wait = true;
	done = file->ops->read(file, &iter, position);
	if (done > 0)
		notify_file(file, IN_ACCESS);
	return done;
}

ssize_t file_write_kernel(struct file *file, const void *buffer, size_t size, u64 *position)
{
	struct io_iter iter;
	ssize_t done;

	io_iter_kernel(&iter, (void *)(uintptr_t)buffer, size);
	done = file_write_iter(file, &iter, position);
	if (done > 0)
		notify_file(file, IN_MODIFY);
	return done;
}

s64 file_write_limit(struct inode *inode, u64 position, size_t size)
{
	u64 limit = task_limit(current, RLIMIT_FSIZE);
	u64 end = MIN(limit, inode->super->max_size);

	if (!inode_is_regular(inode))
		return (s64)size;
	if (position >= limit) {
		signal_kernel(current, SIGXFSZ, false);
		return -EFBIG;
	}
	if (position >= end)
		return -EFBIG;
	return (s64)MIN((u64)size, end - position);
}

u32 file_poll(struct file *file, struct poll_table *table)
{
	if (!file->ops->poll)
		return READY_IN | READY_OUT;
	return file->ops->poll(file, table);
}

/* --- Files without a path ------------------------------------------------------------------------------------------ */

static char *text_with_inode(const char *kind, const struct inode *inode, char *buffer, size_t size)
{
	int length = scnprintf(buffer, size, "%s:[%llu]", kind, (unsigned long long)inode->number);

	return (size_t)length + 1 < size ? buffer : ERR_PTR(-ENAMETOOLONG);
}

char *file_text(const struct file *file, char *buffer, size_t size)
{
	const char *name = file->ops->name;

	if (file->mount && file->mount != anon_mount) {
		struct path path = { file->mount, file->dentry };

		return path_text(&path, buffer, size);
	}
	switch (file->inode->mode & S_IFMT) {
	case S_IFIFO:
		return text_with_inode("pipe", file->inode, buffer, size);
	case S_IFSOCK:
		return text_with_inode("socket", file->inode, buffer, size);
	}
	return strscpy(buffer, name ? name : "anon_inode:[file]", size) < 0 ? ERR_PTR(-ENAMETOOLONG)
									    : buffer;
}

/* A file without a path gets a name that no directory has. */
int file_path_get(const struct file *file, struct path *path)
{
	static const struct name name = { .text = "anonymous", .length = 9 };
	struct dentry *dentry;

	*path = (struct path){ file->mount ? file->mount : anon_mount, file->dentry };
	if (dentry_inode(file->dentry) == file->inode) {
		path_get(path);
		return 0;
	}
	dentry = dentry_alloc(anon_mount->root, &name);
	if (!dentry)
		return -ENOMEM;
	dentry->flags |= DENTRY_UNHASHED;
	dentry_instantiate(dentry, inode_get(file->inode));
	mount_get(anon_mount);
	path->dentry = dentry;
	return 0;
}

/* Through /proc/<pid>/fd such a file can be looked at, but not opened again. */
static int anon_open(struct inode *inode, struct file *file)
{
	(void)inode, (void)file;
	return -ENXIO;
}

static const struct file_ops anon_file_ops = { .open = anon_open };

static struct super *anon_mount_super(const struct fs_type *type, const char *source, u32 flags,
				      const char *options)
{
	(void)source, (void)flags, (void)options;
	return super_alloc_internal(type, ANON_INODE_FS_MAGIC, S_IRUSR | S_IWUSR);
}

static const struct fs_type anon_fs_type = { .name = "anon_inodefs", .mount = anon_mount_super };

void anon_init(void)
{
	anon_mount = mount_alloc_internal(&anon_fs_type);
	if (IS_ERR(anon_mount))
		panic("No memory for anonymous files");
	anon_inode = dentry_inode(anon_mount->root);
	anon_inode->file_ops = &anon_file_ops;
}

void file_init(void)
{
	file_cache = slab_cache_create("file", sizeof(struct file), CACHE_LINE);
}
