/* Shared within kernel/proc. */
#pragma once

#include <profile/bounds.h>
#include <kernel/task.h>

struct file;
struct mm;

/* task.c */
void task_caches_init(void);
/* A zeroed task with stack, affinity and (user tasks) an FPU image; ref 1. NULL: out of memory. */
struct task *task_alloc(bool kernel);
/* Drops all that a task which never ran, or has exited, still holds, and the struct with it. */
void task_free(struct task *task);
struct process *process_alloc(const struct process *from);
struct fpu_state *task_fpu_alloc(void); /* NULL */
void task_fpu_free(struct fpu_state *fpu); /* NULL is allowed */

/* fork.c */
extern unsigned int task_total; /* [tasklist] */

/* process.c: tasklist_lock held. */
void pid_attach(struct task *task, enum pid_type type, struct pid *pid);
void pid_detach(struct task *task, enum pid_type type);
struct task *pid_first(const struct pid *pid, enum pid_type type); /* NULL */
#define pid_for_each(task, pid, type)                                                              \
	list_for_each_entry (task, &(pid)->tasks[type], pid_links[type])
/* Moves the process to another group or session; takes a reference of `pid`. */
void process_move(struct process *process, enum pid_type type, struct pid *pid);
/* A group without a parent outside of it in the same session, not counting `ignored`. */
bool group_is_orphaned(struct pid *group, const struct task *ignored);
/* SIGHUP and SIGCONT if `leader`, exiting or changing its parent, leaves a stopped group orphaned behind. */
void group_orphan_check(struct task *leader, struct task *parent);

/* The running task's process takes over what a child used that it has waited for. */
void process_inherit_usage(struct process *child);

/* reap.c */
/* The task, exited, leaves all lists; its reference is dropped. No lock held. */
void task_reap(struct task *task);
/* tasklist_lock held. True: nobody wants its status, the caller reaps it. */
bool parent_notify_exit(struct task *leader, int signo);
bool process_is_empty(
	const struct task
		*leader); /* no thread left but the leader; tasklist_lock or sighand->lock held */

/* exit.c */
/* What a task does with its address space before it leaves it: futexes, clear_child_tid, vfork. */
void task_mm_release(void);
void vfork_complete(struct task *task);

/* exec: one file for each phase. */
#define EXEC_HEAD_SIZE 256
#define EXEC_SCRIPT_DEPTH 5

struct exec_image { /* an ELF file that has been checked */
	struct file *file; /* reference */
	struct elf_info *elf; /* owned */
	struct elf64_phdr *phdrs; /* owned */
	u64 bias; /* added to its addresses */
};

/* What scripts put in place of argv[0], the last element first: the script's path, its argument, its interpreter, ... */
struct exec_script_args {
	char *text[2 * EXEC_SCRIPT_DEPTH + 1]; /* owned */
	unsigned int count;
};

struct exec {
	const struct exec_request *request;
	struct file *file; /* what is loaded, a reference: the program, or a script's interpreter */
	struct exec_script_args script;
	struct exec_image program, interpreter; /* interpreter.file NULL: none */
	struct mm *mm; /* the new one */
	struct cred *cred; /* the new one */
	struct sighand *sighand; /* for a process that shares its handlers with another; NULL */
	struct fpu_state *fpu; /* for a kernel thread; NULL */
	bool secure; /* AT_SECURE */
	bool randomize;
	u64 stack_top, stack_pointer;
	u64 entry;
};

int exec_resolve(struct exec *exec); /* script.c: exec->file becomes an ELF file, or -ENOEXEC later */
int exec_read(struct file *file, void *buffer, size_t size,
	      u64 offset); /* all of it, or -ENOEXEC, -errno */
int exec_image_open(struct exec_image *image,
		    struct file *file); /* elf.c; takes its own reference */
void exec_image_close(struct exec_image *image);
void exec_file_put(struct exec *exec); /* exec.c: the request's file, or a script's interpreter */
int exec_interpreter_open(struct exec *exec);
int exec_load(struct exec *exec); /* maps all into exec->mm */
int exec_arguments(struct exec *exec); /* args.c: stack of the new mm */
int exec_credentials(struct exec *exec); /* exec_cred.c */
void exec_credentials_commit(struct exec *exec);
int exec_kill_threads(void); /* exec_threads.c; -EAGAIN: this thread is killed itself */
