/* Registering entries of /proc and /sys. Text files made on reading; a few with writes. */
#pragma once

#include <kernel/seq_file.h>

struct proc_entry {
	const char *name; /* "meminfo", "sys/kernel/hostname"; directories appear as needed */
	u32 mode; /* 0444, 0644; with S_IFDIR: a directory that may be empty */
	int (*show)(struct seq_file *out, void *data);
	ssize_t (*write)(void *data, char *text, size_t size); /* NUL-terminated copy; optional */
	void *data;
	const struct file_ops *ops; /* instead of show and write */
	const char *target; /* instead of all these: a symbolic link; mode is ignored */
};
/* The struct stays the caller's, for ever. */
void proc_register(const struct proc_entry *entry);
void procfs_init(void); /* the file system type and /proc's own entries */
struct task;
struct file;
struct files;
/* May the running task look into another one's memory and files? 0 or -EACCES. By its file-system ids, as /proc asks. */
int task_access_check(struct task *task);
int task_access_check_real(struct task *task); /* by its real ids, as system calls ask */
bool task_is_dumpable(struct task *task); /* false: also if it has no memory */
struct files *task_files_get(struct task *task); /* a reference; NULL: it has exited */
struct file *task_file_get(struct task *task, int fd); /* a reference; NULL: it has none there */
void sysfs_register(const struct proc_entry *entry); /* name below /sys */
void sysfs_init(void);
