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

/* splice and tee. Bytes, 0 at the end of input, or -errno; `no_wait`: -EAGAIN instead of waiting for the pipe. */
bool file_is_pipe(const struct file *file);
ssize_t pipe_to_file(struct file *in, struct file *out, u64 *position, size_t size, bool no_wait);
ssize_t pipe_from_file(struct file *out, struct file *in, u64 *position, size_t size, bool no_wait);
/* Of two different pipes; `keep`: the input stays. */
ssize_t pipe_to_pipe(struct file *in, struct file *out, size_t size, bool no_wait, bool keep);
