/*
 * The virtual file system: superblocks, inodes, dentries, mounts, and the walk from a path to them.
 *
 * A dentry is a name in a directory, cached: positive (has an inode) or negative. The tree of dentries pins parents from
 * children. Lookups in the hash are lock-free under RCU and take a reference with ref_try_get. Directory contents are
 * changed under the directory's inode->lock, taken for writing; lookup in the file system itself under it for reading.
 * rename holds super->rename_lock first when two directories are involved, then both directories, ancestors first.
 *
 * A mount is keyed by (parent mount, dentry it covers); a path is (mount, dentry).
 */
#pragma once

#include <abi/stat.h>
#include <abi/statfs.h>
#include <kernel/cred.h>
#include <kernel/file.h>
#include <kernel/locks.h>
#include <kernel/page_cache.h>
#include <kernel/rcu.h>
#include <lib/hlist.h>

struct dentry;
struct inode;
struct mount;
struct super;
struct seq_file;

struct name {
	const char *text; /* not NUL-terminated by contract, though dentries' own are */
	u32 length;
	u32 hash; /* name_hash(parent, text, length) */
};

struct path {
	struct mount *mount; /* a reference */
	struct dentry *dentry; /* a reference */
};

struct inode_change;

struct inode_ops {
	/*
	 * Directory. All are called with dir->lock held for writing (lookup: for reading or writing), names checked
	 * (length, no slash), permission checked. They attach the inode with dentry_instantiate. 0 or -errno.
	 */
	int (*lookup)(struct inode *dir,
		      struct dentry *dentry); /* not found: 0 and the dentry stays negative */
	int (*create)(struct inode *dir, struct dentry *dentry, u32 mode);
	int (*mkdir)(struct inode *dir, struct dentry *dentry, u32 mode);
	int (*mknod)(struct inode *dir, struct dentry *dentry, u32 mode, u64 device);
	int (*symlink)(struct inode *dir, struct dentry *dentry, const char *target);
	int (*link)(struct inode *inode, struct inode *dir, struct dentry *dentry);
	int (*unlink)(struct inode *dir, struct dentry *dentry);
	int (*rmdir)(struct inode *dir, struct dentry *dentry);
	int (*rename)(struct inode *old_dir, struct dentry *old, struct inode *new_dir,
		      struct dentry *new_dentry,
		      u32 flags); /* RENAME_NOREPLACE is handled above; RENAME_EXCHANGE may be -EINVAL */
	int (*tmpfile)(struct inode *dir, struct inode **inode, u32 mode);

	/* Symbolic link: the target, valid while the inode is referenced and under the caller's RCU/ref; or ERR_PTR. */
	const char *(*get_link)(struct inode *inode);
	/* "Magic" links of /proc/<pid>: jumps to a path instead (references for the caller). Optional. */
	int (*follow)(struct inode *inode, struct path *path);
	ssize_t (*readlink)(struct inode *inode, char *buffer,
			    size_t size); /* when it differs from get_link; optional */

	int (*getattr)(struct inode *inode, struct abi_statx *attributes,
		       u32 mask); /* optional: fill what differs */
	int (*setattr)(struct inode *inode,
		       const struct inode_change *change); /* after inode_change_check; NULL: generic */
	int (*permission)(struct inode *inode, u32 mask); /* NULL: generic */
	int (*truncate)(struct inode *inode,
			u64 size); /* inode->lock held for writing; NULL: -EINVAL */
};

/* What chmod, chown, truncate, utimensat ask for. */
struct inode_change {
	u32 valid; /* CHANGE_* */
	u32 mode, uid, gid;
	u64 size;
	s64 atime_ns, mtime_ns;
};
#define CHANGE_MODE (1u << 0)
#define CHANGE_UID (1u << 1)
#define CHANGE_GID (1u << 2)
#define CHANGE_SIZE (1u << 3)
#define CHANGE_ATIME (1u << 4)
#define CHANGE_MTIME (1u << 5)
#define CHANGE_ATIME_NOW (1u << 6)
#define CHANGE_MTIME_NOW (1u << 7)
#define CHANGE_KILL_SUID (1u << 8)

/* inode->flags */
#define INODE_DEAD (1u << 0) /* a removed directory: nothing is found or made in it any more */
#define INODE_LINKABLE (1u << 1) /* made by O_TMPFILE: link may give it its first name */
#define INODE_PRIVATE                                                                              \
	(1u << 2) /* of the kernel's own mounts: no permission checks, no time stamps */

struct inode {
	struct refcount ref;
	u32 mode; /* [lock] S_IF* and permissions */
	u32 uid, gid; /* [lock] */
	u32 link_count; /* [lock] */
	u64 number; /* [I] */
	u64 size; /* [lock; read by READ_ONCE] */
	u64 blocks; /* [lock] of 512 bytes */
	u64 device; /* [I] of a device node: st_rdev */
	s64 atime_ns, mtime_ns, ctime_ns, btime_ns; /* [lock] realtime */
	const struct inode_ops *ops; /* [I] */
	const struct file_ops *file_ops; /* [I] */
	struct super *super; /* [I] */
	struct page_cache cache;
	struct rwsem lock; /* RANK_INODE */
	struct spinlock state_lock; /* RANK_INODE_STATE */
	struct file_locks *locks; /* [state_lock] flock and POSIX locks; NULL */
	struct pipe *pipe; /* [state_lock] of a FIFO while open */
	s32 write_count; /* [A] > 0 writers, < 0 executing: ETXTBSY */
	s32 writable_maps; /* [A] > 0 shared vmas that may be written, < 0 sealed */
	u32 seals; /* [lock] F_SEAL_* of a file in memory */
	u32 flags; /* [state_lock] */
	void *private_data; /* [I] of the file system */
	struct watch *watches; /* [state_lock] inotify's; NULL */
	u64 generation;
	struct xattr *xattrs; /* [lock] the newest first; NULL: none */
	struct rcu_head rcu;
};

/*
 * A name of up to DENTRY_INLINE_NAME - 1 bytes lies inside. A hashed dentry is in its parent's `children` and has one
 * reference of the cache's own; an unused one (reference count 1) may be dropped under memory pressure unless it is
 * DENTRY_KEEP. Once a dentry has an inode it keeps it: removing a name unhashes the dentry.
 */
#define DENTRY_INLINE_NAME 40
struct dentry {
	struct hlist_node hash_node; /* [R hash lock] first: lookups live on it */
	struct refcount ref;
	u32 flags; /* [lock] DENTRY_* */
	struct dentry *parent; /* [R] a reference; itself at a root */
	struct name name; /* [R lock] */
	struct inode *inode; /* [R lock] a reference; NULL: negative */
	struct super *super; /* [I] */
	struct spinlock lock; /* RANK_DENTRY */
	struct list children; /* [lock] */
	struct list sibling; /* [parent's lock] */
	struct list lru; /* [dcache] unused ones */
	void *private_data; /* of the file system */
	u64 position; /* [parent's lock] directory position of a dentry with an inode, rising along `children` */
	u64 next_position; /* [lock] of the next child */
	char inline_name[DENTRY_INLINE_NAME];
	struct rcu_head rcu;
};

#define DENTRY_MOUNTED (1u << 0) /* some mount covers it */
#define DENTRY_UNHASHED (1u << 1) /* unlinked: not found by lookups any more */
#define DENTRY_KEEP                                                                                \
	(1u << 2) /* the dentry is the only record of the name (tmpfs): never dropped to save memory */
#define DENTRY_REVALIDATE (1u << 3) /* super->ops->revalidate decides at each lookup (procfs) */
#define DENTRY_TRANSIENT                                                                           \
	(1u << 5) /* set by lookup: forgotten as soon as it is unused (/proc/<pid>) */
#define DENTRY_NO_NEGATIVE (1u << 4) /* set by lookup: "no such name" is not remembered */

struct super_ops {
	void (*destroy_inode)(
		struct inode *inode); /* last reference: free private_data; page cache is gone already */
	int (*statfs)(struct super *super, struct abi_statfs *statfs);
	bool (*revalidate)(struct dentry *dentry); /* false: drop it and look up anew */
	void (*release)(struct super *super); /* last unmount */
	int (*remount)(struct super *super, u32 flags, const char *options);
	void (*show_options)(struct super *super, struct seq_file *out);
	int (*sync)(struct super *super);
	bool keeps_xattrs; /* those of the inodes, see xattr.h; destroy_inode frees them */
};

struct fs_type {
	const char *name;
	bool needs_device;
	/* A filled superblock with a root dentry, or ERR_PTR. */
	struct super *(*mount)(const struct fs_type *type, const char *source, u32 flags,
			       const char *options);
	struct list link; /* registry */
};

struct super {
	struct refcount ref; /* mounts */
	const struct fs_type *type; /* [I] */
	const struct super_ops *ops; /* [I] */
	struct dentry *root; /* [I] reference */
	u64 device; /* [I] st_dev: anonymous device number */
	u32 flags; /* SUPER_READ_ONLY ... = MS_* */
	u32 block_size;
	u64 magic;
	u64 max_size;
	atomic_long_t next_inode;
	atomic_t shrinking; /* dentries that the shrinker is about to destroy */
	struct mutex rename_lock; /* RANK_RENAME */
	atomic_t watches; /* of inotify, that are not freed: while 0, nobody is told of anything */
	struct spinlock watch_lock; /* RANK_INOTIFY */
	struct list watched; /* [watch_lock] attached watches */
	void *private_data;
	struct rcu_head rcu;
};
#define FILE_SIZE_MAX 0x7fffffffffffffffUL /* positions are signed in the ABI */
#define SUPER_READ_ONLY 1u /* MS_RDONLY */

struct mount {
	struct refcount ref;
	struct super *super; /* [I] reference */
	struct dentry *root; /* [I] reference */
	struct mount *parent; /* [R mount_lock] itself at the top */
	struct dentry *mountpoint; /* [R mount_lock] reference; in parent */
	struct hlist_node hash_node; /* [R mount_lock] by (parent, mountpoint) */
	struct list children, sibling; /* [mount_lock] */
	struct list all_link; /* [mount_lock] in the namespace's order, for /proc/mounts */
	u32 flags; /* MS_* that are per mount */
	u32 id;
	char *source; /* owned */
	bool detached;
	struct rcu_head rcu;
};

/* Root and working directory, umask: shared by CLONE_FS. */
struct fs_context {
	struct refcount ref;
	struct spinlock lock; /* RANK_FS */
	struct path root, cwd; /* [R lock] */
	struct seqcount sequence; /* [lock] odd while root or cwd change */
	u32 umask; /* [A] */
};
struct fs_context *fs_context_clone(struct fs_context *from); /* NULL */
void fs_context_put(struct fs_context *fs); /* NULL is allowed */
/* chdir, chroot: takes references of its own. */
void fs_set_cwd(struct fs_context *fs, const struct path *path);
void fs_set_root(struct fs_context *fs, const struct path *path);

/* --- Paths ---------------------------------------------------------------------------------------------------- */

#define LOOKUP_FOLLOW (1u << 0) /* a symbolic link at the end */
#define LOOKUP_DIRECTORY (1u << 1)
#define LOOKUP_EMPTY (1u << 2) /* "" names the base itself (AT_EMPTY_PATH) */
#define LOOKUP_NO_AUTOMOUNT (1u << 3)
#define LOOKUP_NO_SYMLINKS (1u << 4)
#define LOOKUP_BENEATH (1u << 5)
#define LOOKUP_IN_ROOT (1u << 6)
#define LOOKUP_NO_XDEV (1u << 7)
#define LOOKUP_NO_MAGICLINKS (1u << 8)

static inline void path_get(const struct path *path);
void path_put(struct path *path);

/* A path string from user space in kernel memory. get: ERR_PTR(-EFAULT, -ENAMETOOLONG, -ENOENT if empty and not allowed). */
struct path_name {
	const char *text;
	char storage[]; /* PATH_MAX */
};
struct path_name *path_name_get(struct user_ptr user, u32 lookup_flags);
struct path_name *path_name_alloc(void); /* room for a path, contents undefined; NULL */
void path_name_put(struct path_name *name);

/*
 * A path argument of a system call: short ones lie in the struct itself. get: 0, or as path_name_get.
 */
#define PATH_ARG_SMALL 112
struct path_arg {
	const char *text;
	struct path_name *memory; /* of a long one; NULL */
	char small[PATH_ARG_SMALL];
};
int path_arg_get(struct path_arg *arg, struct user_ptr user, u32 lookup_flags);
static inline void path_arg_put(struct path_arg *arg)
{
	if (unlikely(arg->memory != NULL))
		path_name_put(arg->memory);
}
/* stat of what is cached, without a reference: 0, -ENOENT, or 1: it takes a path_lookup. */
int path_stat_fast(int dirfd, const char *text, u32 flags, struct abi_stat *stat);
int path_statx_fast(int dirfd, const char *text, u32 flags, struct abi_statx *statx);

/* From `dirfd` (AT_FDCWD) to what exists. 0 and references in *path, or -errno. */
int path_lookup(int dirfd, const char *text, u32 flags, struct path *path);
int path_lookup_user(int dirfd, struct user_ptr text, u32 flags, struct path *path);
/* Relative to a given directory (exec's interpreter, initramfs). */
int path_lookup_from(const struct path *base, const char *text, u32 flags, struct path *path);

/*
 * Parent directory and last component, for creating and removing. On success: path is the parent (references), `last`
 * points into `text`, trailing_slash tells; the last component is not looked up. -EEXIST/-EISDIR questions are the caller's.
 */
struct path_last {
	struct name name;
	bool trailing_slash;
	enum { LAST_NORMAL, LAST_DOT, LAST_DOTDOT, LAST_ROOT } type;
};
int path_lookup_parent(int dirfd, const char *text, u32 flags, struct path *parent,
		       struct path_last *last);
/* Under parent->dentry->inode->lock held for writing: the dentry (maybe negative) of `last`, a reference; ERR_PTR. */
struct dentry *dentry_lookup_locked(struct dentry *parent, const struct name *name);

/* The link's text for readlink, into `buffer`: bytes (no NUL), or -errno. */
ssize_t link_read(struct dentry *dentry, char *buffer, size_t size);

/* Path text as seen from the task's root into buffer's end: pointer into it, or ERR_PTR(-ENAMETOOLONG). " (deleted)" added. */
char *path_text(const struct path *path, char *buffer, size_t size);
/* For getcwd: bytes with the NUL and where they start in `buffer`; -ENOENT (removed), -ENAMETOOLONG. */
ssize_t path_text_cwd(char *buffer, size_t size, char **start);
/* As /proc/<pid>/fd/<n> shows it: the path, or "pipe:[5]", "anon_inode:[eventfd]". */
char *file_text(const struct file *file, char *buffer, size_t size);
/* A path that leads to the file's inode, for /proc/<pid>/fd: references. 0 or -ENOMEM. */
int file_path_get(const struct file *file, struct path *path);

/* --- Operations on names: kernel forms of the calls, permission checks included ----------------------------------- */

struct file *vfs_open(const struct path *path, u32 flags); /* O_*; no creation; ERR_PTR */
struct file *vfs_open_at(int dirfd, const char *text, u32 flags, u32 mode); /* with O_CREAT etc. */
struct file *vfs_open_exec(
	int dirfd, const char *text,
	u32 lookup_flags); /* regular, executable, not noexec; writers get ETXTBSY until vfs_close_exec */
void vfs_close_exec(struct file *file);
struct file *vfs_open_lookup(int dirfd, const char *text, u32 flags, u32 mode,
			     u32 lookup_flags); /* openat2 */
int vfs_mkdir(int dirfd, const char *text, u32 mode);
int vfs_mknod(int dirfd, const char *text, u32 mode, u64 device);
int vfs_symlink(const char *target, int dirfd, const char *text);
int vfs_link(int old_dirfd, const char *old_text, int new_dirfd, const char *new_text, u32 flags);
int vfs_unlink(int dirfd, const char *text);
int vfs_rmdir(int dirfd, const char *text);
int vfs_rename(int old_dirfd, const char *old_text, int new_dirfd, const char *new_text, u32 flags);
int vfs_change(const struct path *path, struct inode_change *change);
int inode_change(struct mount *mount, struct inode *inode,
		 struct inode_change *change); /* mount may be NULL */
int vfs_truncate(struct inode *inode,
		 u64 size); /* takes inode->lock; regular files; checks the size limits */
int vfs_statfs(const struct path *path, struct abi_statfs *statfs);
void inode_touch(struct mount *mount,
		 struct inode *inode); /* atime as relatime, noatime ... say; mount may be NULL */
void inode_modified(struct inode *inode); /* mtime and ctime; inode->lock held for writing */
void inode_kill_suid(
	struct inode *inode); /* a write or truncation by one without CAP_FSETID; lock held for writing */
int mount_want_write(const struct mount *mount); /* 0 or -EROFS */
/* Executing and writing exclude each other: 0 or -ETXTBSY. */
int inode_deny_write(struct inode *inode);
void inode_allow_write(struct inode *inode);
int inode_get_write(struct inode *inode);
void inode_put_write(struct inode *inode);
/*
 * A shared mapping that may be or become writable: 0, or -EPERM as it is sealed against writing; again: while there is
 * another one.
 */
int inode_map_writable(struct inode *inode);
void inode_map_writable_again(struct inode *inode);
void inode_unmap_writable(struct inode *inode);
int file_add_seals(struct file *file, u64 seals); /* F_ADD_SEALS */
int file_get_seals(const struct file *file); /* F_GET_SEALS */
int vfs_statx(const struct path *path, u32 mask, struct abi_statx *result);
int inode_statx(struct inode *inode, u32 mask,
		struct abi_statx *statx); /* all but what the mount knows */
int inode_stat(struct inode *inode, struct abi_stat *stat);
int super_statfs(struct super *super, u32 mount_flags, struct abi_statfs *statfs);
void stat_from_statx(struct abi_stat *stat, const struct abi_statx *statx);

#define MAY_EXEC 1u
#define MAY_WRITE 2u
#define MAY_READ 4u
int inode_permission(struct inode *inode,
		     u32 mask); /* by fsuid, groups, capabilities; 0 or -EACCES, -EROFS */
int inode_change_check(struct inode *inode, struct inode_change *change);
void inode_change_apply(struct inode *inode, const struct inode_change *change); /* all but size */
static inline s64 inode_now(void);

/* --- For file systems ------------------------------------------------------------------------------------------ */

void fs_register(struct fs_type *type);
const struct fs_type *fs_find(const char *name);
void fs_show_types(struct seq_file *out); /* /proc/filesystems */
struct super *super_alloc(const struct fs_type *type, const struct super_ops *ops,
			  u64 magic); /* NULL; device assigned */
void super_put(struct super *super);
/* A mount of the kernel's own, which no path leads to. ERR_PTR. */
struct mount *mount_alloc_internal(const struct fs_type *type);
/* Of the same kind, for what has an inode but no name: a superblock whose only dentry is its root, of this mode. ERR_PTR. */
struct super *super_alloc_internal(const struct fs_type *type, u64 magic, u32 mode);
struct inode *inode_alloc_anonymous(u32 mode); /* without a name: pipes, sockets; ref 1; NULL */
struct inode *inode_alloc(struct super *super,
			  u32 mode); /* ref 1, number assigned, times now, fsuid/fsgid; NULL */
extern const struct inode_ops internal_inode_ops; /* the generic answers */
/* The same for what lies in no file system that a path leads to. */
static inline struct inode *inode_alloc_internal(struct super *super, u32 mode)
{
	struct inode *inode = inode_alloc(super, mode);

	if (inode) {
		inode->ops = &internal_inode_ops;
		inode->flags = INODE_PRIVATE;
	}
	return inode;
}
void inode_init_owner(struct inode *inode, const struct inode *dir); /* setgid directories */
static inline struct inode *inode_get(struct inode *inode)
{
	ref_get(&inode->ref);
	return inode;
}
u64 inode_count(void); /* in memory */
void inode_put(struct inode *inode); /* may sleep: the last one destroys */
struct dentry *dentry_alloc_root(struct inode *inode); /* consumes the inode reference; NULL */
struct dentry *dentry_alloc(struct dentry *parent,
			    const struct name *name); /* unhashed, negative, ref 1 */
void dentry_instantiate(struct dentry *dentry,
			struct inode *inode); /* consumes the inode reference */
void dentry_add(struct dentry *dentry,
		struct inode *inode); /* instantiates (inode may be NULL) and hashes */
void dentry_drop(struct dentry *dentry); /* unhashes; the caller has a reference of its own */
void dentry_keep(struct dentry *dentry); /* sets DENTRY_KEEP */
void dentry_shrink(size_t count); /* frees up to so many unused dentries; may sleep */
static inline struct dentry *dentry_get(struct dentry *dentry)
{
	ref_get(&dentry->ref);
	return dentry;
}
void dentry_put(struct dentry *dentry);
u32 name_hash(const struct dentry *parent, const char *text, u32 length);
static inline struct name name_of(const char *text, u32 length)
{
	return (struct name){ .text = text, .length = length };
}
/* Children of a directory that lives in dentries only (tmpfs, devtmpfs). */
int dentry_readdir(struct file *file, struct dir_context *context);
s64 dentry_dir_seek(struct file *file, s64 offset, int whence);

/* readdir hands entries here: false when the buffer is full, then the position stays on that entry. */
struct dir_context {
	bool (*emit)(struct dir_context *context, const char *name, u32 length, u64 inode, u32 type,
		     u64 next_position);
	u64 position;
};
bool dir_emit(struct dir_context *context, const char *name, u32 length, u64 inode, u32 type);
bool dir_emit_dots(struct file *file,
		   struct dir_context *context); /* "." and ".." at positions 0 and 1 */

extern const struct file_ops page_cache_file_ops; /* read, write, mmap, seek through the page cache */
extern const struct file_ops directory_file_ops_tmpfs;

/* --- Mounts ---------------------------------------------------------------------------------------------------- */

extern struct rwsem mount_lock; /* RANK_MOUNT */
/* MS_BIND, MS_MOVE, MS_REMOUNT and propagation types too, as mount(2). */
int vfs_mount(const char *source, const struct path *target, const char *type, u32 flags,
	      const char *options);
int vfs_umount(const struct path *target, u32 flags);
int vfs_pivot_root(const struct path *new_root, const struct path *put_old);
void mount_get(struct mount *mount);
void mount_put(struct mount *mount);
void mount_show(struct seq_file *out, bool mountinfo); /* /proc/mounts, /proc/<pid>/mountinfo */
/* Root file system (tmpfs named rootfs), root and cwd of the init task. Then the initramfs is unpacked into it. */
void vfs_init(void);
void vfs_mount_root(void);
/* For each mount of `super`'s file system and the root: what `sync` does. 0 or the first error. */
int vfs_sync_all(void);
int super_sync(struct super *super);
/* 0, or -errno with a reason for the boot message in *why. Plain or gzip newc cpio, several concatenated. */
int initramfs_unpack(const void *data, size_t size, const char **why);

static inline void path_get(const struct path *path)
{
	mount_get(path->mount);
	dentry_get(path->dentry);
}

s64 realtime_now_ns(void); /* coarse wall clock for time stamps */
static inline s64 inode_now(void)
{
	return realtime_now_ns();
}

static inline bool inode_is_dir(const struct inode *inode)
{
	return (inode->mode & S_IFMT) == S_IFDIR;
}
static inline bool inode_is_regular(const struct inode *inode)
{
	return (inode->mode & S_IFMT) == S_IFREG;
}
static inline bool inode_is_link(const struct inode *inode)
{
	return (inode->mode & S_IFMT) == S_IFLNK;
}
