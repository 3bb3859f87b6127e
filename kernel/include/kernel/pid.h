/*
 * Process numbers. A struct pid is one number and the tasks that use it as thread, process, group or session id; it
 * outlives them while somebody holds a reference (a tty's foreground group, a pidfd, a file owner).
 */
#pragma once

#include <kernel/rcu.h>
#include <kernel/wait.h>
#include <profile/refcount.h>

enum pid_type { PID_THREAD, PID_PROCESS, PID_GROUP, PID_SESSION, PID_TYPES };

struct pid {
	struct refcount ref;
	s32 number; /* [I] */
	struct list tasks[PID_TYPES]; /* [tasklist] of task->pid_links[type] */
	struct wait_queue wait; /* the process's end: pidfd */
	struct rcu_head rcu;
};

#define PID_MAX 32768

/* ref 1; ERR_PTR(-EAGAIN, -ENOMEM). Numbers go round; 1 is the first. The last reference gives the number back. */
struct pid *pid_alloc(void);
/* With that number: also -EINVAL, -EEXIST. */
struct pid *pid_alloc_number(s32 number);
struct pid *pid_find(s32 number); /* under rcu_read_lock, or with a reference by pid_find_get; NULL */
struct pid *pid_find_get(s32 number);
struct pid *pid_get(struct pid *pid);
void pid_put(struct pid *pid); /* NULL is allowed */
/* Next used number >= `number`, with a reference: for /proc. */
struct pid *pid_next_get(s32 number);
s32 pid_last(void); /* the number given out last: /proc/loadavg */
extern struct pid init_pid; /* number 0: the idle tasks, and who has no group of its own */
void pid_init(void);
static inline s32 pid_number(const struct pid *pid)
{
	return pid ? pid->number : 0;
}
