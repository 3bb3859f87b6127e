/* The processes below /proc, and the two links to the reader's own. */
#include "internal.h"

#include <abi/dirent.h>
#include <abi/errno.h>
#include <kernel/sched.h>
#include <lib/err.h>
#include <lib/printf.h>
#include <lib/string.h>

bool parse_decimal(const struct dentry *dentry, s32 *number)
{
	const char *text = dentry->name.text;
	s32 value = 0;

	if (dentry->name.length > 9 || (text[0] == '0' && dentry->name.length > 1))
		return false;
	for (u32 i = 0; i < dentry->name.length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (text[i] - '0');
	}
	*number = value;
	return dentry->name.length > 0;
}

static struct inode *self_inode_make(struct super *super, const char *name)
{
	char text[32];

	if (str_equal(name, "self"))
		snprintf(text, sizeof(text), "%d", current->tgid);
	else
		snprintf(text, sizeof(text), "%d/task/%d", current->tgid, current->tid);
	return link_inode_make(super, (1u << 30) + (u64)strlen(name), text);
}

static int root_lookup(struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = NULL;
	struct task *task;
	s32 number;

	if (str_equal(dentry->name.text, "self") || str_equal(dentry->name.text, "thread-self")) {
		inode = self_inode_make(dir->super, dentry->name.text);
	} else if (parse_decimal(dentry, &number) && (task = task_find_get(number))) {
		inode = pid_dir_inode_make(dir->super, task, false);
		task_put(task);
	}
	if (IS_ERR_OR_NULL(inode))
		return inode ? (int)PTR_ERR(inode) : -ENOENT;
	pid_dentry_add(dentry, inode);
	return 0;
}

/* The first process with a number of at least *number: false if there is none. */
static bool process_next(s32 *number)
{
	struct pid *pid;

	while ((pid = pid_next_get(*number))) {
		struct task *task = task_find_get(pid->number);
		bool found = task && task->tgid == task->tid;

		*number = pid->number;
		pid_put(pid);
		if (task)
			task_put(task);
		if (found)
			return true;
		(*number)++;
	}
	return false;
}

static int root_readdir(struct file *file, struct dir_context *context)
{
	static const char *const selves[] = { "self", "thread-self" };
	u64 at = context->position - TREE_DYNAMIC_POSITION;
	char text[16];
	s32 number;

	(void)file;
	for (; at < ARRAY_LEN(selves); at++)
		if (!dir_emit(context, selves[at], (u32)strlen(selves[at]),
			      (1u << 30) + strlen(selves[at]), DT_LNK))
			return 0;
	number = (s32)(at - ARRAY_LEN(selves));
	while (process_next(&number)) {
		u32 length = (u32)scnprintf(text, sizeof(text), "%d", number);

		context->position = TREE_DYNAMIC_POSITION + ARRAY_LEN(selves) + (u64)number;
		if (!dir_emit(context, text, length, (u64)number << 32, DT_DIR))
			return 0;
		number++;
	}
	return 0;
}

const struct tree_dynamic pid_dynamic = { .lookup = root_lookup, .readdir = root_readdir };
