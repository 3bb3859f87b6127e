/* /proc: the file system type and what its entries are registered with. */
#include "internal.h"

#include <abi/errno.h>
#include <abi/statfs.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <lib/err.h>
#include <lib/printf.h>
#include <lib/string.h>

struct tree proc_tree;

void proc_register(const struct proc_entry *entry)
{
	tree_register(&proc_tree, entry);
}

static void destroy_inode(struct inode *inode)
{
	if (pid_inode_is(inode))
		pid_inode_destroy(inode);
	else
		tree_inode_destroy(inode);
}

/* "self" and "thread-self" mean something else to each task. */
static bool self_is_current(const struct dentry *dentry)
{
	char text[32];

	if (str_equal(dentry->name.text, "self"))
		snprintf(text, sizeof(text), "%d", current->tgid);
	else
		snprintf(text, sizeof(text), "%d/task/%d", current->tgid, current->tid);
	return str_equal(text, dentry->inode->private_data);
}

static bool revalidate(struct dentry *dentry)
{
	struct inode *inode = dentry->inode;
	struct task *task;
	bool valid;

	if (!inode)
		return false;
	if (!pid_inode_is(inode))
		return self_is_current(dentry);
	task = pid_inode_task(inode);
	if (!task)
		return false;
	valid = pid_inode_of(inode)->fd < 0 || pid_fd_is_open(task, pid_inode_of(inode)->fd);
	task_put(task);
	return valid;
}

static const struct super_ops super_ops = { .destroy_inode = destroy_inode,
					    .revalidate = revalidate };

static struct super *procfs_mount(const struct fs_type *type, const char *source, u32 flags,
				  const char *options)
{
	(void)source, (void)flags, (void)options;
	return tree_super_get(&proc_tree, type, &super_ops, PROC_SUPER_MAGIC);
}

static struct fs_type proc_type = { .name = "proc", .mount = procfs_mount };

void procfs_init(void)
{
	tree_init(&proc_tree);
	proc_tree.root.dynamic = &pid_dynamic;
	proc_system_init();
	proc_hardware_init();
	proc_sysctl_init();
	fs_register(&proc_type);
}
