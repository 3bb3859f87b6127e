/* Sockets as files: the file system that holds their inodes, operations on descriptors, the families. */
#include "internal.h"

#include <abi/errno.h>
#include <abi/fcntl.h>
#include <abi/ioctl.h>
#include <abi/statfs.h>
#include <kernel/init.h>
#include <kernel/printk.h>
#include <kernel/signal.h>
#include <lib/err.h>
#include <lib/string.h>
#include <profile/bounds.h>

#define SOCK_TYPES 11 /* types are below it */

static struct mount *socket_mount __ro_after_init;
static const struct net_family *families[AF_MAX];

void net_family_register(const struct net_family *family)
{
	AT(families, (size_t)family->family) = family;
}

void socket_init(struct socket *socket, int family, int type, const struct proto_ops *ops)
{
	ref_init(&socket->ref, 1);
	socket->family = (u8)family;
	socket->type = (u8)type;
	socket->ops = ops;
	spin_init(&socket->lock, RANK_SOCKET);
	list_init(&socket->queue);
	socket->send_limit = socket->receive_limit = SOCKET_BUFFER_DEFAULT;
	socket->low_water = 1;
	socket->receive_timeout_ns = socket->send_timeout_ns = TIMEOUT_NEVER;
	socket->peer.uid = socket->peer.gid = ~0u;
	mutex_init(&socket->read_lock, RANK_SOCKET_READ);
	wait_queue_init(&socket->read_wait);
	wait_queue_init(&socket->write_wait);
}

int socket_create(int family, int type, int protocol, struct socket **socket)
{
	const struct net_family *found;

	if (family < 0 || family >= AF_MAX)
		return -EAFNOSUPPORT;
	if (type < 0 || type >= SOCK_TYPES)
		return -EINVAL;
	found = AT(families, (size_t)family);
	return found ? found->create(type, protocol, socket) : -EAFNOSUPPORT;
}

void socket_put(struct socket *socket)
{
	if (ref_put(&socket->ref))
		socket->ops->destroy(socket);
}

int socket_wait_error(int error, u64 deadline_ns)
{
	if (error == -ETIMEDOUT)
		return -EAGAIN;
	if (error == -EINTR)
		return deadline_ns == TIMEOUT_NEVER ? -ERESTARTSYS : -EINTR;
	return error;
}

/* --- File operations ---------------------------------------------------------------------------------------------- */

static struct socket *socket_of(const struct file *file)
{
	return file->private_data;
}

static ssize_t socket_read(struct file *file, struct io_iter *iter, u64 *position)
{
	struct socket *socket = socket_of(file);
	struct message message = { .iter = iter, .flags = iter->no_wait ? MSG_DONTWAIT : 0 };

	(void)position;
	return iter->left ? socket->ops->receive(socket, &message) : 0;
}

static ssize_t socket_write(struct file *file, struct io_iter *iter, u64 *position)
{
	struct socket *socket = socket_of(file);
	struct message message = { .iter = iter, .flags = iter->no_wait ? MSG_DONTWAIT : 0 };

	(void)position;
	return socket->ops->send(socket, &message);
}

static u32 socket_poll(struct file *file, struct poll_table *table)
{
	struct socket *socket = socket_of(file);

	return socket->ops->poll(socket, file, table);
}

static long owner_set(struct file *file, struct user_ptr argument)
{
	u32 number;

	return user_read_u32(&number, argument) ? -EFAULT : file_set_owner_signed(file, (s32)number);
}

static long socket_ioctl(struct file *file, unsigned int command, u64 argument)
{
	struct socket *socket = socket_of(file);

	if (command == FIOSETOWN || command == SIOCSPGRP)
		return owner_set(file, user_ptr(argument));
	if (command == FIOGETOWN || command == SIOCGPGRP)
		return user_write_u32(user_ptr(argument), (u32)file_owner_signed(file));
	return socket->ops->ioctl ? socket->ops->ioctl(socket, command, user_ptr(argument))
				  : -ENOTTY;
}

/* Both queues are woken at an end: one of them tells. */
static int socket_async_reason(struct file *file, u32 key)
{
	if (key & POLLIN)
		return key & POLLHUP ? POLL_HUP : key & POLLERR ? POLL_ERR : POLL_IN;
	if (key & POLLPRI) /* SIGURG tells of it, unless another signal was chosen */
		return file_signal(file) ? POLL_PRI : 0;
	return (key & POLLOUT) && !(key & POLLHUP) && xchg(&socket_of(file)->no_space, false)
		       ? POLL_OUT
		       : 0;
}

static const struct async_ops socket_async_ops = { .reason = socket_async_reason };

static void socket_release(struct file *file)
{
	struct socket *socket = socket_of(file);

	socket->inode = NULL;
	socket->ops->release(socket);
}

static const struct file_ops socket_file_ops = {
	.read = socket_read,
	.write = socket_write,
	.poll = socket_poll,
	.ioctl = socket_ioctl,
	.async = &socket_async_ops,
	.release = socket_release,
};

void socket_signal_urgent(struct socket *socket)
{
	struct file *file;

	spin_lock(&socket->lock);
	file = socket->dead ? NULL : READ_ONCE(socket->file);
	if (file && !ref_try_get(&file->ref))
		file = NULL;
	spin_unlock(&socket->lock);
	if (!file)
		return;
	file_signal_urgent(file);
	file_put(file);
}

struct socket *socket_of_file(const struct file *file)
{
	return file->ops == &socket_file_ops ? socket_of(file) : NULL;
}

int socket_by_fd(int fd, struct fd_ref *ref, struct socket **socket)
{
	struct file *file;

	*ref = fd_get(fd);
	file = fd_file(*ref);
	if (unlikely(!file))
		return -EBADF;
	if (unlikely(file->ops != &socket_file_ops)) {
		fd_put(*ref);
		return -ENOTSOCK;
	}
	*socket = socket_of(file);
	return 0;
}

/* --- The file system ---------------------------------------------------------------------------------------------- */

struct file *socket_file(struct socket *socket, u32 flags)
{
	struct inode *inode = inode_alloc_internal(socket_mount->super, S_IFSOCK | 0777);
	struct file *file;

	if (!inode)
		return ERR_PTR(-ENOMEM);
	socket->inode = inode;
	WRITE_ONCE(socket->number, inode->number);
	file = file_alloc_inode(inode, &socket_file_ops, O_RDWR | flags, socket);
	if (IS_ERR(file))
		socket->inode = NULL;
	else
		WRITE_ONCE(socket->file, file);
	inode_put(inode);
	return file;
}

static struct super *socket_mount_super(const struct fs_type *type, const char *source, u32 flags,
					const char *options)
{
	(void)source, (void)flags, (void)options;
	return super_alloc_internal(type, SOCKFS_MAGIC, S_IFDIR | 0777);
}

static const struct fs_type socket_fs_type = { .name = "sockfs", .mount = socket_mount_super };

/* --- Addresses in user memory --------------------------------------------------------------------------------------- */

int socket_address_in(struct socket_address *address, struct user_ptr user, int length)
{
	if (length < 0 || (size_t)length > sizeof(struct abi_sockaddr_storage))
		return -EINVAL;
	address->length = (u32)length;
	address->family = AF_UNSPEC;
	return user_read(address->bytes, user, (size_t)length);
}

int socket_address_out(const struct socket_address *address, struct user_ptr user,
		       struct user_ptr length)
{
	u32 room;

	if (user_read_u32(&room, length))
		return -EFAULT;
	if ((s32)room < 0)
		return -EINVAL;
	if (user_write(user, address->bytes, MIN(room, address->length)))
		return -EFAULT;
	return user_write_u32(length, address->length);
}

void net_init(void)
{
	socket_mount = mount_alloc_internal(&socket_fs_type);
	if (IS_ERR(socket_mount))
		panic("No memory for sockets");
	unix_init();
}
