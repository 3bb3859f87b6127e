/* System calls on sockets that take plain arguments; messages with headers are in sys_socket_message.c. */
#include <kernel/syscall.h>

#include <abi/errno.h>
#include <abi/fcntl.h>
#include <kernel/io_iter.h>
#include <kernel/socket.h>
#include <lib/err.h>

#define TYPE_FLAGS (SOCK_CLOEXEC | SOCK_NONBLOCK)

_Static_assert(SOCK_NONBLOCK == O_NONBLOCK && SOCK_CLOEXEC == O_CLOEXEC, "one set of flags");

long sys_socket(int family, int type, int protocol)
{
	u32 flags = (u32)type & ~(u32)SOCK_TYPE_MASK;
	struct socket *socket;
	struct file *file;
	int error;

	if (flags & ~(u32)TYPE_FLAGS)
		return -EINVAL;
	error = socket_create(family, type & SOCK_TYPE_MASK, protocol, &socket);
	if (error)
		return error;
	file = socket_file(socket, flags & SOCK_NONBLOCK);
	if (IS_ERR(file)) {
		socket->ops->release(socket);
		return PTR_ERR(file);
	}
	return fd_install_new(file, flags & SOCK_CLOEXEC);
}

/* --- Pairs ------------------------------------------------------------------------------------------------------------ */

/* Two connected sockets as files. */
static int pair_make(int family, int type, int protocol, u32 flags, struct file *files[2])
{
	struct socket *a, *b;
	int error = socket_create(family, type, protocol, &a);

	if (error)
		return error;
	error = socket_create(family, type, protocol, &b);
	if (error)
		goto release_a;
	error = a->ops->pair ? a->ops->pair(a, b) : -EOPNOTSUPP;
	if (error)
		goto release_b;
	files[0] = socket_file(a, flags);
	if (IS_ERR(files[0])) {
		error = (int)PTR_ERR(files[0]);
		goto release_b;
	}
	files[1] = socket_file(b, flags);
	if (IS_ERR(files[1])) {
		b->ops->release(b);
		file_put(files[0]);
		return (int)PTR_ERR(files[1]);
	}
	return 0;

release_b:
	b->ops->release(b);
release_a:
	a->ops->release(a);
	return error;
}

long sys_socketpair(int family, int type, int protocol, struct user_ptr user)
{
	u32 flags = (u32)type & ~(u32)SOCK_TYPE_MASK;
	struct file *files[2] = { NULL, NULL };
	int fds[2], error;

	if (flags & ~(u32)TYPE_FLAGS)
		return -EINVAL;
	error = fd_reserve_two(fds, flags & SOCK_CLOEXEC, user);
	if (error)
		return error;
	error = pair_make(family, type & SOCK_TYPE_MASK, protocol, flags & SOCK_NONBLOCK, files);
	if (error) {
		fd_release(fds[1]);
		fd_release(fds[0]);
		return error;
	}
	fd_install(fds[0], files[0]);
	fd_install(fds[1], files[1]);
	return 0;
}

/* --- Names and connections ------------------------------------------------------------------------------------------------ */

long sys_bind(int fd, struct user_ptr user, int length)
{
	struct socket_address address;
	struct socket *socket;
	struct fd_ref ref;
	int error = socket_by_fd(fd, &ref, &socket);

	if (error)
		return error;
	error = socket_address_in(&address, user, length);
	if (!error)
		error = socket->ops->bind(socket, &address);
	fd_put(ref);
	return error;
}

long sys_connect(int fd, struct user_ptr user, int length)
{
	struct socket_address address;
	struct socket *socket;
	struct fd_ref ref;
	int error = socket_by_fd(fd, &ref, &socket);

	if (error)
		return error;
	error = socket_address_in(&address, user, length);
	if (!error)
		error = socket->ops->connect(socket, &address,
					     READ_ONCE(fd_file(ref)->flags) & O_NONBLOCK);
	fd_put(ref);
	return error;
}

long sys_listen(int fd, int backlog)
{
	struct socket *socket;
	struct fd_ref ref;
	int error = socket_by_fd(fd, &ref, &socket);

	if (error)
		return error;
	error = socket->ops->listen(socket, MIN((u32)backlog, SOCKET_BACKLOG_MAX));
	fd_put(ref);
	return error;
}

/* The peer's name to the caller of accept. */
static int accepted_name(struct socket *socket, struct user_ptr user, struct user_ptr length)
{
	struct socket_address address;

	if (!user.addr)
		return 0;
	if (socket->ops->name(socket, &address, true))
		return -ECONNABORTED;
	return socket_address_out(&address, user, length);
}

static struct file *accept_file(struct socket *listener, bool no_wait, u32 flags,
				struct user_ptr user, struct user_ptr length)
{
	struct socket *socket;
	struct file *file;
	int error = listener->ops->accept(listener, no_wait, &socket);

	if (error)
		return ERR_PTR(error);
	file = socket_file(socket, flags & SOCK_NONBLOCK);
	if (IS_ERR(file)) {
		socket->ops->release(socket);
		return file;
	}
	error = accepted_name(socket, user, length);
	if (error) {
		file_put(file);
		return ERR_PTR(error);
	}
	return file;
}

long sys_accept4(int fd, struct user_ptr user, struct user_ptr length, u32 flags)
{
	struct socket *listener;
	struct file *file;
	struct fd_ref ref;
	int error, new_fd;

	if (flags & ~(u32)TYPE_FLAGS)
		return -EINVAL;
	error = socket_by_fd(fd, &ref, &listener);
	if (error)
		return error;
	new_fd = fd_reserve(flags & SOCK_CLOEXEC);
	if (new_fd < 0) {
		fd_put(ref);
		return new_fd;
	}
	file = accept_file(listener, READ_ONCE(fd_file(ref)->flags) & O_NONBLOCK, flags, user,
			   length);
	if (IS_ERR(file)) {
		fd_release(new_fd);
		new_fd = (int)PTR_ERR(file);
	} else {
		fd_install(new_fd, file);
	}
	fd_put(ref);
	return new_fd;
}

long sys_accept(int fd, struct user_ptr user, struct user_ptr length)
{
	return sys_accept4(fd, user, length, 0);
}

static long name_out(int fd, struct user_ptr user, struct user_ptr length, bool peer)
{
	struct socket_address address;
	struct socket *socket;
	struct fd_ref ref;
	int error = socket_by_fd(fd, &ref, &socket);

	if (error)
		return error;
	error = socket->ops->name(socket, &address, peer);
	if (!error)
		error = socket_address_out(&address, user, length);
	fd_put(ref);
	return error;
}

long sys_getsockname(int fd, struct user_ptr user, struct user_ptr length)
{
	return name_out(fd, user, length, false);
}

long sys_getpeername(int fd, struct user_ptr user, struct user_ptr length)
{
	return name_out(fd, user, length, true);
}

long sys_shutdown(int fd, int how)
{
	struct socket *socket;
	struct fd_ref ref;
	int error = socket_by_fd(fd, &ref, &socket);

	if (error)
		return error;
	if (how < SHUT_RD || how > SHUT_RDWR)
		error = -EINVAL;
	else
		error = socket->ops->shutdown(socket, (u32)how + 1);
	fd_put(ref);
	return error;
}

long sys_setsockopt(int fd, int level, int option, struct user_ptr value, int size)
{
	struct socket *socket;
	struct fd_ref ref;
	int error = socket_by_fd(fd, &ref, &socket);

	if (error)
		return error;
	error = socket_set_option(socket, level, option, value, size);
	fd_put(ref);
	return error;
}

long sys_getsockopt(int fd, int level, int option, struct user_ptr value, struct user_ptr size)
{
	struct socket *socket;
	struct fd_ref ref;
	int error = socket_by_fd(fd, &ref, &socket);

	if (error)
		return error;
	error = socket_get_option(socket, level, option, value, size);
	fd_put(ref);
	return error;
}
