/* Trees of registered entries: see tree.h. */
#include "tree.h"

#include <abi/dirent.h>
#include <abi/errno.h>
#include <kernel/io_iter.h>
#include <kernel/printk.h>
#include <kernel/slab.h>
#include <lib/err.h>
#include <lib/string.h>

#define WRITE_MAX 4096

static struct mutex tree_lock = MUTEX_INIT(tree_lock, RANK_SLEEP_MISC);
static const struct inode_ops dir_ops, text_ops, link_ops;
static const struct file_ops dir_file_ops, text_file_ops;

static struct tree_node *node_of(const struct inode *inode)
{
	return inode->private_data;
}

/* --- Registering --------------------------------------------------------------------------------------------------------- */

static struct tree_node *child_find(struct tree_node *node, const char *name, u32 length)
{
	struct tree_node *child;

	list_for_each_entry (child, &node->children, sibling)
		if (child->length == length && memcmp(child->name, name, length) == 0)
			return child;
	return NULL;
}

static struct tree_node *child_add(struct tree *tree, struct tree_node *parent, const char *name,
				   u32 length)
{
	struct tree_node *node = kzalloc(sizeof(*node));

	if (node)
		node->name = kzalloc(length + 1);
	if (!node || !node->name)
		panic("no memory for an entry of /proc or /sys");
	memcpy(node->name, name, length);
	node->length = length;
	node->number = ++tree->last_number;
	list_init(&node->children);
	list_add_tail(&node->sibling, &parent->children);
	parent->count++;
	return node;
}

void tree_init(struct tree *tree)
{
	list_init(&tree->root.children);
	tree->root.number = tree->last_number = 1;
}

void tree_register(struct tree *tree, const struct proc_entry *entry)
{
	struct tree_node *node = &tree->root, *child;
	const char *name = entry->name, *slash;

	mutex_lock(&tree_lock);
	do {
		u32 length;

		slash = strchr(name, '/');
		length = slash ? (u32)(slash - name) : (u32)strlen(name);
		child = child_find(node, name, length);
		if (!child)
			child = child_add(tree, node, name, length);
		node = child;
		name = slash + 1;
	} while (slash);
	/* A directory may be named for itself, to exist when it is empty. */
	if (!S_ISDIR(entry->mode))
		node->entry = entry;
	mutex_unlock(&tree_lock);
}

/* --- Inodes ----------------------------------------------------------------------------------------------------------------- */

struct inode *link_inode_make(struct super *super, u64 number, const char *target)
{
	struct inode *inode = inode_alloc(super, S_IFLNK | 0777);

	if (!inode)
		return ERR_PTR(-ENOMEM);
	inode->private_data = kstrdup(target);
	if (!inode->private_data) {
		inode_put(inode);
		return ERR_PTR(-ENOMEM);
	}
	inode->number = number;
	inode->uid = inode->gid = 0;
	inode->ops = &link_ops;
	inode->size = strlen(target);
	return inode;
}

void tree_inode_destroy(struct inode *inode)
{
	if (inode->ops == &link_ops)
		kfree(inode->private_data);
}

static const char *link_text(struct inode *inode)
{
	return inode->private_data;
}

static const struct inode_ops link_ops = { .get_link = link_text };

static struct inode *node_inode_make(struct super *super, struct tree_node *node)
{
	const struct proc_entry *entry = node->entry;
	struct inode *inode;

	if (entry && entry->target)
		return link_inode_make(super, node->number, entry->target);
	inode = inode_alloc(super, entry ? S_IFREG | entry->mode : S_IFDIR | 0555);
	if (!inode)
		return ERR_PTR(-ENOMEM);
	inode->number = node->number;
	inode->uid = inode->gid = 0;
	inode->private_data = node;
	inode->ops = entry ? &text_ops : &dir_ops;
	inode->file_ops = !entry ? &dir_file_ops : entry->ops ? entry->ops : &text_file_ops;
	if (!entry)
		inode->link_count = 2;
	return inode;
}

struct super *tree_super_get(struct tree *tree, const struct fs_type *type,
			     const struct super_ops *ops, u64 magic)
{
	struct super *super = tree->super;
	struct inode *root;

	if (super) {
		ref_get(&super->ref);
		return super;
	}
	super = super_alloc(type, ops, magic);
	if (!super)
		return ERR_PTR(-ENOMEM);
	root = node_inode_make(super, &tree->root);
	if (!IS_ERR(root))
		super->root = dentry_alloc_root(root);
	if (!super->root) {
		super_put(super);
		return ERR_PTR(-ENOMEM);
	}
	tree->super = super;
	ref_get(&super->ref);
	return super;
}

/* --- Directories -------------------------------------------------------------------------------------------------------------- */

static int dir_lookup(struct inode *dir, struct dentry *dentry)
{
	struct tree_node *node = node_of(dir), *child;
	struct inode *inode;

	mutex_lock(&tree_lock);
	child = child_find(node, dentry->name.text, dentry->name.length);
	mutex_unlock(&tree_lock);
	if (!child)
		return node->dynamic ? node->dynamic->lookup(dir, dentry) : -ENOENT;
	inode = node_inode_make(dir->super, child);
	if (IS_ERR(inode))
		return (int)PTR_ERR(inode);
	dentry_add(dentry, inode);
	return 0;
}

static struct tree_node *child_at(struct tree_node *node, u64 index)
{
	struct tree_node *child, *found = NULL;

	mutex_lock(&tree_lock);
	list_for_each_entry (child, &node->children, sibling)
		if (index-- == 0) {
			found = child;
			break;
		}
	mutex_unlock(&tree_lock);
	return found;
}

ssize_t tree_dir_read(struct file *file, struct io_iter *iter, u64 *position)
{
	(void)file, (void)iter, (void)position;
	return -EISDIR;
}

static u32 node_type(const struct tree_node *node)
{
	if (!node->entry)
		return DT_DIR;
	return node->entry->target ? DT_LNK : DT_REG;
}

static int dir_readdir(struct file *file, struct dir_context *context)
{
	struct tree_node *node = node_of(file->inode), *child;

	if (!dir_emit_dots(file, context))
		return 0;
	while (context->position < TREE_DYNAMIC_POSITION &&
	       (child = child_at(node, context->position - 2)))
		if (!dir_emit(context, child->name, child->length, child->number, node_type(child)))
			return 0;
	if (!node->dynamic)
		return 0;
	context->position = MAX(context->position, (u64)TREE_DYNAMIC_POSITION);
	return node->dynamic->readdir(file, context);
}

/* Mode and owner are the kernel's to say. */
static int no_setattr(struct inode *inode, const struct inode_change *change)
{
	if (change->valid & (CHANGE_MODE | CHANGE_UID | CHANGE_GID))
		return -EPERM;
	inode_change_apply(inode, change);
	return 0;
}

static const struct inode_ops dir_ops = { .lookup = dir_lookup, .setattr = no_setattr };
static const struct file_ops dir_file_ops = {
	.read = tree_dir_read,
	.readdir = dir_readdir,
	.seek = dentry_dir_seek,
};

/* --- Texts ----------------------------------------------------------------------------------------------------------------------- */

static int text_truncate(struct inode *inode, u64 size)
{
	(void)inode, (void)size;
	return 0;
}

static const struct inode_ops text_ops = { .truncate = text_truncate, .setattr = no_setattr };

static int text_show(struct seq_file *out, void *data)
{
	const struct proc_entry *entry = data;

	return entry->show ? entry->show(out, entry->data) : 0;
}

static int text_open(struct inode *inode, struct file *file)
{
	const struct proc_entry *entry = node_of(inode)->entry;

	if ((file->mode & FILE_WRITE) && !entry->write)
		return -EACCES;
	return seq_open(file, text_show, (void *)(uintptr_t)entry, NULL);
}

static ssize_t text_write(struct file *file, struct io_iter *iter, u64 *position)
{
	const struct proc_entry *entry = node_of(file->inode)->entry;
	size_t size = iter->left;
	ssize_t result;
	char *text;

	/* A value is written at once: what comes behind a first write is taken and ignored, as Linux does. */
	if (!size || *position)
		return (ssize_t)size;
	if (size > WRITE_MAX)
		return -EINVAL;
	text = kmalloc(size + 1, 0);
	if (!text)
		return -ENOMEM;
	if (io_iter_read(iter, text, size) == size) {
		text[size] = 0;
		result = entry->write(entry->data, text, size);
	} else {
		result = -EFAULT;
	}
	if (result > 0)
		*position += (u64)result;
	kfree(text);
	return result;
}

static const struct file_ops text_file_ops = {
	.open = text_open,
	.read = seq_read,
	.write = text_write,
	.seek = seq_seek,
	.release = seq_release,
};
