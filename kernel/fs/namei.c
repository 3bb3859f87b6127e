/*
 * From a path to a (mount, dentry): one loop over components. Symbolic links do not recurse: the text of a link becomes
 * what the loop reads next, and what remains of the text before goes onto a stack.
 *
 * This is the careful walk, which holds a reference of each step. walk_fast.c tries the common case without any first.
 */
#include "internal.h"

#include <abi/errno.h>
#include <abi/mount.h>
#include <lib/err.h>

/* --- Moving about ------------------------------------------------------------------------------------------------------ */

void path_cross_mounts(struct path *path)
{
	struct mount *mount;

	while (READ_ONCE(path->dentry->flags) & DENTRY_MOUNTED) {
		mount = mount_find(path->mount, path->dentry);
		if (!mount)
			return;
		dentry_get(mount->root);
		path_put(path);
		path->mount = mount;
		path->dentry = mount->root;
	}
}

static int walk_cross_mounts(struct walk *walk)
{
	struct mount *before = walk->path.mount;

	if (likely(!(READ_ONCE(walk->path.dentry->flags) & DENTRY_MOUNTED)))
		return 0;
	path_cross_mounts(&walk->path);
	return walk->path.mount != before && (walk->flags & LOOKUP_NO_XDEV) ? -EXDEV : 0;
}

static bool at_root(const struct walk *walk)
{
	return walk->path.dentry == walk->root.dentry && walk->path.mount == walk->root.mount;
}

/* From the root of a mount to where it is mounted, as often as it takes; stops at the walk's root. */
static int leave_mounts(struct walk *walk)
{
	struct path up;

	while (!at_root(walk) && walk->path.dentry == walk->path.mount->root) {
		if (!mount_parent_get(walk->path.mount, &up))
			break;
		path_put(&walk->path);
		walk->path = up;
		if (walk->flags & LOOKUP_NO_XDEV)
			return -EXDEV;
	}
	return 0;
}

static int walk_up(struct walk *walk)
{
	struct dentry *parent;
	int error;

	if (at_root(walk))
		return walk->flags & LOOKUP_BENEATH ? -EXDEV : 0;
	error = leave_mounts(walk);
	if (error || at_root(walk))
		return error;
	parent = dentry_parent_get(walk->path.dentry);
	dentry_put(walk->path.dentry);
	walk->path.dentry = parent;
	return walk_cross_mounts(walk);
}

static int jump_to_root(struct walk *walk)
{
	if (walk->flags & LOOKUP_BENEATH)
		return -EXDEV;
	if ((walk->flags & LOOKUP_NO_XDEV) && walk->path.mount != walk->root.mount)
		return -EXDEV;
	path_put(&walk->path);
	walk->path = walk->root;
	path_get(&walk->path);
	return 0;
}

/* --- Symbolic links ----------------------------------------------------------------------------------------------------- */

static int grow_frames(struct walk *walk)
{
	struct link_frame *frames;

	if (walk->frames != walk->few || walk->depth < ARRAY_LEN(walk->few))
		return 0;
	frames = kmalloc_array(SYMLINKS_MAX, sizeof(*frames), 0);
	if (!frames)
		return -ENOMEM;
	for (u32 i = 0; i < walk->depth; i++)
		frames[i] = walk->few[i];
	walk->frames = frames;
	return 0;
}

static const char *pop_frame(struct walk *walk)
{
	struct link_frame *frame = &walk->frames[--walk->depth];

	dentry_put(frame->dentry);
	if (*frame->rest)
		walk->pending--;
	return frame->rest;
}

/* Takes over the reference of `link`. */
static void push_frame(struct walk *walk, struct dentry *link, const char *rest)
{
	walk->frames[walk->depth++] = (struct link_frame){ .rest = rest, .dentry = link };
	if (*rest)
		walk->pending++;
}

static int follow_allowed(struct walk *walk, const struct inode *inode)
{
	if (++walk->link_count > SYMLINKS_MAX || (walk->flags & LOOKUP_NO_SYMLINKS))
		return -ELOOP;
	if (walk->path.mount->flags & MS_NOSYMFOLLOW)
		return -ELOOP;
	return inode->ops->follow && (walk->flags & LOOKUP_NO_MAGICLINKS) ? -ELOOP : 0;
}

static int follow_magic(struct walk *walk, struct inode *inode)
{
	struct path to;
	int error = inode->ops->follow(inode, &to);

	if (error)
		return error;
	path_put(&walk->path);
	walk->path = to;
	walk->last.type = LAST_ROOT;
	return walk->flags & (LOOKUP_BENEATH | LOOKUP_IN_ROOT | LOOKUP_NO_XDEV) ? -EXDEV : 0;
}

/* Goes on with the text of `link` (reference consumed), later with `rest`: *text is what to read next. */
static int follow(struct walk *walk, struct dentry *link, const char *rest, const char **text)
{
	struct inode *inode = dentry_inode(link);
	int error = follow_allowed(walk, inode);

	if (!error)
		error = inode->ops->follow ? follow_magic(walk, inode) : grow_frames(walk);
	if (error || inode->ops->follow) {
		dentry_put(link);
		*text = rest;
		return error;
	}
	*text = inode->ops->get_link(inode);
	if (IS_ERR(*text)) {
		dentry_put(link);
		return (int)PTR_ERR(*text);
	}
	inode_touch(walk->path.mount, inode);
	push_frame(walk, link, rest);
	return **text == '/' ? jump_to_root(walk) : 0;
}

int walk_follow(struct walk *walk, struct dentry *link)
{
	const char *text;
	int error;

	if (walk->last.trailing_slash)
		walk->flags |= LOOKUP_DIRECTORY;
	walk->last = (struct path_last){ .type = LAST_ROOT };
	error = follow(walk, link, "", &text);
	return error ? error : walk_run(walk, text);
}

/* --- The loop ------------------------------------------------------------------------------------------------------------ */

static int may_search(struct inode *inode)
{
	if (unlikely(!inode_is_dir(inode)))
		return -ENOTDIR;
	if (likely((READ_ONCE(inode->mode) & 0111) == 0111 && !inode->ops->permission))
		return 0;
	return inode_permission(inode, MAY_EXEC);
}

/* The component at the start of `text`: its end. */
static const char *parse_component(const char *text, struct path_last *last)
{
	const char *end = text;

	while (*end && *end != '/')
		end++;
	last->name = name_of(text, (u32)(end - text));
	last->trailing_slash = false;
	last->type = LAST_NORMAL;
	if (text[0] == '.' && last->name.length == 1)
		last->type = LAST_DOT;
	else if (text[0] == '.' && text[1] == '.' && last->name.length == 2)
		last->type = LAST_DOTDOT;
	return end;
}

static const char *skip_slashes(const char *text)
{
	while (*text == '/')
		text++;
	return text;
}

/* Into the component walk->last; `is_final`: nothing comes after it. *text is what comes after. */
static int step(struct walk *walk, bool is_final, const char **text)
{
	struct dentry *dentry;
	struct inode *inode;

	if (walk->last.type == LAST_DOT)
		return 0;
	if (walk->last.type == LAST_DOTDOT)
		return walk_up(walk);
	dentry = dentry_lookup(walk->path.dentry, &walk->last.name);
	if (IS_ERR(dentry))
		return (int)PTR_ERR(dentry);
	inode = dentry_inode(dentry);
	if (!inode) {
		dentry_put(dentry);
		return -ENOENT;
	}
	if (inode_is_link(inode) && (!is_final || (walk->flags & LOOKUP_FOLLOW)))
		return follow(walk, dentry, *text, text);
	dentry_put(walk->path.dentry);
	walk->path.dentry = dentry;
	return walk_cross_mounts(walk);
}

/* One component of *text: 0 to go on, 1 at the end, or -errno. */
static int walk_component(struct walk *walk, const char **text)
{
	const char *start = skip_slashes(*text), *end;
	bool is_final;
	int error;

	if (!*start) {
		if (!walk->depth)
			return 1;
		*text = pop_frame(walk);
		return 0;
	}
	error = may_search(dentry_inode(walk->path.dentry));
	if (error)
		return error;
	end = parse_component(start, &walk->last);
	if (walk->last.name.length > NAME_MAX)
		return -ENAMETOOLONG;
	*text = skip_slashes(end);
	is_final = !**text && !walk->pending;
	if (is_final && *end == '/') {
		walk->last.trailing_slash = true;
		if (!(walk->flags & LOOKUP_PARENT))
			walk->flags |= LOOKUP_DIRECTORY | LOOKUP_FOLLOW;
	}
	if (is_final && (walk->flags & LOOKUP_PARENT))
		return 1;
	return step(walk, is_final, text);
}

int walk_run(struct walk *walk, const char *text)
{
	int result;

	do {
		result = walk_component(walk, &text);
	} while (result == 0);
	return result < 0 ? result : 0;
}

/* --- Beginning and end ----------------------------------------------------------------------------------------------------- */

static int start_at_descriptor(struct walk *walk, int dirfd, const char *text)
{
	struct fd_ref ref = fd_get_path(dirfd);
	struct file *file = fd_file(ref);
	int error = 0;

	if (!file)
		return -EBADF;
	if (!file->mount || (*text && !inode_is_dir(file->inode))) {
		error = -ENOTDIR;
	} else {
		walk->path = (struct path){ file->mount, file->dentry };
		path_get(&walk->path);
	}
	fd_put(ref);
	return error;
}

static void start_at_context(struct walk *walk, bool at_cwd)
{
	struct fs_context *fs = current->fs;

	spin_lock(&fs->lock);
	walk->root = fs->root;
	path_get(&walk->root);
	if (at_cwd) {
		walk->path = fs->cwd;
		path_get(&walk->path);
	}
	spin_unlock(&fs->lock);
}

static void set_root(struct walk *walk, const struct path *path)
{
	path_put(&walk->root);
	walk->root = *path;
	path_get(&walk->root);
}

int walk_begin(struct walk *walk, int dirfd, const struct path *base, const char *text, u32 flags)
{
	bool absolute = *text == '/' && !(flags & LOOKUP_IN_ROOT);
	int error = 0;

	walk->flags = flags;
	walk->link_count = walk->depth = walk->pending = 0;
	walk->last = (struct path_last){ .type = LAST_ROOT };
	walk->frames = walk->few;
	walk->path = (struct path){ 0 };
	start_at_context(walk, !absolute && !base && dirfd == AT_FDCWD);
	if (absolute)
		error = flags & LOOKUP_BENEATH ? -EXDEV : 0;
	if (absolute || base) {
		walk->path = absolute ? walk->root : *base;
		path_get(&walk->path);
	} else if (dirfd != AT_FDCWD) {
		error = start_at_descriptor(walk, dirfd, text);
	}
	if (!error && (flags & (LOOKUP_BENEATH | LOOKUP_IN_ROOT)))
		set_root(walk, &walk->path);
	return error;
}

void walk_end(struct walk *walk)
{
	while (walk->depth)
		pop_frame(walk);
	if (walk->frames != walk->few)
		kfree(walk->frames);
	if (walk->path.mount)
		path_put(&walk->path);
	path_put(&walk->root);
}

/* The walk's path becomes the caller's. */
static void walk_take_path(struct walk *walk, struct path *path)
{
	*path = walk->path;
	walk->path.mount = NULL;
}

static __noinline int lookup(int dirfd, const struct path *base, const char *text, u32 flags,
			     struct path *path)
{
	struct walk walk;
	int error;

	if (!*text && !(flags & LOOKUP_EMPTY))
		return -ENOENT;
	error = walk_begin(&walk, dirfd, base, text, flags);
	if (!error)
		error = walk_run(&walk, text);
	if (!error && (walk.flags & LOOKUP_DIRECTORY) &&
	    !inode_is_dir(dentry_inode(walk.path.dentry)))
		error = -ENOTDIR;
	if (!error)
		walk_take_path(&walk, path);
	walk_end(&walk);
	return error;
}

int path_lookup(int dirfd, const char *text, u32 flags, struct path *path)
{
	int result = path_lookup_fast(dirfd, text, flags, path);

	return likely(result <= 0) ? result : lookup(dirfd, NULL, text, flags, path);
}

int path_lookup_from(const struct path *base, const char *text, u32 flags, struct path *path)
{
	return lookup(AT_FDCWD, base, text, flags, path);
}

int path_lookup_user(int dirfd, struct user_ptr text, u32 flags, struct path *path)
{
	struct path_arg arg;
	int error = path_arg_get(&arg, text, flags);

	if (error)
		return error;
	error = path_lookup(dirfd, arg.text, flags, path);
	path_arg_put(&arg);
	return error;
}

static __noinline int lookup_parent(int dirfd, const char *text, u32 flags, struct path *parent,
				    struct path_last *last)
{
	struct walk walk;
	int error;

	if (!*text)
		return -ENOENT;
	error = walk_begin(&walk, dirfd, NULL, text, flags | LOOKUP_PARENT);
	if (!error)
		error = walk_run(&walk, text);
	if (!error) {
		/* Without following links at the end the last name lies in the caller's text, not in a link's. */
		*last = walk.last;
		walk_take_path(&walk, parent);
	}
	walk_end(&walk);
	return error;
}

int path_lookup_parent(int dirfd, const char *text, u32 flags, struct path *parent,
		       struct path_last *last)
{
	int result = path_parent_fast(dirfd, text, flags, parent, last);

	return likely(result <= 0) ? result : lookup_parent(dirfd, text, flags, parent, last);
}
