/* Paths as objects: references, text, and the root and working directory of a process. */
#include "internal.h"

#include <abi/errno.h>
#include <lib/err.h>
#include <lib/string.h>

static struct slab_cache *fs_context_cache __ro_after_init;
struct slab_cache *path_name_cache __ro_after_init;

void path_put(struct path *path)
{
	dentry_put(path->dentry);
	mount_put(path->mount);
}

struct path_name *path_name_alloc(void)
{
	struct path_name *name = slab_alloc(path_name_cache, 0);

	if (likely(name))
		name->text = name->storage;
	return name;
}

struct path_name *path_name_get(struct user_ptr user, u32 lookup_flags)
{
	struct path_name *name = path_name_alloc();
	ssize_t length;

	if (unlikely(!name))
		return ERR_PTR(-ENOMEM);
	length = user_string(name->storage, user, PATH_MAX);
	if (unlikely(length <= 0) && (length < 0 || !(lookup_flags & LOOKUP_EMPTY))) {
		slab_free(path_name_cache, name);
		return ERR_PTR(length ? length : -ENOENT);
	}
	return name;
}

int path_arg_get(struct path_arg *arg, struct user_ptr user, u32 lookup_flags)
{
	ssize_t length = user_string(arg->small, user, PATH_ARG_SMALL);

	arg->text = arg->small;
	arg->memory = NULL;
	if (likely(length > 0) || (length == 0 && (lookup_flags & LOOKUP_EMPTY)))
		return 0;
	if (length != -ENAMETOOLONG)
		return length ? (int)length : -ENOENT;
	arg->memory = path_name_get(user, lookup_flags);
	if (IS_ERR(arg->memory))
		return (int)PTR_ERR(arg->memory);
	arg->text = arg->memory->text;
	return 0;
}

void path_name_put(struct path_name *name)
{
	slab_free(path_name_cache, name);
}

/* --- Text --------------------------------------------------------------------------------------------------------- */

struct text_builder {
	char *at, *start;
};

static int prepend(struct text_builder *text, const char *part, size_t length)
{
	if ((size_t)(text->at - text->start) < length)
		return -ENAMETOOLONG;
	text->at -= length;
	memcpy(text->at, part, length);
	return 0;
}

/*
 * The name of a dentry that a rename may be changing. Any text has DENTRY_INLINE_NAME bytes; a longer one is read only if
 * text and length belong together. What comes of a change is thrown away by the caller.
 */
static int prepend_name(struct text_builder *text, const struct dentry *dentry, u32 sequence)
{
	const char *name = READ_ONCE(dentry->name.text);
	u32 length = READ_ONCE(dentry->name.length);
	int error;

	if (length >= DENTRY_INLINE_NAME && seq_read_retry(&rename_sequence, sequence))
		return -ENAMETOOLONG;
	error = prepend(text, name, length);
	return error ? error : prepend(text, "/", 1);
}

/*
 * Components from `path` up to `root`, last one first. Under rcu_read_lock, and valid only if neither sequence changed
 * meanwhile. 1 if the walk ended elsewhere than at `root`: the path cannot be reached from there.
 */
static __noinline int prepend_path(struct text_builder *text, const struct path *path,
				   const struct path *root, u32 sequence)
{
	const struct mount *mount = path->mount;
	const struct dentry *dentry = path->dentry;
	int error = 0;

	while (!error && (dentry != root->dentry || mount != root->mount)) {
		if (dentry == mount->root || dentry->parent == dentry) {
			const struct mount *parent = READ_ONCE(mount->parent);

			if (parent == mount || dentry != mount->root)
				return 1;
			dentry = READ_ONCE(mount->mountpoint);
			mount = parent;
			continue;
		}
		error = prepend_name(text, dentry, sequence);
		dentry = READ_ONCE(dentry->parent);
	}
	return error;
}

/* `path` NULL: the working directory. 1: not below the task's root. */
static __always_inline int build_text(struct text_builder *text, const struct path *path)
{
	const struct fs_context *fs = current->fs;
	struct text_builder empty = *text;
	u32 renames, mounts, context;
	struct path root, from;
	int result = 0;

	rcu_read_lock();
	do {
		*text = empty;
		renames = seq_read_begin(&rename_sequence);
		mounts = seq_read_begin(&mount_sequence);
		context = seq_read_begin(&fs->sequence);
		root = fs->root;
		from = path ? *path : fs->cwd;
		if (seq_read_retry(&fs->sequence, context))
			continue;
		result = !path && dentry_is_unhashed(from.dentry)
				 ? -ENOENT
				 : prepend_path(text, &from, &root, renames);
	} while (seq_read_retry(&fs->sequence, context) ||
		 seq_read_retry(&rename_sequence, renames) ||
		 seq_read_retry(&mount_sequence, mounts));
	rcu_read_unlock();
	if (result >= 0 && text->at == empty.at)
		return prepend(text, "/", 1) ? -ENAMETOOLONG : result;
	return result;
}

char *path_text(const struct path *path, char *buffer, size_t size)
{
	struct text_builder text = { .at = buffer + size, .start = buffer };
	int error = prepend(&text, "", 1);

	if (!error && dentry_is_unhashed(path->dentry))
		error = prepend(&text, " (deleted)", 10);
	if (!error)
		error = build_text(&text, path);
	return error < 0 ? ERR_PTR(error) : text.at;
}

bool path_text_reachable(const struct path *path, char *buffer, size_t size, char **start)
{
	struct text_builder text = { .at = buffer + size, .start = buffer };
	bool reachable = prepend(&text, "", 1) == 0 && build_text(&text, path) == 0;

	*start = text.at;
	return reachable;
}

const char *dentry_text(const struct dentry *dentry, char *buffer, size_t size)
{
	struct text_builder text = { .at = buffer + size, .start = buffer }, empty;
	const struct dentry *at;
	int error;
	u32 sequence;

	error = prepend(&text, "", 1);
	empty = text;
	rcu_read_lock();
	do {
		text = empty;
		sequence = seq_read_begin(&rename_sequence);
		for (at = dentry; !error && at->parent != at; at = READ_ONCE(at->parent))
			error = prepend_name(&text, at, sequence);
	} while (seq_read_retry(&rename_sequence, sequence));
	rcu_read_unlock();
	return error || text.at == empty.at ? "/" : text.at;
}

/* For getcwd: bytes with the NUL, or -errno. */
ssize_t path_text_cwd(char *buffer, size_t size, char **start)
{
	struct text_builder text = { .at = buffer + size, .start = buffer };
	int result;

	prepend(&text, "", 1);
	result = build_text(&text, NULL);
	if (result == 1)
		result = prepend(&text, "(unreachable)", 13);
	*start = text.at;
	return result < 0 ? result : buffer + size - text.at;
}

/* --- Root and working directory ----------------------------------------------------------------------------------- */

struct fs_context *fs_context_clone(struct fs_context *from)
{
	struct fs_context *fs = slab_alloc(fs_context_cache, SLAB_ZERO);

	if (!fs)
		return NULL;
	ref_init(&fs->ref, 1);
	spin_init(&fs->lock, RANK_FS);
	spin_lock(&from->lock);
	fs->root = from->root;
	fs->cwd = from->cwd;
	fs->umask = from->umask;
	path_get(&fs->root);
	path_get(&fs->cwd);
	spin_unlock(&from->lock);
	return fs;
}

void fs_context_put(struct fs_context *fs)
{
	if (!fs || !ref_put(&fs->ref))
		return;
	path_put(&fs->root);
	path_put(&fs->cwd);
	slab_free(fs_context_cache, fs);
}

static void path_replace(struct fs_context *fs, struct path *slot, const struct path *path)
{
	struct path old;

	path_get(path);
	spin_lock(&fs->lock);
	old = *slot;
	seq_write_begin(&fs->sequence);
	*slot = *path;
	seq_write_end(&fs->sequence);
	spin_unlock(&fs->lock);
	path_put(&old);
}

void fs_set_cwd(struct fs_context *fs, const struct path *path)
{
	path_replace(fs, &fs->cwd, path);
}

void fs_set_root(struct fs_context *fs, const struct path *path)
{
	path_replace(fs, &fs->root, path);
}

struct fs_context *fs_context_make(const struct path *root)
{
	struct fs_context *fs = slab_alloc(fs_context_cache, SLAB_ZERO);

	if (!fs)
		return NULL;
	ref_init(&fs->ref, 1);
	spin_init(&fs->lock, RANK_FS);
	fs->root = fs->cwd = *root;
	path_get(root);
	path_get(root);
	fs->umask = 022;
	return fs;
}

void path_init(void)
{
	fs_context_cache = slab_cache_create("fs_context", sizeof(struct fs_context), 0);
	path_name_cache = slab_cache_create("path_name", sizeof(struct path_name) + PATH_MAX, 0);
}
