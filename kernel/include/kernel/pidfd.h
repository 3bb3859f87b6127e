/* pidfd: a file that means a process, however its number is used later. */
#pragma once

#include <kernel/file.h>
#include <kernel/pid.h>

struct file *pidfd_create(struct pid *pid,
			  u32 flags); /* O_NONBLOCK or 0; takes its own reference; ERR_PTR */
/* The process of a pidfd, with a reference, and its O_* flags if wanted; ERR_PTR(-EBADF). */
struct pid *pidfd_pid_get(int fd, u32 *flags);
/* The leader with a reference; NULL: it is gone. */
struct task *pid_leader_get(struct pid *pid);
