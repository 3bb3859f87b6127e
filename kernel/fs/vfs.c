/* Start of the virtual file system: the parts in order, then the root file system. */
#include "internal.h"

#include <kernel/inotify.h>
#include <kernel/printk.h>
#include <lib/err.h>

void vfs_init(void)
{
	dentry_init();
	inode_init();
	mount_init();
	file_init();
	path_init();
	locks_init();
	anon_init();
	tmpfs_init();
	inotify_init();
}

void vfs_mount_root(void)
{
	struct mount *mount = tmpfs_mount_root();
	struct path root;

	if (IS_ERR(mount))
		panic("No memory for the root file system");
	mount_attach_root(mount);
	root = (struct path){ mount, mount->root };
	current->fs = fs_context_make(&root);
	if (!current->fs)
		panic("No memory for the root file system");
}
