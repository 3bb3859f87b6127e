/* The work behind poll, select and epoll. Deadlines are in clock_ns units; 0: only look; TIMEOUT_NEVER. */
#pragma once

#include <abi/epoll.h>
#include <abi/poll.h>
#include <kernel/file.h>

/* Descriptors of the running task: how many have events; 0: time is over; -EINTR, -ENOMEM. */
int poll_files(struct abi_pollfd *fds, unsigned int count, u64 deadline_ns);
long poll_user(struct user_ptr fds, unsigned int count, u64 deadline_ns); /* -EFAULT, -EINVAL too */
long select_user(int count, const struct user_ptr sets[3],
		 u64 deadline_ns); /* read, write, exceptional; may be NULL */

struct file *epoll_create_file(void); /* ERR_PTR */
int epoll_control(struct file *epoll, int operation, int fd, const struct abi_epoll_event *event);
long epoll_wait_user(struct file *epoll, struct user_ptr events, int count, u64 deadline_ns);
