/* The directories of processes and threads: finding and listing them, and what an inode there stands for. */
#include "internal.h"

#include <abi/dirent.h>
#include <abi/errno.h>
#include <kernel/io_iter.h>
#include <kernel/sched.h>
#include <kernel/slab.h>
#include <kernel/vm.h>
#include <lib/err.h>
#include <lib/printf.h>
#include <lib/string.h>

#define WRITE_MAX 4096

static const struct inode_ops pid_dir_ops, pid_text_ops, pid_link_ops;
static const struct file_ops pid_dir_file_ops, pid_text_file_ops;

/* --- Links --------------------------------------------------------------------------------------------------------------- */

static int fs_path(struct task *task, struct path *path, bool root)
{
	struct fs_context *fs;
	int error = -ENOENT;

	spin_lock(&task->lock);
	fs = task->fs;
	if (fs) {
		spin_lock_nested(&fs->lock);
		*path = root ? fs->root : fs->cwd;
		path_get(path);
		spin_unlock(&fs->lock);
		error = 0;
	}
	spin_unlock(&task->lock);
	return error;
}

static int cwd_path(struct task *task, struct path *path)
{
	return fs_path(task, path, false);
}

static int root_path(struct task *task, struct path *path)
{
	return fs_path(task, path, true);
}

static int exe_path(struct task *task, struct path *path)
{
	struct mm *mm = task_mm_get(task);
	int error = -ENOENT;

	if (!mm)
		return -ENOENT;
	rwsem_read_lock(&mm->lock);
	if (mm->exe && mm->exe->mount) {
		*path = (struct path){ mm->exe->mount, mm->exe->dentry };
		path_get(path);
		error = 0;
	}
	rwsem_read_unlock(&mm->lock);
	mm_put_user(mm);
	return error;
}

/* --- The rest that is short ----------------------------------------------------------------------------------------------- */

static SHOW(mounts)
{
	(void)target;
	mount_show(out, false);
	return 0;
}

static SHOW(mountinfo)
{
	(void)target;
	mount_show(out, true);
	return 0;
}

static SHOW(cgroup)
{
	(void)target;
	seq_puts(out, "0::/\n");
	return 0;
}

static SHOW(wchan)
{
	(void)target;
	seq_puts(out, "0");
	return 0;
}

static const struct pid_entry entries[] = {
	{ "task", S_IFDIR | 0555, .process_only = true, .dir_ops = &pid_task_dir_ops,
	  .dir_file_ops = &pid_task_dir_file_ops },
	{ "fd", S_IFDIR | 0500, .dir_ops = &pid_fd_dir_ops, .dir_file_ops = &pid_fd_dir_file_ops },
	{ "fdinfo", S_IFDIR | 0500, .dir_ops = &pid_fdinfo_dir_ops,
	  .dir_file_ops = &pid_fd_dir_file_ops },
	{ "environ", S_IFREG | 0400, .is_private = true, .show = show_environ },
	{ "auxv", S_IFREG | 0400, .is_private = true, .show = show_auxv },
	{ "status", S_IFREG | 0444, .show = show_status },
	{ "limits", S_IFREG | 0444, .show = show_limits },
	{ "comm", S_IFREG | 0644, .show = show_comm, .write = write_comm },
	{ "cmdline", S_IFREG | 0444, .show = show_cmdline },
	{ "stat", S_IFREG | 0444, .show = show_stat },
	{ "statm", S_IFREG | 0444, .show = show_statm },
	{ "maps", S_IFREG | 0444, .is_private = true, .show = show_maps },
	{ "smaps", S_IFREG | 0444, .is_private = true, .show = show_smaps },
	{ "mem", S_IFREG | 0600, .file_ops = &pid_mem_ops },
	{ "pagemap", S_IFREG | 0400, .file_ops = &pid_pagemap_ops },
	{ "io", S_IFREG | 0400, .show = show_io },
	{ "cwd", S_IFLNK | 0777, .is_private = true, .path = cwd_path },
	{ "root", S_IFLNK | 0777, .is_private = true, .path = root_path },
	{ "exe", S_IFLNK | 0777, .is_private = true, .path = exe_path },
	{ "mounts", S_IFREG | 0444, .show = show_mounts },
	{ "mountinfo", S_IFREG | 0444, .show = show_mountinfo },
	{ "wchan", S_IFREG | 0444, .show = show_wchan },
	{ "cgroup", S_IFREG | 0444, .show = show_cgroup },
	{ "oom_score", S_IFREG | 0444, .show = show_oom_score },
	{ "oom_score_adj", S_IFREG | 0644, .show = show_oom_score_adj,
	  .write = write_oom_score_adj },
	{ "oom_adj", S_IFREG | 0644, .show = show_oom_adj, .write = write_oom_adj },
};

/* --- Inodes ------------------------------------------------------------------------------------------------------------------ */

static u64 inode_number(const struct pid_inode *what)
{
	u64 index = what->entry ? (u64)(what->entry - entries) + 1 : 0;

	if (what->fd >= 0)
		index = 0x100 + (u64)what->fd;
	return (u64)what->tid << 32 | (what->is_thread ? 1u << 31 : 0) | index;
}

/* What tells of a process that others may not look into is root's, but for the directories that all may list. */
static void owner_update(struct inode *inode, struct task *task)
{
	struct cred *cred = task_cred_get(task);
	bool own = inode->mode == (S_IFDIR | 0555) || task_is_dumpable(task);

	WRITE_ONCE(inode->uid, own ? cred->euid : 0);
	WRITE_ONCE(inode->gid, own ? cred->egid : 0);
	cred_put(cred);
}

struct task *pid_inode_task(const struct inode *inode)
{
	const struct pid_inode *what = pid_inode_of(inode);
	struct task *task = task_find_get(what->tid);

	if (task && task->start_ns != what->start_ns) {
		task_put(task);
		task = NULL;
	}
	if (task)
		owner_update((struct inode *)(uintptr_t)inode, task);
	return task;
}

struct inode *pid_inode_make(struct super *super, struct task *task, const struct pid_inode *what,
			     u32 mode)
{
	struct pid_inode *copy = kmalloc(sizeof(*copy), 0);
	struct inode *inode = copy ? inode_alloc(super, mode) : NULL;

	if (!inode) {
		kfree(copy);
		return ERR_PTR(-ENOMEM);
	}
	*copy = *what;
	copy->tid = task->tid;
	copy->start_ns = task->start_ns;
	inode->private_data = copy;
	inode->number = inode_number(copy);
	owner_update(inode, task);
	if (S_ISDIR(mode))
		inode->link_count = 2;
	return inode;
}

bool pid_inode_is(const struct inode *inode)
{
	return inode->ops == &pid_dir_ops || inode->ops == &pid_text_ops ||
	       inode->ops == &pid_link_ops || inode->ops == &pid_fd_dir_ops ||
	       inode->ops == &pid_fdinfo_dir_ops || inode->ops == &pid_task_dir_ops ||
	       inode->ops == &pid_fd_link_ops || inode->ops == &pid_fdinfo_ops;
}

void pid_inode_destroy(struct inode *inode)
{
	kfree(inode->private_data);
}

void pid_dentry_add(struct dentry *dentry, struct inode *inode)
{
	dentry->flags |= DENTRY_REVALIDATE | DENTRY_TRANSIENT;
	dentry_add(dentry, inode);
}

struct mm *task_mm_get(struct task *task)
{
	struct mm *mm;

	spin_lock(&task->lock);
	mm = task->mm;
	if (mm)
		mm_get_user(mm);
	spin_unlock(&task->lock);
	return mm;
}

struct files *task_files_get(struct task *task)
{
	struct files *files;

	spin_lock(&task->lock);
	files = task->files;
	if (files)
		ref_get(&files->ref);
	spin_unlock(&task->lock);
	return files;
}

struct file *task_file_get(struct task *task, int fd)
{
	struct files *files = task_files_get(task);
	struct file *file;

	if (!files)
		return NULL;
	file = files_get(files, fd);
	files_put(files);
	return file;
}

/* --- One process or thread ----------------------------------------------------------------------------------------------- */

static struct inode *entry_inode_make(struct super *super, struct task *task,
				      const struct pid_entry *entry, bool is_thread)
{
	const struct pid_inode what = { .is_thread = is_thread, .fd = -1, .entry = entry };
	struct inode *inode = pid_inode_make(super, task, &what, entry->mode);

	if (IS_ERR(inode))
		return inode;
	if (S_ISDIR(entry->mode)) {
		inode->ops = entry->dir_ops;
		inode->file_ops = entry->dir_file_ops;
	} else if (S_ISLNK(entry->mode)) {
		inode->ops = &pid_link_ops;
	} else {
		inode->ops = &pid_text_ops;
		inode->file_ops = entry->file_ops ? entry->file_ops : &pid_text_file_ops;
	}
	return inode;
}

struct inode *pid_dir_inode_make(struct super *super, struct task *task, bool is_thread)
{
	const struct pid_inode what = { .is_thread = is_thread, .fd = -1 };
	struct inode *inode = pid_inode_make(super, task, &what, S_IFDIR | 0555);

	if (IS_ERR(inode))
		return inode;
	inode->ops = &pid_dir_ops;
	inode->file_ops = &pid_dir_file_ops;
	return inode;
}

static bool entry_is_here(const struct pid_entry *entry, const struct pid_inode *dir)
{
	return !dir->is_thread || !entry->process_only;
}

static const struct pid_entry *entry_find(const struct pid_inode *dir, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(entries); i++)
		if (entry_is_here(&entries[i], dir) && str_equal(entries[i].name, name))
			return &entries[i];
	return NULL;
}

static int pid_dir_lookup(struct inode *dir, struct dentry *dentry)
{
	const struct pid_inode *what = pid_inode_of(dir);
	const struct pid_entry *entry = entry_find(what, dentry->name.text);
	struct task *task = pid_inode_task(dir);
	struct inode *inode;

	if (!task)
		return -ENOENT;
	inode = entry ? entry_inode_make(dir->super, task, entry, what->is_thread) : NULL;
	task_put(task);
	if (IS_ERR_OR_NULL(inode))
		return inode ? (int)PTR_ERR(inode) : -ENOENT;
	pid_dentry_add(dentry, inode);
	return 0;
}

static int pid_dir_readdir(struct file *file, struct dir_context *context)
{
	struct pid_inode what = *pid_inode_of(file->inode);

	if (!dir_emit_dots(file, context))
		return 0;
	while (context->position - 2 < ARRAY_LEN(entries)) {
		const struct pid_entry *entry = &entries[context->position - 2];

		what.entry = entry;
		if (!entry_is_here(entry, &what))
			context->position++;
		else if (!dir_emit(context, entry->name, (u32)strlen(entry->name),
				   inode_number(&what), ABI_MODE_TO_DT(entry->mode)))
			break;
	}
	return 0;
}

static int no_setattr(struct inode *inode, const struct inode_change *change)
{
	(void)inode;
	return change->valid & (CHANGE_MODE | CHANGE_UID | CHANGE_GID) ? -EPERM : 0;
}

static const struct inode_ops pid_dir_ops = { .lookup = pid_dir_lookup, .setattr = no_setattr };
static const struct file_ops pid_dir_file_ops = {
	.read = tree_dir_read,
	.readdir = pid_dir_readdir,
	.seek = dentry_dir_seek,
};

/* --- Its texts --------------------------------------------------------------------------------------------------------------- */

static int text_show(struct seq_file *out, void *data)
{
	const struct inode *inode = data;
	const struct pid_inode *what = pid_inode_of(inode);
	struct proc_target target = { pid_inode_task(inode), !what->is_thread };
	int error;

	if (!target.task)
		return -ESRCH;
	/* Asked at each reading too: since the file was opened the process may have become somebody else's. */
	error = what->entry->is_private ? task_access_check(target.task) : 0;
	if (!error)
		error = what->entry->show(out, &target);
	task_put(target.task);
	return error;
}

static int text_open(struct inode *inode, struct file *file)
{
	const struct pid_entry *entry = pid_inode_of(inode)->entry;
	struct task *task = pid_inode_task(inode);
	int error = 0;

	if (!task)
		return -ESRCH;
	if (entry->is_private)
		error = task_access_check(task);
	if ((file->mode & FILE_WRITE) && !entry->write)
		error = -EACCES;
	task_put(task);
	return error ? error : seq_open(file, text_show, inode, NULL);
}

static ssize_t text_write(struct file *file, struct io_iter *iter, u64 *position)
{
	const struct pid_inode *what = pid_inode_of(file->inode);
	struct proc_target target = { NULL, !what->is_thread };
	size_t size = MIN(iter->left, (size_t)WRITE_MAX);
	char *text = kmalloc(size + 1, 0);
	ssize_t result = -EFAULT;

	(void)position;
	if (!text)
		return -ENOMEM;
	target.task = pid_inode_task(file->inode);
	if (!target.task) {
		result = -ESRCH;
	} else if (io_iter_read(iter, text, size) == size) {
		text[size] = 0;
		result = what->entry->write(&target, text, size);
	}
	if (target.task)
		task_put(target.task);
	kfree(text);
	return result;
}

static int text_truncate(struct inode *inode, u64 size)
{
	(void)inode, (void)size;
	return 0;
}

static const struct inode_ops pid_text_ops = { .truncate = text_truncate, .setattr = no_setattr };
static const struct file_ops pid_text_file_ops = {
	.open = text_open,
	.read = seq_read,
	.write = text_write,
	.seek = seq_seek,
	.release = seq_release,
};

/* --- Its links --------------------------------------------------------------------------------------------------------------- */

static int link_follow(struct inode *inode, struct path *path)
{
	const struct pid_entry *entry = pid_inode_of(inode)->entry;
	struct task *task = pid_inode_task(inode);
	int error;

	if (!task)
		return -ESRCH;
	error = entry->is_private ? task_access_check(task) : 0;
	if (!error)
		error = entry->path(task, path);
	task_put(task);
	return error;
}

ssize_t link_text_take(void *storage, const char *text, char *buffer, size_t size)
{
	ssize_t result = IS_ERR(text) ? PTR_ERR(text) : (ssize_t)MIN(strlen(text), size);

	if (result > 0)
		memcpy(buffer, text, (size_t)result);
	kfree(storage);
	return result;
}

static ssize_t link_readlink(struct inode *inode, char *buffer, size_t size)
{
	char *text, *storage;
	struct path path;
	ssize_t result = link_follow(inode, &path);

	if (result)
		return result;
	storage = kmalloc(PAGE_SIZE, 0);
	text = storage ? path_text(&path, storage, PAGE_SIZE) : ERR_PTR(-ENOMEM);
	path_put(&path);
	return link_text_take(storage, text, buffer, size);
}

static const struct inode_ops pid_link_ops = { .follow = link_follow,
					       .readlink = link_readlink,
					       .setattr = no_setattr };
