/* Reading directories: emitting entries, and directories whose only record is their dentries. */
#include "internal.h"

#include <abi/dirent.h>
#include <abi/errno.h>
#include <abi/mount.h>

bool dir_emit(struct dir_context *context, const char *name, u32 length, u64 inode, u32 type)
{
	if (!context->emit(context, name, length, inode, type, context->position + 1))
		return false;
	context->position++;
	return true;
}

bool dir_emit_dots(struct file *file, struct dir_context *context)
{
	struct dentry *parent;
	bool done;

	if (context->position == 0 && !dir_emit(context, ".", 1, file->inode->number, DT_DIR))
		return false;
	if (context->position != 1)
		return true;
	parent = dentry_parent_get(file->dentry);
	done = dir_emit(context, "..", 2, dentry_inode(parent)->number, DT_DIR);
	dentry_put(parent);
	return done;
}

/* The first entry from `link` on that is at `position` or behind it, with a reference; NULL. parent->lock held. */
static struct dentry *entry_from(struct dentry *parent, struct list *link, u64 position)
{
	for (; link != &parent->children; link = link->next) {
		struct dentry *child = list_entry(link, struct dentry, sibling);

		if (child->inode && child->position >= position && ref_try_get(&child->ref))
			return child;
	}
	return NULL;
}

static struct dentry *first_entry(struct dentry *parent, u64 position)
{
	struct dentry *found;

	spin_lock(&parent->lock);
	found = entry_from(parent, parent->children.next, position);
	spin_unlock(&parent->lock);
	return found;
}

/* Consumes the reference of `child`, which is still in the list: the directory is locked. */
static struct dentry *next_entry(struct dentry *parent, struct dentry *child)
{
	struct dentry *found;

	spin_lock(&parent->lock);
	found = entry_from(parent, child->sibling.next, 0);
	spin_unlock(&parent->lock);
	dentry_put(child);
	return found;
}

/* An entry's position never changes and rises with age, so removing some while reading skips and repeats no others. */
int dentry_readdir(struct file *file, struct dir_context *context)
{
	struct dentry *parent = file->dentry, *child;

	if (!dir_emit_dots(file, context))
		return 0;
	child = first_entry(parent, context->position);
	while (child) {
		context->position = child->position;
		if (!dir_emit(context, child->name.text, child->name.length, child->inode->number,
			      ABI_MODE_TO_DT(child->inode->mode))) {
			dentry_put(child);
			break;
		}
		child = next_entry(parent, child);
	}
	return 0;
}

s64 dentry_dir_seek(struct file *file, s64 offset, int whence)
{
	if (whence != SEEK_SET && whence != SEEK_CUR)
		return -EINVAL;
	return file_seek_size(file, offset, whence, 0);
}
