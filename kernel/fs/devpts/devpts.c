/* devpts: the nodes of pseudo-terminals. Each mount is a file system of its own, with its own numbers and its own ptmx. */
#include "../internal.h"

#include <abi/errno.h>
#include <abi/statfs.h>
#include <kernel/dev.h>
#include <kernel/pty.h>
#include <kernel/seq_file.h>
#include <kernel/tty.h>
#include <lib/err.h>
#include <lib/printf.h>
#include <lib/string.h>

#define NUMBER_OF_INODE 3 /* inode number of the terminal 0 */

struct devpts {
	struct mutex lock; /* RANK_SLEEP_MISC */
	u32 uid, gid; /* ~0: whoever opens the master */
	u32 mode, ptmx_mode, max; /* [root's inode->lock] */
	struct inode *ptmx; /* [I] its dentry has the reference */
	unsigned long used[PTY_COUNT_MAX / 64]; /* [lock] numbers */
};

static struct devpts *devpts_of(const struct super *super)
{
	return super->private_data;
}

/* --- Options -------------------------------------------------------------------------------------------------------------- */

static int parse_option(void *data, const char *key, const char *value)
{
	struct devpts *devpts = data;

	if (str_equal(key, "uid"))
		return option_number(value, 10, &devpts->uid);
	if (str_equal(key, "gid"))
		return option_number(value, 10, &devpts->gid);
	if (str_equal(key, "mode"))
		return option_number(value, 8, &devpts->mode);
	if (str_equal(key, "ptmxmode"))
		return option_number(value, 8, &devpts->ptmx_mode);
	if (str_equal(key, "max"))
		return option_number(value, 10, &devpts->max);
	return str_equal(key, "newinstance") ? 0 : -EINVAL;
}

static int devpts_remount(struct super *super, u32 flags, const char *options)
{
	struct devpts *devpts = devpts_of(super);
	int error = options_parse(options, parse_option, devpts);

	(void)flags;
	devpts->mode &= 07777;
	devpts->ptmx->mode = S_IFCHR | (devpts->ptmx_mode & 07777);
	return error;
}

static void devpts_show_options(struct super *super, struct seq_file *out)
{
	const struct devpts *devpts = devpts_of(super);

	if (devpts->uid != ~0u)
		seq_printf(out, ",uid=%u", devpts->uid);
	if (devpts->gid != ~0u)
		seq_printf(out, ",gid=%u", devpts->gid);
	seq_printf(out, ",mode=%03o,ptmxmode=%03o", devpts->mode, devpts->ptmx_mode);
	if (devpts->max < PTY_COUNT_MAX)
		seq_printf(out, ",max=%u", devpts->max);
}

static void devpts_release(struct super *super)
{
	kfree(super->private_data);
}

static const struct super_ops super_ops = {
	.remount = devpts_remount,
	.show_options = devpts_show_options,
	.release = devpts_release,
};

/* --- Nodes ------------------------------------------------------------------------------------------------------------------ */

/* What is not in the cache does not exist. */
static int devpts_lookup(struct inode *dir, struct dentry *dentry)
{
	(void)dir, (void)dentry;
	return 0;
}

static const struct inode_ops dir_ops = { .lookup = devpts_lookup };
static const struct inode_ops node_ops;

static struct inode *node_make(struct super *super, u32 mode, u64 device)
{
	const struct devpts *devpts = devpts_of(super);
	struct inode *inode = inode_alloc(super, S_IFCHR | (mode & 07777));

	if (!inode)
		return NULL;
	if (devpts->uid != ~0u)
		inode->uid = devpts->uid;
	if (devpts->gid != ~0u)
		inode->gid = devpts->gid;
	inode->device = device;
	inode->ops = &node_ops;
	return inode;
}

/* Into the root directory, whose lock is held; the reference of `inode` is consumed. */
static int entry_add(struct dentry *root, const char *text, struct inode *inode)
{
	struct name name = name_of(text, (u32)strlen(text));
	struct dentry *dentry = dentry_lookup_locked(root, &name);

	if (IS_ERR(dentry)) {
		inode_put(inode);
		return (int)PTR_ERR(dentry);
	}
	dentry_keep(dentry);
	dentry_add(dentry, inode);
	inode_modified(root->inode);
	dentry_put(dentry);
	return 0;
}

static int number_take(struct devpts *devpts)
{
	size_t number;

	mutex_lock(&devpts->lock);
	number = bitmap_find_first_zero(devpts->used, PTY_COUNT_MAX, 0);
	if (number < MIN(devpts->max, (u32)PTY_COUNT_MAX))
		bitmap_set(devpts->used, number);
	else
		number = PTY_COUNT_MAX;
	mutex_unlock(&devpts->lock);
	return number == PTY_COUNT_MAX ? -ENOSPC : (int)number;
}

static void number_free(struct devpts *devpts, int number)
{
	mutex_lock(&devpts->lock);
	bitmap_clear(devpts->used, (size_t)number);
	mutex_unlock(&devpts->lock);
}

static int slave_add(struct super *super, int number, struct tty *slave)
{
	struct dentry *root = super->root;
	struct inode *inode =
		node_make(super, devpts_of(super)->mode, DEV_MAKE(PTY_SLAVE_MAJOR, (u64)number));
	char text[16];
	int error;

	if (!inode)
		return -ENOMEM;
	inode->number = (u64)number + NUMBER_OF_INODE;
	inode->private_data = slave;
	snprintf(text, sizeof(text), "%d", number);
	rwsem_write_lock(&root->inode->lock);
	error = entry_add(root, text, inode);
	rwsem_write_unlock(&root->inode->lock);
	return error;
}

int devpts_add(struct super *super, struct tty *slave)
{
	int number = number_take(devpts_of(super)), error;

	if (number < 0)
		return number;
	error = slave_add(super, number, slave);
	if (error) {
		number_free(devpts_of(super), number);
		return error;
	}
	ref_get(&super->ref);
	return number;
}

/* The dentry of a terminal, with a reference; root's lock held. NULL, or ERR_PTR. */
static struct dentry *slave_find_locked(struct super *super, int number)
{
	char text[16];
	struct name name = name_of(text, (u32)scnprintf(text, sizeof(text), "%d", number));

	return dentry_lookup_locked(super->root, &name);
}

void devpts_remove(struct super *super, int number)
{
	struct devpts *devpts = devpts_of(super);
	struct inode *dir = super->root->inode;
	struct dentry *dentry;

	rwsem_write_lock(&dir->lock);
	dentry = slave_find_locked(super, number);
	if (!IS_ERR(dentry)) {
		mutex_lock(&devpts->lock);
		dentry->inode->private_data = NULL;
		mutex_unlock(&devpts->lock);
		dentry->inode->link_count = 0;
		inode_modified(dir);
		dentry_drop(dentry);
	}
	rwsem_write_unlock(&dir->lock);
	if (!IS_ERR(dentry))
		dentry_put(dentry);
	number_free(devpts, number);
	super_put(super);
}

struct tty *devpts_tty_get(struct inode *inode)
{
	struct devpts *devpts;
	struct tty *tty;

	/* A node made by mknod elsewhere is nobody's. */
	if (inode->ops != &node_ops)
		return NULL;
	devpts = devpts_of(inode->super);
	mutex_lock(&devpts->lock);
	tty = inode->private_data ? tty_get(inode->private_data) : NULL;
	mutex_unlock(&devpts->lock);
	return tty;
}

/* --- Mounting -------------------------------------------------------------------------------------------------------------- */

static int root_make(struct super *super)
{
	struct devpts *devpts = devpts_of(super);
	struct inode *root = inode_alloc(super, S_IFDIR | 0755);
	int error = -ENOMEM;

	if (!root)
		return -ENOMEM;
	root->uid = root->gid = 0;
	root->link_count = 2;
	root->ops = &dir_ops;
	root->file_ops = &directory_file_ops_tmpfs;
	super->root = dentry_alloc_root(root);
	if (!super->root)
		return -ENOMEM;
	devpts->ptmx = node_make(super, devpts->ptmx_mode, PTMX_DEVICE);
	if (devpts->ptmx) {
		devpts->ptmx->uid = devpts->ptmx->gid = 0;
		rwsem_write_lock(&root->lock);
		error = entry_add(super->root, "ptmx", devpts->ptmx);
		rwsem_write_unlock(&root->lock);
	}
	return error;
}

static struct super *super_make(const struct fs_type *type, struct devpts *devpts)
{
	struct super *super = super_alloc(type, &super_ops, DEVPTS_SUPER_MAGIC);
	int error;

	if (!super) {
		kfree(devpts);
		return ERR_PTR(-ENOMEM);
	}
	super->private_data = devpts;
	super->block_size = 1024;
	error = root_make(super);
	if (!error)
		return super;
	super_put(super);
	return ERR_PTR(error);
}

static struct super *devpts_mount(const struct fs_type *type, const char *source, u32 flags,
				  const char *options)
{
	struct devpts *devpts = kzalloc(sizeof(*devpts));
	int error;

	(void)source, (void)flags;
	if (!devpts)
		return ERR_PTR(-ENOMEM);
	mutex_init(&devpts->lock, RANK_SLEEP_MISC);
	devpts->uid = devpts->gid = ~0u;
	devpts->mode = 0600;
	devpts->max = PTY_COUNT_MAX;
	error = options_parse(options, parse_option, devpts);
	if (!error)
		return super_make(type, devpts);
	kfree(devpts);
	return ERR_PTR(error);
}

static struct fs_type devpts_type = { .name = "devpts", .mount = devpts_mount };

void devpts_init(void)
{
	fs_register(&devpts_type);
}

/* --- From ptmx to its file system -------------------------------------------------------------------------------------------- */

/* "pts" beside a node: where Linux looks too. */
static int beside(const struct path *ptmx, struct path *found)
{
	struct path folder = { ptmx->mount, dentry_parent_get(ptmx->dentry) };
	int error = path_lookup_from(&folder, "pts", LOOKUP_FOLLOW | LOOKUP_DIRECTORY, found);

	dentry_put(folder.dentry);
	return error;
}

int devpts_root_get(const struct path *ptmx, struct path *root)
{
	if (ptmx->dentry->super->type == &devpts_type) {
		*root = (struct path){ ptmx->mount, ptmx->dentry->super->root };
		path_get(root);
		return 0;
	}
	if (beside(ptmx, root))
		return -ENODEV;
	if (root->dentry->super->type == &devpts_type && root->dentry->super->root == root->dentry)
		return 0;
	path_put(root);
	return -ENODEV;
}

struct file *devpts_open(const struct path *ptmx, int number, u32 flags)
{
	struct path path;
	struct dentry *dentry;
	struct file *file;
	struct inode *dir;
	int error = devpts_root_get(ptmx, &path);

	if (error)
		return ERR_PTR(error);
	dir = path.dentry->inode;
	rwsem_write_lock(&dir->lock);
	dentry = slave_find_locked(path.dentry->super, number);
	rwsem_write_unlock(&dir->lock);
	if (IS_ERR(dentry) || !dentry->inode) {
		file = ERR_PTR(-EIO);
	} else {
		struct path node = { path.mount, dentry };

		file = vfs_open(&node, flags);
	}
	if (!IS_ERR(dentry))
		dentry_put(dentry);
	path_put(&path);
	return file;
}
