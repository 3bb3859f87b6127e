/* Advisory locks: what fcntl and flock call. */
#pragma once

#include <abi/fcntl.h>
#include <kernel/file.h>

/* LOCK_*: 0, -EAGAIN with LOCK_NB, -ERESTARTSYS, -EINVAL, -ENOMEM. */
int file_flock(struct file *file, int operation);
/* F_SETLK and F_OFD_SETLK, waiting or not: 0, -EAGAIN, -EDEADLK, -EBADF, -EINVAL, -EOVERFLOW, -ERESTARTSYS, -ENOMEM. */
int file_set_record(struct file *file, const struct abi_flock *flock, bool ofd, bool wait);
/* F_GETLK: *flock becomes the first lock in the way, or its type F_UNLCK. */
int file_get_record(struct file *file, struct abi_flock *flock, bool ofd);
/* A process closes a descriptor of the file: its POSIX locks on the inode go. */
void locks_release_posix(struct file *file, struct files *owner);
