/*
 * Open files and descriptors. A struct file is one open(): position, flags, operations. Descriptor tables map small
 * numbers to files; lookups are lock-free (RCU), changes hold files->lock.
 *
 * file_put may be called anywhere that may sleep; the last one runs the release operation at once, except when called
 * under file_put_deferred rules (interrupts, locks held): use file_put_deferred there.
 */
#pragma once

#include <kernel/locks.h>
#include <kernel/poll.h>
#include <kernel/rcu.h>
#include <kernel/task.h>
#include <platform/usercopy.h>
#include <profile/refcount.h>

struct dentry;
struct dir_context;
struct file;
struct inode;
struct io_iter;
struct mount;
struct vma;
struct task;
struct seq_file;
struct cred;
struct pid;

struct file_ops {
	/* Bytes, or -errno. `position` is the file's or pread's; the operation advances it. NULL: -EINVAL. */
	ssize_t (*read)(struct file *file, struct io_iter *iter, u64 *position);
	ssize_t (*write)(struct file *file, struct io_iter *iter, u64 *position);
	s64 (*seek)(struct file *file, s64 offset, int whence); /* NULL: -ESPIPE */
	int (*readdir)(struct file *file, struct dir_context *context); /* NULL: -ENOTDIR */
	long (*ioctl)(struct file *file, unsigned int command, u64 argument); /* NULL: -ENOTTY */
	int (*mmap)(struct file *file, struct vma *vma); /* NULL: -ENODEV */
	u32 (*poll)(struct file *file,
		    struct poll_table *table); /* POLL* bits; NULL: always POLLIN | POLLOUT */
	int (*open)(struct inode *inode, struct file *file); /* optional; may replace file->ops */
	int (*flush)(struct file *file); /* each close of a descriptor; optional */
	void (*release)(struct file *file); /* last reference; optional */
	int (*fsync)(struct file *file, bool data_only); /* NULL: -EINVAL */
	long (*fallocate)(struct file *file, int mode, u64 offset,
			  u64 length); /* NULL: -EOPNOTSUPP */
	void (*show_fdinfo)(struct file *file, struct seq_file *out); /* optional */
	const struct async_ops *async; /* O_ASYNC; NULL: it means nothing */
	const char *name; /* of an anonymous file: "anon_inode:[eventfd]"; NULL: use the path */
};

struct async_ops {
	/* A queue of the file is woken with `key`: POLL_IN, _OUT, _ERR, _PRI, _HUP for a signal, or 0. Under the queue's lock. */
	int (*reason)(struct file *file, u32 key);
	int (*begin)(struct file *file); /* O_ASYNC is switched on: 0 or -errno; optional */
};

/* file->mode: what operations are permitted. */
#define FILE_READ (1u << 0)
#define FILE_WRITE (1u << 1)
#define FILE_SEEKABLE (1u << 2) /* pread, pwrite, lseek */
#define FILE_PATH_ONLY (1u << 3) /* O_PATH */
#define FILE_NO_POSITION_LOCK (1u << 4) /* stream: position unused */
#define FILE_WRITER_COUNTED (1u << 5) /* holds inode->write_count */

struct file {
	struct refcount ref;
	u32 mode; /* [I] FILE_* */
	u32 flags; /* [lock] O_* that F_GETFL shows */
	const struct file_ops *ops; /* [I after open] */
	u64 position; /* [position_lock, or one user] */
	struct inode *inode; /* [I] a reference of the dentry's, or own for anonymous files */
	struct dentry *dentry; /* [I] reference; never NULL (anonymous files have one too) */
	struct mount *mount; /* [I] reference; NULL for anonymous files */
	void *private_data; /* [I after open] of ops */
	struct cred *cred; /* [I] reference: who opened it */
	struct spinlock lock; /* RANK_FILES: flags */
	struct mutex position_lock;
	struct file_owner *owner; /* [A] whom its signals go to; NULL: nobody has asked */
	struct list epoll_links; /* epoll items that watch it */
	struct rcu_head rcu;
};

/* A file of ours without a path (pipe, eventfd, ...): ref 1, ERR_PTR. `flags`: O_RDWR etc. and O_NONBLOCK. */
struct file *file_alloc_anonymous(const struct file_ops *ops, u32 flags, void *private_data);
/* The same for an inode of its own (inode_alloc_anonymous), of which it takes a reference: both ends of a pipe share one. */
struct file *file_alloc_inode(struct inode *inode, const struct file_ops *ops, u32 flags,
			      void *private_data);
/* For an inode with or without a mount; takes its own references. ops->open is called by vfs_open, not here. */
struct file *file_alloc(struct mount *mount, struct dentry *dentry, u32 flags,
			const struct file_ops *ops);
static inline struct file *file_get(struct file *file)
{
	ref_get(&file->ref);
	return file;
}
void file_put(struct file *file);
void file_put_deferred(struct file *file);

/* Helpers for operations. */
ssize_t file_read_iter(struct file *file, struct io_iter *iter,
		       u64 *position); /* checks FILE_READ; -EBADF, -EINVAL */
ssize_t file_write_iter(struct file *file, struct io_iter *iter, u64 *position);
/* How much of a write at `position` RLIMIT_FSIZE and the file system allow: bytes, or -EFBIG (then SIGXFSZ was sent). */
s64 file_write_limit(struct inode *inode, u64 position, size_t size);
s64 file_seek_size(struct file *file, s64 offset, int whence,
		   u64 size); /* SET, CUR, END, DATA, HOLE */
s64 file_seek_none(struct file *file, s64 offset,
		   int whence); /* accepts and stays at 0, as /dev/null */
ssize_t file_read_kernel(struct file *file, void *buffer, size_t size, u64 *position);
/* Of a file that was read before: does not wait, whatever the file's flags say. */
ssize_t file_read_kernel_now(struct file *file, void *buffer, size_t size, u64 *position);
ssize_t file_write_kernel(struct file *file, const void *buffer, size_t size, u64 *position);

/* --- Descriptor tables --------------------------------------------------------------------------------------- */

struct fd_table {
	unsigned int size; /* [I] slots */
	struct file **slots; /* [R files->lock] */
	unsigned long *open, *close_on_exec; /* [files->lock] bitmaps */
	struct rcu_head rcu;
};

struct files {
	struct refcount ref;
	struct spinlock lock; /* RANK_FILES */
	struct fd_table *table; /* [R lock] */
	unsigned int next_free; /* [lock] no free descriptor below */
	struct fd_table first; /* of 64: most processes need no other */
	struct file *first_slots[64];
	unsigned long first_open[1], first_close_on_exec[1];
};

/*
 * Looking up without an atomic: when the table is not shared (files->ref is 1), the running task is the only one that can
 * close, so a borrowed pointer stays valid during the call. fd_get says in the low bit of `raw` whether fd_put must drop.
 */
struct fd_ref {
	u64 raw;
};
static inline struct file *fd_file(struct fd_ref ref)
{
	return (struct file *)(ref.raw & ~1UL);
}
/* The table is shared: with a reference. `refused`: modes of files that count as not open. */
struct fd_ref fd_get_shared(struct files *files, unsigned int fd, u32 refused);
static inline struct fd_ref fd_get_unless(int fd, u32 refused)
{
	struct files *files = current->files;
	const struct fd_table *table;
	struct file *file;

	if (unlikely(ref_read(&files->ref) != 1))
		return fd_get_shared(files, (unsigned int)fd, refused);
	table = files->table;
	if (unlikely((unsigned int)fd >= table->size))
		return (struct fd_ref){ 0 };
	file = table->slots[(unsigned int)fd];
	if (file && unlikely(file->mode & refused))
		file = NULL;
	return (struct fd_ref){ (u64)file };
}
/* raw 0: -EBADF; so are O_PATH files, unless they are asked for. */
static inline struct fd_ref fd_get(int fd)
{
	return fd_get_unless(fd, FILE_PATH_ONLY);
}
static inline struct fd_ref fd_get_path(int fd)
{
	return fd_get_unless(fd, 0);
}
static inline void fd_put(struct fd_ref ref)
{
	if (ref.raw & 1)
		file_put(fd_file(ref));
}
/* With a reference of its own; NULL. */
struct file *fd_get_file(int fd);

/* Reserve, then install (which cannot fail and consumes the reference) or release. `flags`: O_CLOEXEC. */
int fd_reserve(unsigned int flags);
int fd_reserve_from(int minimum, unsigned int flags);
/* Two at once, and their numbers in user memory, before others can see the files. 0; on failure nothing is reserved. */
int fd_reserve_two(int fds[2], unsigned int flags, struct user_ptr user);
void fd_install(int fd, struct file *file);
void fd_release(int fd);
/* reserve + install; on failure drops the reference of `file` and returns -errno. IS_ERR(file) is passed through. */
int fd_install_new(struct file *file, unsigned int flags);
int fd_close(int fd);
int fd_dup_to(struct file *file, int to, unsigned int flags); /* dup2, dup3: closes `to` first */
int fd_close_range(unsigned int first, unsigned int last, unsigned int flags);
bool fd_close_on_exec(int fd);
void fd_set_close_on_exec(int fd, bool on);
/* Asked under the table's lock: a close in another thread is over, or sees all that was done before. */
bool fd_is_file(int fd, const struct file *file);
/* Of another task, for /proc: with a reference, and the next used descriptor >= fd, or NULL. */
struct file *files_next_get(struct files *files, int *fd);
struct file *files_get(struct files *files, int fd); /* this one, with a reference; NULL */

struct files *files_alloc(void);
struct files *files_clone(struct files *from); /* ERR_PTR */
void files_put(struct files *files); /* closes all with the last reference */
void files_exec(
	void); /* closes close-on-exec descriptors; unshares the table first: 0 or -ENOMEM via files_unshare */
int files_unshare(void);
void files_init(void); /* before vfs_init */
u64 files_open_count(void);

/* --- Whom a file's signals go to: file_owner.c --------------------------------------------------------------- */

/* Consumes the reference of `pid`, which may be NULL. 0 or -ENOMEM. Not `replace`: only if nobody is the owner. */
int file_set_owner(struct file *file, struct pid *pid, enum pid_type type, bool replace);
int file_set_owner_number(struct file *file, s32 number, enum pid_type type); /* also -ESRCH */
/* F_SETOWN, F_GETOWN: a negative number is a process group. 0: nobody, or nobody any more. */
int file_set_owner_signed(struct file *file, s32 number);
s32 file_owner_signed(struct file *file);
s32 file_owner_number(struct file *file, enum pid_type *type);
int file_set_signal(struct file *file, u64 signo); /* F_SETSIG: 0, -EINVAL, -ENOMEM */
int file_signal(struct file *file);
/* async_ops.reason of a file that tells of whatever is ready. */
int file_async_reason(struct file *file, u32 key);
extern const struct async_ops file_async_ops; /* with nothing else */
/* O_ASYNC on or off, by descriptor `fd`: 0, -ENOTTY if such files have none, -ENOMEM. */
int file_set_async(struct file *file, int fd, bool on);
void file_signal_urgent(struct file *file); /* SIGURG */
