/* System calls: pipe, pipe2, eventfd, eventfd2. */
#include <abi/errno.h>
#include <abi/eventfd.h>
#include <abi/fcntl.h>
#include <kernel/eventfd.h>
#include <kernel/file.h>
#include <kernel/pipe.h>
#include <kernel/syscall.h>

long sys_pipe2(struct user_ptr user, u32 flags)
{
	struct file *files[2];
	int fds[2], error;

	if (flags & ~(u32)(O_NONBLOCK | O_CLOEXEC | O_DIRECT))
		return -EINVAL;
	error = pipe_create(files, flags & ~(u32)O_CLOEXEC);
	if (error)
		return error;
	error = fd_reserve_two(fds, flags & O_CLOEXEC, user);
	if (error) {
		file_put(files[0]);
		file_put(files[1]);
		return error;
	}
	fd_install(fds[0], files[0]);
	fd_install(fds[1], files[1]);
	return 0;
}

long sys_pipe(struct user_ptr fds)
{
	return sys_pipe2(fds, 0);
}

long sys_eventfd2(unsigned int value, u32 flags)
{
	return fd_install_new(eventfd_create(value, flags), flags & EFD_CLOEXEC);
}

long sys_eventfd(unsigned int value)
{
	return sys_eventfd2(value, 0);
}
