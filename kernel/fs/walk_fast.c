/*
 * The walk without references. Most paths are names that are all cached, on the way through directories that may be
 * searched: then the whole walk is reads under RCU, and what it found is believed if no dentry changed its name or parent
 * and no mount moved meanwhile. Whatever is not that simple - a link to follow, a name not cached, a file system that
 * wants to be asked - gives up, and the walk of namei.c starts from the beginning.
 */
#include "internal.h"

#include <abi/errno.h>

#define GIVE_UP 1

struct fast_walk {
	struct path path; /* where it stands: no references */
	struct inode *inode; /* of it */
	struct path root;
	u32 renames, mounts; /* sequences at the beginning */
};

/* The lowest 0x80 marks the first byte that is 0. */
static inline u64 zero_bytes(u64 word)
{
	return (word - 0x0101010101010101) & ~word & 0x8080808080808080;
}

/* The bytes up to the NUL, zeros behind it. */
static __noinline u64 load_last_bytes(const char *text)
{
	u64 word = 0;

	for (unsigned int i = 0; i < 8 && text[i]; i++)
		word |= (u64)(u8)text[i] << (8 * i);
	return word;
}

/* Eight bytes of a text that may end before: read at once where they lie in one page, as that page is there. */
static inline u64 load_word(const char *text)
{
	u64 word;

	if (unlikely((u64)text % PAGE_SIZE > PAGE_SIZE - 8))
		return load_last_bytes(text);
	__builtin_memcpy(&word, text, 8);
	return word;
}

/* A component of the path: its last word, with zeros behind the name, helps to compare it. */
struct component {
	struct name name;
	u64 last_word;
};

/* The component at `text`, up to a slash or the end, hashed on the way. False: not this way. */
static inline bool parse_name(const struct dentry *parent, const char *text,
			      struct component *component)
{
	u64 hash = name_hash_begin(parent), word, ends;
	u32 length = 0;

	for (;;) {
		word = load_word(text + length);
		ends = zero_bytes(word) | zero_bytes(word ^ 0x2f2f2f2f2f2f2f2f);
		if (ends)
			break;
		hash = name_hash_word(hash, word);
		length += 8;
		if (unlikely(length > NAME_MAX))
			return false;
	}
	/* `ends` begins with 0x80 in the byte that ends the name: below that, ones. */
	word &= ((ends & -ends) >> 7) - 1;
	length += (u32)__builtin_ctzll(ends) / 8;
	component->name = (struct name){ text, length, name_hash_end(name_hash_word(hash, word)) };
	component->last_word = word;
	return length <= NAME_MAX;
}

/* dentry_name is followed by zeros up to a multiple of eight bytes. */
static inline bool name_matches(const struct component *component, const char *dentry_name)
{
	const char *text = component->name.text;
	u32 left = component->name.length;
	u64 a, b;

	for (; unlikely(left >= 8); left -= 8, text += 8, dentry_name += 8) {
		__builtin_memcpy(&a, text, 8);
		__builtin_memcpy(&b, dentry_name, 8);
		if (a != b)
			return false;
	}
	__builtin_memcpy(&b, dentry_name, 8);
	return b == component->last_word;
}

/* As dentry_find_rcu. */
static inline struct dentry *find(const struct dentry *parent, const struct component *component,
				  u32 sequence)
{
	const struct name *name = &component->name;
	struct dentry *dentry;

	hlist_for_each_entry (dentry, dentry_bucket(name->hash), hash_node) {
		const char *text;

		if (dentry_differs(dentry, parent, name))
			continue;
		text = READ_ONCE(dentry->name.text);
		if (unlikely(name->length >= DENTRY_INLINE_NAME) &&
		    seq_read_retry(&rename_sequence, sequence))
			return NULL;
		if (likely(name_matches(component, text)))
			return dentry;
	}
	return NULL;
}

static inline bool may_search(const struct inode *inode)
{
	u32 mode = READ_ONCE(inode->mode);

	if (unlikely((mode & S_IFMT) != S_IFDIR || inode->ops->permission))
		return false;
	return likely((mode & 0111) == 0111) ||
	       inode_generic_permission(inode, MAY_EXEC, current->cred) == 0;
}

static bool start_at_descriptor(struct fast_walk *walk, int dirfd)
{
	struct file *file;

	/* A descriptor that others might close would need a reference. */
	if (ref_read(&current->files->ref) != 1)
		return false;
	file = fd_file(fd_get_path(dirfd));
	if (!file || !file->mount)
		return false;
	walk->path = (struct path){ file->mount, file->dentry };
	return true;
}

static inline bool start(struct fast_walk *walk, int dirfd, const char *text)
{
	const struct fs_context *fs = current->fs;
	u32 sequence;

	walk->renames = seq_read_begin(&rename_sequence);
	walk->mounts = seq_read_begin(&mount_sequence);
	do {
		sequence = seq_read_begin(&fs->sequence);
		walk->root = fs->root;
		walk->path = *text == '/' ? fs->root : fs->cwd;
	} while (seq_read_retry(&fs->sequence, sequence));
	if (*text != '/' && dirfd != AT_FDCWD && !start_at_descriptor(walk, dirfd))
		return false;
	walk->inode = dentry_inode(walk->path.dentry);
	return true;
}

static inline bool still_true(const struct fast_walk *walk)
{
	return !seq_read_retry(&rename_sequence, walk->renames) &&
	       !seq_read_retry(&mount_sequence, walk->mounts);
}

/* Only plain names: "." and ".." are for the careful walk. */
static inline int last_type(struct path_last *last)
{
	const char *text = last->name.text;

	last->type = LAST_NORMAL;
	if (likely(text[0] != '.'))
		return 0;
	return last->name.length == 1 || (last->name.length == 2 && text[1] == '.') ? GIVE_UP : 0;
}

static void cross_mounts(struct fast_walk *walk)
{
	while (READ_ONCE(walk->path.dentry->flags) & DENTRY_MOUNTED) {
		struct mount *mount = mount_find_rcu(walk->path.mount, walk->path.dentry);

		if (!mount)
			return;
		walk->path.mount = mount;
		walk->path.dentry = mount->root;
	}
}

/* Into `dentry`, which has something about it. */
static __noinline bool step_special(struct fast_walk *walk, u32 flags)
{
	if (flags & DENTRY_REVALIDATE)
		return false;
	cross_mounts(walk);
	return true;
}

static inline int step_into(struct fast_walk *walk, struct dentry *dentry)
{
	u32 flags = READ_ONCE(dentry->flags);

	walk->path.dentry = dentry;
	if (unlikely(flags & (DENTRY_REVALIDATE | DENTRY_MOUNTED)) && !step_special(walk, flags))
		return GIVE_UP;
	walk->inode = dentry_inode(walk->path.dentry);
	return likely(walk->inode) ? 0 : -ENOENT;
}

static __noinline int step_up(struct fast_walk *walk)
{
	const struct path *path = &walk->path;

	if (path->dentry == walk->root.dentry && path->mount == walk->root.mount)
		return 0;
	if (path->dentry == path->mount->root)
		return GIVE_UP;
	return step_into(walk, READ_ONCE(path->dentry->parent));
}

static __always_inline int step(struct fast_walk *walk, const struct component *component)
{
	const char *text = component->name.text;
	u32 length = component->name.length;
	struct dentry *dentry;

	if (unlikely(text[0] == '.')) {
		if (length == 1)
			return 0;
		if (length == 2 && text[1] == '.')
			return step_up(walk);
	}
	dentry = find(walk->path.dentry, component, walk->renames);
	return likely(dentry) ? step_into(walk, dentry) : GIVE_UP;
}

static inline const char *skip_slashes(const char *text)
{
	while (unlikely(*text == '/'))
		text++;
	return text;
}

/*
 * Under rcu_read_lock. 0, -ENOENT (both to be believed only if still_true), or GIVE_UP. `last` not NULL: stops before the
 * last component, which goes there.
 */
static __always_inline int walk_fast(struct fast_walk *walk, int dirfd, const char *text, u32 flags,
				     struct path_last *last)
{
	struct component component;
	int result;

	if (!start(walk, dirfd, text))
		return GIVE_UP;
	for (text = skip_slashes(text); *text;) {
		const char *end;

		/* A link on the way is no directory, and gives up here. */
		if (!may_search(walk->inode) || !parse_name(walk->path.dentry, text, &component))
			return GIVE_UP;
		end = text + component.name.length;
		text = skip_slashes(end);
		if (last && !*text) {
			last->name = component.name;
			last->trailing_slash = text != end;
			return last_type(last);
		}
		result = step(walk, &component);
		if (unlikely(result))
			return result;
		if (unlikely(text != end) && !*text)
			flags |= LOOKUP_DIRECTORY;
	}
	if (last)
		return GIVE_UP; /* no name at all */
	if (unlikely(inode_is_link(walk->inode)) && (flags & (LOOKUP_FOLLOW | LOOKUP_DIRECTORY)))
		return GIVE_UP;
	return (flags & LOOKUP_DIRECTORY) && !inode_is_dir(walk->inode) ? GIVE_UP : 0;
}

/* Only these ask for nothing that the simple walk does not do. */
static bool flags_are_simple(u32 flags)
{
	return !(flags & ~(u32)(LOOKUP_FOLLOW | LOOKUP_DIRECTORY | LOOKUP_EMPTY));
}

/* References for what was found under rcu_read_lock, which is given up: 0 or GIVE_UP. */
static int take_references(const struct fast_walk *walk, struct path *path)
{
	bool mount, dentry;

	*path = walk->path;
	mount = ref_try_get(&path->mount->ref);
	dentry = mount && ref_try_get(&path->dentry->ref);
	if (likely(dentry && still_true(walk))) {
		rcu_read_unlock();
		return 0;
	}
	rcu_read_unlock();
	if (dentry)
		dentry_put(path->dentry);
	if (mount)
		mount_put(path->mount);
	return GIVE_UP;
}

int path_lookup_fast(int dirfd, const char *text, u32 flags, struct path *path)
{
	struct fast_walk walk;
	int result;

	if (!flags_are_simple(flags) || !*text)
		return GIVE_UP;
	rcu_read_lock();
	result = walk_fast(&walk, dirfd, text, flags, NULL);
	if (likely(result == 0))
		return take_references(&walk, path);
	if (!still_true(&walk))
		result = GIVE_UP;
	rcu_read_unlock();
	return result;
}

int path_parent_fast(int dirfd, const char *text, u32 flags, struct path *parent,
		     struct path_last *last)
{
	struct fast_walk walk;

	if (!flags_are_simple(flags))
		return GIVE_UP;
	rcu_read_lock();
	if (likely(walk_fast(&walk, dirfd, text, flags, last) == 0))
		return take_references(&walk, parent);
	rcu_read_unlock();
	return GIVE_UP;
}

/* Walks to an inode that can be asked without its file system: then 0, and rcu_read_lock is held. */
static inline int reach(struct fast_walk *walk, int dirfd, const char *text, u32 flags)
{
	int result;

	if (!flags_are_simple(flags) || !*text)
		return GIVE_UP;
	rcu_read_lock();
	result = walk_fast(walk, dirfd, text, flags, NULL);
	if (likely(result == 0 && !walk->inode->ops->getattr))
		return 0;
	if (result == 0 || !still_true(walk))
		result = GIVE_UP;
	rcu_read_unlock();
	return result;
}

static inline int leave(const struct fast_walk *walk)
{
	bool valid = still_true(walk);

	rcu_read_unlock();
	return likely(valid) ? 0 : GIVE_UP;
}

int path_stat_fast(int dirfd, const char *text, u32 flags, struct abi_stat *stat)
{
	struct fast_walk walk;
	int result = reach(&walk, dirfd, text, flags);

	if (result)
		return result;
	inode_stat(walk.inode, stat);
	return leave(&walk);
}

int path_statx_fast(int dirfd, const char *text, u32 flags, struct abi_statx *statx)
{
	struct fast_walk walk;
	int result = reach(&walk, dirfd, text, flags);

	if (result)
		return result;
	inode_statx(walk.inode, STATX_BASIC_STATS, statx);
	statx_add_mount(&walk.path, statx);
	return leave(&walk);
}
