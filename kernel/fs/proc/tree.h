/*
 * File systems whose entries the kernel registers: /proc and /sys are two trees of this kind. An entry is never removed. A
 * directory may also have entries that are found when asked for (struct tree_dynamic): the processes below /proc.
 */
#pragma once

#include <kernel/procfs.h>
#include <kernel/vfs.h>

struct tree_dynamic {
	/* As inode_ops.lookup, for a name that is not registered; -ENOENT rather than a negative dentry. */
	int (*lookup)(struct inode *dir, struct dentry *dentry);
	/* Entries from context->position, TREE_DYNAMIC_POSITION or higher, on. */
	int (*readdir)(struct file *file, struct dir_context *context);
};
#define TREE_DYNAMIC_POSITION 0x100000

struct tree_node {
	struct list sibling; /* [tree_lock, only added] */
	struct list children;
	char *name; /* [I] */
	u32 length; /* [I] of the name */
	u32 count; /* [tree_lock] children */
	u32 number; /* [I] inode number */
	const struct proc_entry *entry; /* [I] NULL: a directory */
	const struct tree_dynamic *dynamic; /* [I] */
};

struct tree {
	struct tree_node root;
	struct super *super; /* [I] the one instance */
	u32 last_number; /* [tree_lock] */
};

void tree_init(struct tree *tree);
/* Directories on the way are made. Registering at boot does not fail (halts with a line). */
void tree_register(struct tree *tree, const struct proc_entry *entry);
/* The super that each mount shows, made the first time; a reference. ERR_PTR. */
struct super *tree_super_get(struct tree *tree, const struct fs_type *type,
			     const struct super_ops *ops, u64 magic);

/* A symbolic link to text that is copied. ERR_PTR. */
struct inode *link_inode_make(struct super *super, u64 number, const char *target);
/* destroy_inode of such supers: frees a link's text. */
void tree_inode_destroy(struct inode *inode);
ssize_t tree_dir_read(struct file *file, struct io_iter *iter, u64 *position); /* -EISDIR */
