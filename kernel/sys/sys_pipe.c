/* System calls: pipe, pipe2, eventfd, eventfd2. */
#include <abi/errno.h>
#include <abi/eventfd.h>
#include <abi/fcntl.h>
#include <kernel/eventfd.h>
#include <kernel/file.h>
#include <kernel/pipe.h>
#include <kernel/syscall.h>

/* Two descriptors for two files, whose references are consumed, told to the caller before they are seen by others. */
static long install_both(struct file *files[2], struct user_ptr user, u32 flags)
{
	int fds[2], error;

	fds[0] = fd_reserve(flags & O_CLOEXEC);
	if (fds[0] < 0) {
		error = fds[0];
		goto put_files;
	}
	fds[1] = fd_reserve(flags & O_CLOEXEC);
	if (fds[1] < 0) {
		error = fds[1];
		goto release_first;
	}
	error = user_write(user, fds, sizeof(fds));
	if (error)
		goto release_second;
	fd_install(fds[0], files[0]);
	fd_install(fds[1], files[1]);
	return 0;

release_second:
	fd_release(fds[1]);
release_first:
	fd_release(fds[0]);
put_files:
	file_put(files[0]);
	file_put(files[1]);
	return error;
}

long sys_pipe2(struct user_ptr fds, u32 flags)
{
	struct file *files[2];
	int error;

	if (flags & ~(u32)(O_NONBLOCK | O_CLOEXEC | O_DIRECT))
		return -EINVAL;
	error = pipe_create(files, flags & ~(u32)O_CLOEXEC);
	return error ? error : install_both(files, fds, flags);
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
