/*
 * The mount tree. A mount sits on a dentry of its parent mount; a hash table by (parent, dentry) is what path walks look
 * at, lock-free. Changes hold mount_lock for writing, and happen inside mount_sequence's write section so that a reader of
 * parent and mountpoint can tell whether the two belong together.
 *
 * References: the tree holds one on each mount, an attached mount holds its mountpoint dentry and its parent.
 */
#include "internal.h"

#include <abi/errno.h>
#include <abi/mount.h>
#include <kernel/dev.h>
#include <kernel/seq_file.h>
#include <lib/err.h>
#include <lib/string.h>

#define HASH_BITS 8

struct rwsem mount_lock = RWSEM_INIT(mount_lock, RANK_MOUNT);
struct seqcount mount_sequence;
u64 mount_changes;
static struct hlist mount_hash[1 << HASH_BITS]; /* [R mount_lock] */
static struct list mounts = LIST_INIT(mounts); /* [mount_lock] all_link, oldest first */
static u32 next_id = 20; /* [mount_lock] */
static struct slab_cache *mount_cache __ro_after_init;
static struct list types = LIST_INIT(types); /* [types_lock] */
static struct mutex types_lock = MUTEX_INIT(types_lock, RANK_SLEEP_MISC);

/* --- File system types ---------------------------------------------------------------------------------------------- */

void fs_register(struct fs_type *type)
{
	mutex_lock(&types_lock);
	list_add_tail(&type->link, &types);
	mutex_unlock(&types_lock);
}

const struct fs_type *fs_find(const char *name)
{
	const struct fs_type *found = NULL;
	struct fs_type *type;

	mutex_lock(&types_lock);
	list_for_each_entry (type, &types, link) {
		if (str_equal(type->name, name))
			found = type;
	}
	mutex_unlock(&types_lock);
	return found;
}

void fs_show_types(struct seq_file *out)
{
	struct fs_type *type;

	mutex_lock(&types_lock);
	list_for_each_entry (type, &types, link)
		seq_printf(out, "%s\t%s\n", type->needs_device ? "" : "nodev", type->name);
	mutex_unlock(&types_lock);
}

/* --- Life ------------------------------------------------------------------------------------------------------------- */

/* Consumes nothing: takes references of `super` and `root`. */
struct mount *mount_make(struct super *super, struct dentry *root, const char *source, u32 flags)
{
	struct mount *mount = slab_alloc(mount_cache, SLAB_ZERO);

	if (!mount)
		return NULL;
	mount->source = kstrdup(source ? source : "none");
	if (!mount->source) {
		slab_free(mount_cache, mount);
		return NULL;
	}
	ref_init(&mount->ref, 1);
	ref_get(&super->ref);
	mount->super = super;
	mount->root = dentry_get(root);
	mount->parent = mount;
	mount->mountpoint = root;
	mount->flags = flags & MOUNT_FLAGS;
	mount->detached = true;
	list_init(&mount->children);
	list_init(&mount->sibling);
	list_init(&mount->all_link);
	return mount;
}

static void mount_free(struct rcu_head *head)
{
	struct mount *mount = container_of(head, struct mount, rcu);

	kfree(mount->source);
	slab_free(mount_cache, mount);
}

void mount_get(struct mount *mount)
{
	ref_get(&mount->ref);
}

void mount_put(struct mount *mount)
{
	if (likely(!ref_put(&mount->ref)))
		return;
	dentry_put(mount->root);
	super_put(mount->super);
	rcu_call(&mount->rcu, mount_free);
}

/* A new superblock of `type` and a mount of it. ERR_PTR. */
struct mount *mount_new(const struct fs_type *type, const char *source, u32 flags,
			const char *options)
{
	struct super *super = type->mount(type, source, flags, options);
	struct mount *mount;

	if (IS_ERR(super))
		return ERR_PTR(PTR_ERR(super));
	if (flags & MS_RDONLY)
		super->flags |= SUPER_READ_ONLY;
	mount = mount_make(super, super->root, source, flags);
	super_put(super);
	return mount ? mount : ERR_PTR(-ENOMEM);
}

struct mount *mount_alloc_internal(const struct fs_type *type)
{
	return mount_new(type, type->name, 0, "");
}

/* --- Looking up --------------------------------------------------------------------------------------------------------- */

static inline struct hlist *hash_chain(const struct mount *parent, const struct dentry *mountpoint)
{
	return &mount_hash[((u64)parent ^ (u64)mountpoint << 1) * 0x9fb21c651e98df25UL >>
			   (64 - HASH_BITS)];
}

struct mount *mount_find_rcu(const struct mount *parent, const struct dentry *mountpoint)
{
	struct mount *mount;

	hlist_for_each_entry (mount, hash_chain(parent, mountpoint), hash_node) {
		if (READ_ONCE(mount->parent) == parent && READ_ONCE(mount->mountpoint) == mountpoint)
			return mount;
	}
	return NULL;
}

struct mount *mount_find(const struct mount *parent, const struct dentry *mountpoint)
{
	struct mount *mount;
	u32 sequence;

	rcu_read_lock();
	do {
		sequence = seq_read_begin(&mount_sequence);
		mount = mount_find_rcu(parent, mountpoint);
		if (mount && !ref_try_get(&mount->ref))
			mount = NULL;
		if (likely(!seq_read_retry(&mount_sequence, sequence)))
			break;
		if (mount) {
			rcu_read_unlock();
			mount_put(mount);
			rcu_read_lock();
		}
	} while (true);
	rcu_read_unlock();
	return mount;
}

/* References on where it is mounted, if both could be had and belong together. */
static bool parent_try_get(const struct mount *mount, struct path *path, bool *retry)
{
	u32 sequence = seq_read_begin(&mount_sequence);

	path->mount = READ_ONCE(mount->parent);
	path->dentry = READ_ONCE(mount->mountpoint);
	*retry = false;
	if (path->mount == mount)
		return false;
	*retry = true;
	if (!ref_try_get(&path->mount->ref))
		return false;
	if (ref_try_get(&path->dentry->ref)) {
		if (likely(!seq_read_retry(&mount_sequence, sequence)))
			return true;
		rcu_read_unlock();
		dentry_put(path->dentry);
		rcu_read_lock();
	}
	rcu_read_unlock();
	mount_put(path->mount);
	rcu_read_lock();
	return false;
}

bool mount_parent_get(const struct mount *mount, struct path *path)
{
	bool found, retry;

	rcu_read_lock();
	do {
		found = parent_try_get(mount, path, &retry);
	} while (!found && retry);
	rcu_read_unlock();
	return found;
}

/* mount_lock held. */
bool dentry_is_mountpoint(const struct dentry *dentry)
{
	struct mount *mount;

	if (!(READ_ONCE(dentry->flags) & DENTRY_MOUNTED))
		return false;
	list_for_each_entry (mount, &mounts, all_link) {
		if (mount->mountpoint == dentry && mount->parent != mount)
			return true;
	}
	return false;
}

/* --- Changing the tree. All with mount_lock held for writing. --------------------------------------------------------- */

static void mounted_flag(struct dentry *dentry, bool on)
{
	spin_lock(&dentry->lock);
	dentry->flags = on ? dentry->flags | DENTRY_MOUNTED : dentry->flags & ~DENTRY_MOUNTED;
	spin_unlock(&dentry->lock);
}

/* Preemption off: lock-free readers spin while the count is odd. */
static void change_begin(void)
{
	preempt_disable();
	seq_write_begin(&mount_sequence);
}

static void change_end(void)
{
	seq_write_end(&mount_sequence);
	preempt_enable();
	mount_changes++;
}

/* Takes over the caller's reference of `mount` as the tree's. */
void mount_attach(struct mount *mount, const struct path *at)
{
	path_get(at);
	mounted_flag(at->dentry, true);
	change_begin();
	mount->parent = at->mount;
	mount->mountpoint = at->dentry;
	mount->detached = false;
	hlist_add(&mount->hash_node, hash_chain(at->mount, at->dentry));
	change_end();
	list_del(&mount->sibling);
	list_add_tail(&mount->sibling, &at->mount->children);
	list_del(&mount->all_link);
	list_add_tail(&mount->all_link, &mounts);
	if (!mount->id)
		mount->id = next_id++;
}

/* Where it was mounted goes to *at, references and all; the tree's reference of the mount becomes the caller's. */
void mount_detach(struct mount *mount, struct path *at)
{
	at->mount = mount->parent;
	at->dentry = mount->mountpoint;
	change_begin();
	hlist_del_init(&mount->hash_node);
	mount->parent = mount;
	mount->mountpoint = mount->root;
	mount->detached = true;
	change_end();
	list_del_init(&mount->sibling);
	list_del_init(&mount->all_link);
	if (!dentry_is_mountpoint(at->dentry))
		mounted_flag(at->dentry, false);
}

/* The next mount after `at` in the subtree of `top`, parents first; NULL at the end. */
struct mount *mount_next(struct mount *at, struct mount *top)
{
	if (!list_empty(&at->children))
		return list_first_entry(&at->children, struct mount, sibling);
	for (; at != top; at = at->parent) {
		if (at->sibling.next != &at->parent->children)
			return list_entry(at->sibling.next, struct mount, sibling);
	}
	return NULL;
}

bool mount_is_below(const struct mount *mount, const struct mount *top)
{
	for (; mount != top; mount = mount->parent) {
		if (mount->parent == mount)
			return false;
	}
	return true;
}

/* --- /proc/mounts and /proc/<pid>/mountinfo ---------------------------------------------------------------------------- */

static void show_flags(struct seq_file *out, u32 flags)
{
	static const struct {
		u32 flag;
		const char *text;
	} names[] = {
		{ MS_NOSUID, ",nosuid" },	    { MS_NODEV, ",nodev" },
		{ MS_NOEXEC, ",noexec" },	    { MS_NOATIME, ",noatime" },
		{ MS_NODIRATIME, ",nodiratime" },   { MS_RELATIME, ",relatime" },
		{ MS_NOSYMFOLLOW, ",nosymfollow" },
	};

	seq_puts(out, flags & MS_RDONLY ? "ro" : "rw");
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (flags & names[i].flag)
			seq_puts(out, names[i].text);
	}
}

static void show_super_options(struct seq_file *out, struct super *super)
{
	if (super->ops->show_options)
		super->ops->show_options(super, out);
}

static void show_mount(struct seq_file *out, const struct mount *mount, const char *where)
{
	seq_escape(out, mount->source);
	seq_putc(out, ' ');
	seq_escape(out, where);
	seq_printf(out, " %s ", mount->super->type->name);
	show_flags(out, mount->flags | (mount->super->flags & SUPER_READ_ONLY));
	show_super_options(out, mount->super);
	seq_puts(out, " 0 0\n");
}

/* The part of the file system that the mount shows: "/", or the folder a bind mount was made from. */
static void show_root(struct seq_file *out, const struct mount *mount, char *buffer)
{
	seq_escape(out, dentry_text(mount->root, buffer, PATH_MAX));
}

static void show_mountinfo(struct seq_file *out, const struct mount *mount, const char *where,
			   char *buffer)
{
	const struct super *super = mount->super;

	seq_printf(out, "%u %u %u:%u ", mount->id, mount->parent == mount ? 1 : mount->parent->id,
		   DEV_MAJOR(super->device), DEV_MINOR(super->device));
	show_root(out, mount, buffer);
	seq_putc(out, ' ');
	seq_escape(out, where);
	seq_putc(out, ' ');
	show_flags(out, mount->flags);
	seq_printf(out, " - %s ", super->type->name);
	seq_escape(out, mount->source);
	seq_puts(out, super->flags & SUPER_READ_ONLY ? " ro" : " rw");
	show_super_options(out, mount->super);
	seq_putc(out, '\n');
}

void mount_show(struct seq_file *out, bool mountinfo)
{
	char *where = kmalloc(PATH_MAX, 0), *buffer = kmalloc(PATH_MAX, 0), *start;
	struct mount *mount;

	rwsem_read_lock(&mount_lock);
	list_for_each_entry (mount, &mounts, all_link) {
		struct path path = { mount, mount->root };

		if (!where || !buffer || !path_text_reachable(&path, where, PATH_MAX, &start))
			continue;
		if (mountinfo)
			show_mountinfo(out, mount, start, buffer);
		else
			show_mount(out, mount, start);
	}
	rwsem_read_unlock(&mount_lock);
	if (!where || !buffer)
		out->failed = true;
	kfree(where);
	kfree(buffer);
}

/* --- Sync ------------------------------------------------------------------------------------------------------------------ */

int vfs_sync_all(void)
{
	struct mount *mount;
	int result = 0;

	rwsem_read_lock(&mount_lock);
	list_for_each_entry (mount, &mounts, all_link) {
		int error = super_sync(mount->super);

		result = result ? result : error;
	}
	rwsem_read_unlock(&mount_lock);
	return result;
}

void mount_init(void)
{
	mount_cache = slab_cache_create("mount", sizeof(struct mount), CACHE_LINE);
}

/* The first mount of all: nothing is above it. */
void mount_attach_root(struct mount *mount)
{
	rwsem_write_lock(&mount_lock);
	mount->detached = false;
	mount->id = next_id++;
	list_add_tail(&mount->all_link, &mounts);
	rwsem_write_unlock(&mount_lock);
}
