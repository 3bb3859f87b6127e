/* devtmpfs: one tmpfs, the same at each place where it is mounted, in which the nodes of registered devices appear. */
#include <abi/errno.h>
#include <kernel/dev.h>
#include <kernel/printk.h>
#include <kernel/vfs.h>
#include <lib/err.h>
#include <lib/string.h>

static struct super *devices_super __ro_after_init;

static struct super *devtmpfs_mount(const struct fs_type *type, const char *source, u32 flags,
				    const char *options)
{
	(void)type, (void)source, (void)flags, (void)options;
	ref_get(&devices_super->ref);
	return devices_super;
}

static struct fs_type devtmpfs_type = { .name = "devtmpfs", .mount = devtmpfs_mount };

void devtmpfs_init(void)
{
	const struct fs_type *tmpfs = fs_find("tmpfs");
	struct super *super = tmpfs ? tmpfs->mount(tmpfs, "devtmpfs", 0, "mode=0755")
				    : ERR_PTR(-ENODEV);

	if (IS_ERR(super))
		panic("no memory for devtmpfs");
	super->type = &devtmpfs_type;
	devices_super = super;
	fs_register(&devtmpfs_type);
}

/* The entry `name` of a folder, made with `mode` if it is not there. A reference, or ERR_PTR. dir->inode->lock is not held. */
static struct dentry *entry_make(struct dentry *parent, const struct name *name, u32 mode,
				 u64 device)
{
	struct inode *dir = parent->inode;
	struct dentry *entry;
	int error = 0;

	rwsem_write_lock(&dir->lock);
	entry = dentry_lookup_locked(parent, name);
	if (!IS_ERR(entry) && !entry->inode) {
		if ((mode & S_IFMT) == S_IFDIR)
			error = dir->ops->mkdir(dir, entry, mode);
		else
			error = dir->ops->mknod(dir, entry, mode, device);
	}
	rwsem_write_unlock(&dir->lock);
	if (!error)
		return entry;
	dentry_put(entry);
	return ERR_PTR(error);
}

/* The folder that `path` lies in, made if need be: a reference or ERR_PTR. *last is the rest. */
static struct dentry *folder_make(const char *path, const char **last)
{
	struct dentry *folder = dentry_get(devices_super->root);
	const char *slash;

	while ((slash = strchr(path, '/'))) {
		struct name name = name_of(path, (u32)(slash - path));
		struct dentry *next = entry_make(folder, &name, S_IFDIR | 0755, 0);

		dentry_put(folder);
		if (IS_ERR(next))
			return next;
		folder = next;
		path = slash + 1;
	}
	*last = path;
	return folder;
}

int devtmpfs_add(const char *name, u32 mode, u64 device)
{
	const char *last;
	struct dentry *folder = folder_make(name, &last), *entry;
	struct name text;

	if (IS_ERR(folder))
		return (int)PTR_ERR(folder);
	text = name_of(last, (u32)strlen(last));
	entry = entry_make(folder, &text, mode, device);
	dentry_put(folder);
	if (IS_ERR(entry))
		return (int)PTR_ERR(entry);
	dentry_put(entry);
	return 0;
}

void devtmpfs_remove(const char *name)
{
	const char *last;
	struct dentry *folder = folder_make(name, &last), *entry;
	struct inode *dir;
	struct name text;

	if (IS_ERR(folder))
		return;
	dir = folder->inode;
	text = name_of(last, (u32)strlen(last));
	rwsem_write_lock(&dir->lock);
	entry = dentry_lookup_locked(folder, &text);
	if (!IS_ERR(entry)) {
		if (entry->inode && !dir->ops->unlink(dir, entry))
			dentry_drop(entry);
		dentry_put(entry);
	}
	rwsem_write_unlock(&dir->lock);
	dentry_put(folder);
}
