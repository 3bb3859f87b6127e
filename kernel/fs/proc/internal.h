/* Shared within kernel/fs/proc. */
#pragma once

#include <kernel/task.h>

#include "tree.h"

extern struct tree proc_tree;

/* What a file below /proc/<pid> is about, while it is being read. */
struct proc_target {
	struct task *task; /* reference */
	bool whole; /* the process; false: this thread only */
};

/* An entry of the directory of a process or thread: a text, a link, or a directory, by the type in `mode`. */
struct pid_entry {
	const char *name;
	u32 mode;
	bool is_private; /* only who might trace the process may look */
	bool process_only; /* not below task/<tid> */
	int (*show)(struct seq_file *out, const struct proc_target *target);
	ssize_t (*write)(const struct proc_target *target, char *text, size_t size);
	int (*path)(struct task *task, struct path *path); /* a link's target: references */
	const struct inode_ops *dir_ops;
	const struct file_ops *dir_file_ops;
	const struct file_ops *file_ops; /* instead of show and write */
};

/* What an inode below /proc/<pid> stands for: inode->private_data. Holds no reference, so that numbers are given back. */
struct pid_inode {
	s32 tid; /* [I] */
	u64 start_ns; /* [I] of the task: another one with this number is not meant */
	bool is_thread; /* [I] below task/ */
	int fd; /* [I] of an entry of fd/ or fdinfo/; else -1 */
	const struct pid_entry *entry; /* [I] NULL: the directory of a process or thread */
};

static inline struct pid_inode *pid_inode_of(const struct inode *inode)
{
	return inode->private_data;
}

/* With a reference, or NULL: gone. */
struct task *pid_inode_task(const struct inode *inode);
/* A new inode about `task`. ERR_PTR. */
struct inode *pid_inode_make(struct super *super, struct task *task, const struct pid_inode *what,
			     u32 mode);
bool pid_inode_is(const struct inode *inode);
void pid_inode_destroy(struct inode *inode);
bool parse_decimal(const struct dentry *dentry,
		   s32 *number); /* a name that is a number as the kernel writes it */

/* Hashes a dentry that is looked at again at each lookup. */
void pid_dentry_add(struct dentry *dentry, struct inode *inode);

extern const struct tree_dynamic pid_dynamic; /* the processes below /proc */
extern const struct inode_ops pid_fd_dir_ops, pid_fdinfo_dir_ops, pid_task_dir_ops;
extern const struct file_ops pid_fd_dir_file_ops, pid_task_dir_file_ops;
extern const struct inode_ops pid_fd_link_ops, pid_fdinfo_ops;
extern const struct file_ops pid_mem_ops, pid_pagemap_ops;
/* What readlink gives for `text`, which lies in `storage` or is an ERR_PTR; frees that. */
ssize_t link_text_take(void *storage, const char *text, char *buffer, size_t size);
struct inode *pid_dir_inode_make(struct super *super, struct task *task, bool is_thread);
bool pid_fd_is_open(struct task *task, int fd);

/* References, or NULL. */
struct mm *task_mm_get(struct task *task); /* mm_put_user */

/* One line each, in the files named. */
#define SHOW(name) int show_##name(struct seq_file *out, const struct proc_target *target)
SHOW(stat);
SHOW(statm);
SHOW(oom_score);
SHOW(oom_score_adj);
SHOW(oom_adj);
ssize_t write_oom_score_adj(const struct proc_target *target, char *text, size_t size);
ssize_t write_oom_adj(const struct proc_target *target, char *text, size_t size);
SHOW(status);
SHOW(limits);
SHOW(comm);
SHOW(cmdline);
SHOW(environ);
SHOW(auxv);
SHOW(io);
SHOW(maps);
SHOW(smaps);
ssize_t write_comm(const struct proc_target *target, char *text, size_t size);

void proc_system_init(void); /* system.c */
void proc_sysctl_init(void); /* sysctl.c */
void proc_hardware_init(void); /* hardware.c */
