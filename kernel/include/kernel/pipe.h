/* Pipes and FIFOs: a ring of page buffers between writers and readers. */
#pragma once

#include <kernel/file.h>

#define PIPE_SIZE_DEFAULT 65536

/* Two files, read and write end, ref 1 each. 0 or -errno. `flags`: O_NONBLOCK, O_DIRECT is -EINVAL. */
int pipe_create(struct file *files[2], u32 flags);
/* open of a FIFO inode: waits for the other end as POSIX says; sets file->ops. */
int fifo_open(struct inode *inode, struct file *file);
extern const struct file_ops fifo_file_ops;
/* F_GETPIPE_SZ and F_SETPIPE_SZ; -EBADF if the file is no pipe. */
extern unsigned int pipe_max_size; /* what F_SETPIPE_SZ gives to the unprivileged */
long pipe_fcntl(struct file *file, unsigned int command, u64 argument);
/* socketpair-like uses later. */
