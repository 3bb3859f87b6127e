/* /proc/<pid>/fd, fdinfo and task: what a process has open, and its threads. */
#include "internal.h"

#include <abi/dirent.h>
#include <abi/errno.h>
#include <kernel/sched.h>
#include <kernel/slab.h>
#include <lib/err.h>
#include <lib/printf.h>
#include <lib/string.h>

bool pid_fd_is_open(struct task *task, int fd)
{
	struct file *file = task_file_get(task, fd);

	if (file)
		file_put(file);
	return file;
}

/* The file that the inode of an entry of fd/ means: reference, or ERR_PTR. */
static struct file *inode_file_get(const struct inode *inode)
{
	struct task *task = pid_inode_task(inode);
	struct file *file;
	int error;

	if (!task)
		return ERR_PTR(-ENOENT);
	error = task_access_check(task);
	file = error ? ERR_PTR(error) : task_file_get(task, pid_inode_of(inode)->fd);
	task_put(task);
	return file ? file : ERR_PTR(-ENOENT);
}

static int fd_follow(struct inode *inode, struct path *path)
{
	struct file *file = inode_file_get(inode);
	int error;

	if (IS_ERR(file))
		return (int)PTR_ERR(file);
	error = file_path_get(file, path);
	file_put(file);
	return error;
}

static ssize_t fd_readlink(struct inode *inode, char *buffer, size_t size)
{
	struct file *file = inode_file_get(inode);
	char *storage, *text;

	if (IS_ERR(file))
		return PTR_ERR(file);
	storage = kmalloc(PAGE_SIZE, 0);
	text = storage ? file_text(file, storage, PAGE_SIZE) : ERR_PTR(-ENOMEM);
	file_put(file);
	return link_text_take(storage, text, buffer, size);
}

const struct inode_ops pid_fd_link_ops = { .follow = fd_follow, .readlink = fd_readlink };

static u32 link_mode(struct task *task, int fd)
{
	struct file *file = task_file_get(task, fd);
	u32 mode = S_IFLNK;

	if (!file)
		return 0;
	if (file->mode & FILE_READ)
		mode |= S_IRUSR | S_IXUSR;
	if (file->mode & FILE_WRITE)
		mode |= S_IWUSR | S_IXUSR;
	file_put(file);
	return mode;
}

/* --- fdinfo ---------------------------------------------------------------------------------------------------------------- */

static int fdinfo_show(struct seq_file *out, void *data)
{
	struct file *file = inode_file_get(data);

	if (IS_ERR(file))
		return (int)PTR_ERR(file);
	seq_printf(out, "pos:\t%lli\nflags:\t0%o\nmnt_id:\t%u\nino:\t%llu\n",
		   (long long)file->position, file->flags, file->mount ? file->mount->id : 0,
		   (unsigned long long)file->inode->number);
	if (file->ops->show_fdinfo)
		file->ops->show_fdinfo(file, out);
	file_put(file);
	return 0;
}

static int fdinfo_open(struct inode *inode, struct file *file)
{
	return seq_open(file, fdinfo_show, inode, NULL);
}

const struct inode_ops pid_fdinfo_ops;
static const struct file_ops fdinfo_file_ops = {
	.open = fdinfo_open,
	.read = seq_read,
	.seek = seq_seek,
	.release = seq_release,
};

/* --- The two directories ----------------------------------------------------------------------------------------------------- */

static struct inode *fd_inode_make(struct inode *dir, struct task *task, int fd)
{
	const struct pid_inode what = { .is_thread = pid_inode_of(dir)->is_thread, .fd = fd };
	bool is_link = dir->ops == &pid_fd_dir_ops;
	u32 mode = is_link ? link_mode(task, fd) : S_IFREG | S_IRUSR;
	struct inode *inode;

	if (!mode || !pid_fd_is_open(task, fd))
		return NULL;
	inode = pid_inode_make(dir->super, task, &what, mode);
	if (IS_ERR(inode))
		return inode;
	if (is_link) {
		inode->ops = &pid_fd_link_ops;
		inode->size = 64;
	} else {
		inode->ops = &pid_fdinfo_ops;
		inode->file_ops = &fdinfo_file_ops;
	}
	return inode;
}

static int fd_lookup(struct inode *dir, struct dentry *dentry)
{
	struct task *task = pid_inode_task(dir);
	struct inode *inode = NULL;
	s32 fd;

	if (!task)
		return -ENOENT;
	if (parse_decimal(dentry, &fd))
		inode = fd_inode_make(dir, task, fd);
	task_put(task);
	if (IS_ERR_OR_NULL(inode))
		return inode ? (int)PTR_ERR(inode) : -ENOENT;
	pid_dentry_add(dentry, inode);
	return 0;
}

static int emit_files(struct files *files, struct dir_context *context, u64 number, u32 type)
{
	int fd = (int)context->position - 2;
	struct file *file;
	char text[16];

	while ((file = files_next_get(files, &fd))) {
		u32 length = (u32)scnprintf(text, sizeof(text), "%d", fd);

		file_put(file);
		context->position = (u64)fd + 2;
		if (!dir_emit(context, text, length, number + (u64)fd, type))
			break;
		fd++;
	}
	return 0;
}

static int fd_readdir(struct file *file, struct dir_context *context)
{
	u32 type = file->inode->ops == &pid_fd_dir_ops ? DT_LNK : DT_REG;
	struct task *task;
	struct files *files;

	if (!dir_emit_dots(file, context))
		return 0;
	task = pid_inode_task(file->inode);
	if (!task)
		return -ENOENT;
	files = task_files_get(task);
	task_put(task);
	if (files) {
		emit_files(files, context, file->inode->number + 0x100, type);
		files_put(files);
	}
	return 0;
}

/* Besides the mode: a process may always look at its own, whoever it has become. */
static int fd_permission(struct inode *inode, u32 mask)
{
	struct task *task = pid_inode_task(inode);
	int error;

	if (!task)
		return -ESRCH;
	error = mask & MAY_WRITE ? -EACCES : task_access_check(task);
	task_put(task);
	return error;
}

const struct inode_ops pid_fd_dir_ops = { .lookup = fd_lookup, .permission = fd_permission };
const struct inode_ops pid_fdinfo_dir_ops = { .lookup = fd_lookup, .permission = fd_permission };
const struct file_ops pid_fd_dir_file_ops = {
	.read = tree_dir_read,
	.readdir = fd_readdir,
	.seek = dentry_dir_seek,
};

/* --- Threads -------------------------------------------------------------------------------------------------------------------- */

static int task_lookup(struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = NULL;
	struct task *task = NULL;
	s32 tid;

	if (parse_decimal(dentry, &tid))
		task = task_find_get(tid);
	if (!task)
		return -ENOENT;
	if (task->tgid == pid_inode_of(dir)->tid)
		inode = pid_dir_inode_make(dir->super, task, true);
	task_put(task);
	if (IS_ERR_OR_NULL(inode))
		return inode ? (int)PTR_ERR(inode) : -ENOENT;
	pid_dentry_add(dentry, inode);
	return 0;
}

/* The number of the n-th thread; 0: there are fewer. */
static s32 thread_number(struct task *leader, u64 n)
{
	struct task *thread;
	s32 tid = 0;

	spin_lock(&tasklist_lock);
	list_for_each_entry (thread, &leader->process->threads, thread_link)
		if (n-- == 0) {
			tid = thread->tid;
			break;
		}
	spin_unlock(&tasklist_lock);
	return tid;
}

static int task_readdir(struct file *file, struct dir_context *context)
{
	struct task *leader;
	char text[16];
	s32 tid;

	if (!dir_emit_dots(file, context))
		return 0;
	leader = pid_inode_task(file->inode);
	if (!leader)
		return -ENOENT;
	while ((tid = thread_number(leader, context->position - 2))) {
		u32 length = (u32)scnprintf(text, sizeof(text), "%d", tid);

		if (!dir_emit(context, text, length, (u64)tid << 32 | 1u << 31, DT_DIR))
			break;
	}
	task_put(leader);
	return 0;
}

const struct inode_ops pid_task_dir_ops = { .lookup = task_lookup };
const struct file_ops pid_task_dir_file_ops = {
	.read = tree_dir_read,
	.readdir = task_readdir,
	.seek = dentry_dir_seek,
};
