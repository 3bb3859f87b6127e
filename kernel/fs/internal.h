/* What the files of kernel/fs share with each other only. */
#pragma once

#include <abi/fcntl.h>
#include <abi/limits.h>
#include <kernel/slab.h>
#include <kernel/task.h>
#include <kernel/vfs.h>
#include <lib/bitmap.h>

/* --- dentry.c -------------------------------------------------------------------------------------------------- */

/* A name's hash: its words, the last one filled up with zeros (a word of zeros if there is nothing left). */
static inline u64 name_hash_begin(const struct dentry *parent)
{
	return (u64)parent >> 6;
}

static inline u64 name_hash_word(u64 hash, u64 word)
{
	hash = (hash ^ word) * 0x9fb21c651e98df25UL;
	return hash ^ hash >> 32;
}

static inline u32 name_hash_end(u64 hash)
{
	return (u32)(hash >> 32) | 1;
}

extern struct hlist *dentry_buckets; /* [I] a power of two of them */
extern unsigned int dentry_bucket_shift; /* [I] 32 less its logarithm */
static inline struct hlist *dentry_bucket(u32 hash)
{
	return &dentry_buckets[hash >> dentry_bucket_shift];
}

/* In a bucket: another one already by what is compared before the text of the name. */
static inline bool dentry_differs(const struct dentry *dentry, const struct dentry *parent,
				  const struct name *name)
{
	return READ_ONCE(dentry->name.hash) != name->hash || READ_ONCE(dentry->parent) != parent ||
	       READ_ONCE(dentry->name.length) != name->length;
}

extern struct seqcount rename_sequence; /* odd while a dentry changes its name or parent */
void dentry_init(void);
/* The cached child, with a reference; NULL: not cached. Lock-free. */
struct dentry *dentry_find(struct dentry *parent, const struct name *name);
/* The same under rcu_read_lock, without a reference; name->hash is set. Believe it if rename_sequence is still `sequence`. */
struct dentry *dentry_find_rcu(const struct dentry *parent, const struct name *name, u32 sequence);
struct dentry *dentry_parent_get(struct dentry *dentry);
/* The name as it is now, with a NUL: its length. */
u32 dentry_name_read(const struct dentry *dentry, char text[NAME_MAX + 1]);
void dentry_hash(struct dentry *dentry);
/*
 * `old` takes the name and parent of `target`, which leaves the tree. With `exchange` both stay, names swapped. Both
 * parents' inode->lock held for writing, both dentries referenced.
 */
void dentry_move(struct dentry *old, struct dentry *target, bool exchange);
bool dentry_is_ancestor(const struct dentry *ancestor,
			const struct dentry *dentry); /* or equal; rename_lock held */
/* From "only the cache has it" to dead: then nobody can get it any more, and it is the caller's to destroy. */
static inline bool dentry_claim(struct dentry *dentry)
{
	int unused = 1;

	return try_cmpxchg(&dentry->ref.value, &unused, 0);
}

/* The count is 0. Frees it, and then its ancestors as far as they have no other user. */
void dentry_destroy(struct dentry *dentry);

/* --- dentry_shrink.c --- */

extern size_t dentry_lru_limit; /* [I] */
void dentry_lru_add(struct dentry *dentry);
void dentry_lru_remove(struct dentry *dentry);
/* Drops the unused children of a removed directory. */
void dentry_prune_children(struct dentry *dentry);
/* Drops every unused dentry of a file system that is being unmounted for good, the root's cached tree included. */
void dentry_kill_tree(struct dentry *root);

static inline bool dentry_is_unhashed(const struct dentry *dentry)
{
	return READ_ONCE(dentry->flags) & DENTRY_UNHASHED;
}

/* Set once, then constant while the dentry is referenced. */
static inline struct inode *dentry_inode(const struct dentry *dentry)
{
	return load_acquire(&dentry->inode);
}

/* --- fd_table.c, fd_alloc.c ---------------------------------------------------------------------------------------- */

#define FD_WORD_BITS 64

/* Whoever is the only user of a table is the only one who changes it: true if the lock was needed. */
static inline bool fd_table_lock(struct files *files)
{
	if (likely(ref_read(&files->ref) == 1))
		return false;
	spin_lock(&files->lock);
	return true;
}

static inline void fd_table_relock(struct files *files, bool locked)
{
	if (unlikely(locked))
		spin_lock(&files->lock);
}

static inline void fd_table_unlock(struct files *files, bool locked)
{
	if (unlikely(locked))
		spin_unlock(&files->lock);
}

/* Makes room for descriptor `fd`: 0 or -ENOMEM. The table is locked if `locked`, and not meanwhile. */
int fd_table_grow(struct files *files, unsigned int fd, bool locked);
static inline void fd_slot_free(struct files *files, unsigned int fd)
{
	struct fd_table *table = files->table;

	bitmap_clear(table->open, fd);
	bitmap_clear(table->close_on_exec, fd);
	if (fd < files->next_free)
		files->next_free = fd;
}

/* A descriptor of `owner` that led to the file is gone: flush, record locks, the reference. */
int file_close(struct file *file, struct files *owner);

/* --- namei.c ---------------------------------------------------------------------------------------------------- */

#define SYMLINKS_MAX 40
#define LOOKUP_PARENT (1u << 31)

/* A symbolic link whose text is being walked, and what comes after it in the text that named it. */
struct link_frame {
	const char *rest;
	struct dentry *dentry; /* a reference: keeps the link's text */
};

/*
 * A walk in progress. `path` is where it stands, with references. With LOOKUP_PARENT it stops before the last component,
 * which walk_follow can continue with when it turns out to be a symbolic link.
 */
struct walk {
	struct path path;
	struct path root; /* references */
	u32 flags;
	u32 link_count; /* followed in all */
	u32 depth; /* frames in use */
	u32 pending; /* of them, those with something left in `rest` */
	struct path_last last;
	struct link_frame *frames; /* `few`, or SYMLINKS_MAX of them */
	struct link_frame few[2];
};

/* 0 or -errno; after success or failure of begin, walk_end. `base` overrides dirfd if set. */
int walk_begin(struct walk *walk, int dirfd, const struct path *base, const char *text, u32 flags);
/* From walk->path along `text`. */
int walk_run(struct walk *walk, const char *text);
/* The last component is `link`, a symbolic link in walk->path: goes on with its text. Consumes the reference. */
int walk_follow(struct walk *walk, struct dentry *link);
/* Moves from `path` to the topmost mount's root if something is mounted there. */
void path_cross_mounts(struct path *path);
void walk_end(struct walk *walk);
/* The dentry of `name` in a directory, reference for the caller, permission not checked; ERR_PTR. May be negative. */
struct dentry *dentry_lookup(struct dentry *parent, const struct name *name);

/* --- walk_fast.c -------------------------------------------------------------------------------------------------- */

/* 0 and references, -ENOENT, or 1: the walk above must do it. */
int path_lookup_fast(int dirfd, const char *text, u32 flags, struct path *path);
/* The directory of a plain last name, and that name: 0 and references, or 1. */
int path_parent_fast(int dirfd, const char *text, u32 flags, struct path *parent,
		     struct path_last *last);

/* --- mount.c ------------------------------------------------------------------------------------------------------ */

void mount_init(void);
/* What is mounted on `dentry` of `mount`, with a reference; NULL. */
struct mount *mount_find(const struct mount *mount, const struct dentry *dentry);
struct mount *mount_find_rcu(const struct mount *mount, const struct dentry *dentry);
/* Where `mount` is mounted: false at the top. References. */
bool mount_parent_get(const struct mount *mount, struct path *path);
bool dentry_is_mountpoint(const struct dentry *dentry);
extern struct seqcount mount_sequence; /* odd while the mount tree changes */
extern u64 mount_changes; /* [mount_lock] counts changes */

#define MOUNT_FLAGS                                                                                \
	(MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME | MS_RELATIME | \
	 MS_STRICTATIME | MS_NOSYMFOLLOW)
/* A mount of an existing superblock, of which it takes references; NULL. */
struct mount *mount_make(struct super *super, struct dentry *root, const char *source, u32 flags);
/* Of a new superblock; ERR_PTR. */
struct mount *mount_new(const struct fs_type *type, const char *source, u32 flags,
			const char *options);
void mount_attach_root(struct mount *mount);
/*
 * mount_lock held for writing. attach: the caller's reference of `mount` becomes the tree's. detach: the tree's becomes
 * the caller's, and so do the references in *at.
 */
void mount_attach(struct mount *mount, const struct path *at);
void mount_detach(struct mount *mount, struct path *at);
/* Preorder walk of what is mounted below `top`. mount_lock held. */
struct mount *mount_next(struct mount *at, struct mount *top);
bool mount_is_below(const struct mount *mount, const struct mount *top); /* or equal */

/* --- options.c ---------------------------------------------------------------------------------------------------- */

/* 0 or -errno, which ends the parsing. `value` is "" if there is none. */
typedef int (*option_fn)(void *data, const char *key, const char *value);
int options_parse(const char *options, option_fn option, void *data);
int option_number(const char *value, unsigned int base, u32 *number); /* 0 or -EINVAL */

/* --- the rest ----------------------------------------------------------------------------------------------------- */

void inode_init(void);
void statx_add_mount(const struct path *path, struct abi_statx *result); /* stat.c */
void file_init(void);
/* Takes over the references of `path`; NULL, and they stay the caller's: no memory. */
struct file *file_alloc_path(const struct path *path, u32 flags, const struct file_ops *ops);
void anon_init(void);
void tmpfs_init(void);
void locks_init(void);
/* Last reference of the file: flock and OFD locks. */
void locks_release_file(struct file *file);
void locks_free(struct inode *inode);

struct mount *tmpfs_mount_root(void); /* rootfs; ERR_PTR */
extern struct slab_cache *path_name_cache;

/* open.c: permissions and flags of an open of what exists. */
int open_check(const struct path *path, u32 *flags, u32 access);
u32 open_access(u32 flags); /* MAY_* that the flags ask for */
int inode_generic_permission(const struct inode *inode, u32 mask, const struct cred *cred);
/* inode_permission, the usual case first: everybody may read or search it. */
static inline int inode_permission_quick(struct inode *inode, u32 mask)
{
	u32 mode = READ_ONCE(inode->mode);

	if (likely(!(mask & ~(mode & mode >> 3 & mode >> 6 & (MAY_READ | MAY_EXEC))) &&
		   !inode->ops->permission))
		return 0;
	return inode_permission(inode, mask);
}

struct cred *cred_real_ids(void); /* current's with fsuid and fsgid real, for access(); NULL */

/* names.c, for O_CREAT. Under dir->lock for writing. */
int dir_may_create(const struct path *parent);
u32 mode_apply_umask(u32 mode);
int inode_may_delete(const struct path *parent, struct dentry *victim, bool is_dir);

/* What mknod, mkdir and the others make for themselves and rename needs. */
bool inode_is_owner_or_capable(const struct inode *inode);

/* seals.c, inode->lock held for writing: bytes that may be written; 0 or -EPERM. */
s64 seals_allow_write(const struct inode *inode, u64 position, size_t size);
int seals_allow_size(const struct inode *inode, u64 size);
int seals_allow_hole(const struct inode *inode);

/* --- path.c ------------------------------------------------------------------------------------------------------- */

void path_init(void);
struct fs_context *fs_context_make(const struct path *root); /* NULL */
/* Path text if it can be reached from the task's root: where it starts in `buffer`, and true. */
bool path_text_reachable(const struct path *path, char *buffer, size_t size, char **start);
const char *dentry_text(const struct dentry *dentry, char *buffer,
			size_t size); /* from its file system's root */

/* file_owner.c: the file is closed; it has an owner. Before its own release. */
void file_owner_release(struct file *file);
