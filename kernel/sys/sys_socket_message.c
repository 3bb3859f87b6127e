/* System calls that send and receive: sendto, recvfrom, sendmsg, recvmsg and the forms for many messages. */
#include <kernel/syscall.h>

#include <abi/errno.h>
#include <abi/fcntl.h>
#include <abi/uio.h>
#include <kernel/io_iter.h>
#include <kernel/slab.h>
#include <kernel/socket.h>
#include <lib/err.h>
#include <platform/time.h>

#define TRANSFER_MAX 0x7ffff000UL
#define CONTROL_MAX 20480u /* net.core.optmem_max */
#define FLAGS_INSIDE                                                                               \
	(0x20000u | 0x8000000u | 0x80000u | 0x10000000u) /* the kernel's own on Linux */

static u32 with_file_flags(u32 flags, struct fd_ref ref)
{
	return READ_ONCE(fd_file(ref)->flags) & O_NONBLOCK ? flags | MSG_DONTWAIT : flags;
}

long sys_sendto(int fd, struct user_ptr buffer, size_t size, u32 flags, struct user_ptr name,
		int name_length)
{
	struct socket_address address;
	struct message message;
	struct socket *socket;
	struct io_iter iter;
	struct fd_ref ref;
	long result;

	if (!user_range_ok(buffer, size))
		return -EFAULT;
	result = socket_by_fd(fd, &ref, &socket);
	if (result)
		return result;
	io_iter_user(&iter, buffer, MIN(size, TRANSFER_MAX));
	message = (struct message){ .iter = &iter,
				    .flags = with_file_flags(flags & ~FLAGS_INSIDE, ref) };
	if (name.addr) {
		result = socket_address_in(&address, name, name_length);
		if (name_length)
			message.name = &address;
	}
	if (!result)
		result = socket->ops->send(socket, &message);
	fd_put(ref);
	return result;
}

long sys_recvfrom(int fd, struct user_ptr buffer, size_t size, u32 flags, struct user_ptr name,
		  struct user_ptr name_length)
{
	struct socket_address address = { .length = 0 };
	struct message message;
	struct socket *socket;
	struct io_iter iter;
	struct fd_ref ref;
	long result;

	if (!user_range_ok(buffer, size))
		return -EFAULT;
	result = socket_by_fd(fd, &ref, &socket);
	if (result)
		return result;
	io_iter_user(&iter, buffer, MIN(size, TRANSFER_MAX));
	message = (struct message){ .iter = &iter,
				    .flags = with_file_flags(flags, ref),
				    .name = name.addr ? &address : NULL };
	result = socket->ops->receive(socket, &message);
	if (result >= 0 && name.addr) {
		int error = socket_address_out(&address, name, name_length);

		if (error)
			result = error;
	}
	fd_put(ref);
	return result;
}

/* --- With a header ------------------------------------------------------------------------------------------------------------ */

struct transfer {
	struct abi_msghdr header;
	struct message message;
	struct io_iter iter;
	struct io_segment segments[8];
	struct socket_address address;
};

/* Freed by transfer_end once it gave 0. */
static int transfer_begin(struct transfer *transfer, struct user_ptr user, u32 flags)
{
	struct abi_msghdr *header = &transfer->header;

	if (user_read(header, user, sizeof(*header)))
		return -EFAULT;
	if (!header->msg_name)
		header->msg_namelen = 0;
	if (header->msg_namelen < 0)
		return -EINVAL;
	header->msg_namelen = MIN(header->msg_namelen, (int)sizeof(struct abi_sockaddr_storage));
	if (header->msg_iovlen > UIO_MAXIOV)
		return -EMSGSIZE;
	transfer->message = (struct message){ .iter = &transfer->iter, .flags = flags };
	return io_iter_import(&transfer->iter, user_ptr(header->msg_iov), header->msg_iovlen,
			      transfer->segments);
}

static void transfer_end(struct transfer *transfer)
{
	io_iter_destroy(&transfer->iter, transfer->segments);
}

/* Control messages to send, in memory of their own: kfree. NULL: none; ERR_PTR. */
static void *control_in(const struct abi_msghdr *header)
{
	void *control;

	if (!header->msg_controllen)
		return NULL;
	if (header->msg_controllen > CONTROL_MAX)
		return ERR_PTR(-ENOBUFS);
	control = kmalloc(header->msg_controllen, 0);
	if (!control)
		return ERR_PTR(-ENOBUFS);
	if (user_read(control, user_ptr(header->msg_control), header->msg_controllen)) {
		kfree(control);
		return ERR_PTR(-EFAULT);
	}
	return control;
}

static long send_begun(struct socket *socket, struct transfer *transfer)
{
	struct abi_msghdr *header = &transfer->header;
	struct message *message = &transfer->message;
	void *control;
	long result;

	if (header->msg_namelen) {
		result = socket_address_in(&transfer->address, user_ptr(header->msg_name),
					   header->msg_namelen);
		if (result)
			return result;
		message->name = &transfer->address;
	}
	control = control_in(header);
	if (IS_ERR(control))
		return PTR_ERR(control);
	message->control = control;
	message->control_size = control ? header->msg_controllen : 0;
	result = socket->ops->send(socket, message);
	kfree(control);
	return result;
}

static long send_one(struct socket *socket, struct user_ptr user, u32 flags)
{
	struct transfer transfer;
	long result = transfer_begin(&transfer, user, flags & ~FLAGS_INSIDE);

	if (result)
		return result;
	result = send_begun(socket, &transfer);
	transfer_end(&transfer);
	return result;
}

static int header_out(const struct transfer *transfer, struct user_ptr user, u32 flags)
{
	const struct abi_msghdr *header = &transfer->header;
	const struct message *message = &transfer->message;
	u64 control_used = message->control_user.addr - header->msg_control;
	u32 result_flags = message->result_flags | (flags & MSG_CMSG_CLOEXEC);
	int error = 0;

	if (header->msg_name)
		error = socket_address_out(&transfer->address, user_ptr(header->msg_name),
					   user_ptr_add(user,
							offsetof(struct abi_msghdr, msg_namelen)));
	if (!error)
		error = user_write_u32(user_ptr_add(user, offsetof(struct abi_msghdr, msg_flags)),
				       result_flags);
	if (!error)
		error = user_write_u64(user_ptr_add(user,
						    offsetof(struct abi_msghdr, msg_controllen)),
				       control_used);
	return error;
}

static long receive_one(struct socket *socket, struct user_ptr user, u32 flags)
{
	struct transfer transfer;
	struct message *message = &transfer.message;
	long result = transfer_begin(&transfer, user, flags);

	if (result)
		return result;
	transfer.address.length = 0;
	message->name = transfer.header.msg_name ? &transfer.address : NULL;
	message->control_user = user_ptr(transfer.header.msg_control);
	message->control_size = transfer.header.msg_control ? transfer.header.msg_controllen : 0;
	result = socket->ops->receive(socket, message);
	transfer_end(&transfer);
	if (result >= 0) {
		int error = header_out(&transfer, user, flags);

		if (error)
			result = error;
	}
	return result;
}

/* send_one or receive_one. */
typedef long transfer_one(struct socket *socket, struct user_ptr user, u32 flags);

static __always_inline long transfer_by_fd(int fd, struct user_ptr user, u32 flags, transfer_one one)
{
	struct socket *socket;
	struct fd_ref ref;
	long result = socket_by_fd(fd, &ref, &socket);

	if (result)
		return result;
	result = one(socket, user, with_file_flags(flags, ref));
	fd_put(ref);
	return result;
}

long sys_sendmsg(int fd, struct user_ptr user, u32 flags)
{
	return transfer_by_fd(fd, user, flags, send_one);
}

long sys_recvmsg(int fd, struct user_ptr user, u32 flags)
{
	return transfer_by_fd(fd, user, flags, receive_one);
}

/* --- Many ------------------------------------------------------------------------------------------------------------------------ */

/* Entry `i`, which is told its length: 0 or -errno. */
static __always_inline long transfer_entry(struct socket *socket, struct user_ptr entries,
					   unsigned int i, u32 flags, transfer_one one)
{
	struct user_ptr entry = user_ptr_add(entries, i * sizeof(struct abi_mmsghdr));
	long result = one(socket, entry, flags);

	if (result < 0)
		return result;
	return user_write_u32(user_ptr_add(entry, offsetof(struct abi_mmsghdr, msg_len)),
			      (u32)result);
}

long sys_sendmmsg(int fd, struct user_ptr entries, unsigned int count, u32 flags)
{
	struct socket *socket;
	struct fd_ref ref;
	unsigned int done = 0;
	long result = socket_by_fd(fd, &ref, &socket);

	if (result)
		return result;
	count = MIN(count, (unsigned int)UIO_MAXIOV);
	while (done < count) {
		result = transfer_entry(socket, entries, done, with_file_flags(flags, ref),
					send_one);
		if (result)
			break;
		done++;
	}
	fd_put(ref);
	return done ? (long)done : result;
}

static long receive_many(struct socket *socket, struct user_ptr entries, unsigned int count,
			 u32 flags, u64 deadline)
{
	unsigned int done = 0;
	long result = socket_take_error(socket);

	while (!result && done < count) {
		result = transfer_entry(socket, entries, done, flags & ~(u32)MSG_WAITFORONE,
					receive_one);
		if (result)
			break;
		done++;
		if (flags & MSG_WAITFORONE)
			flags |= MSG_DONTWAIT;
		if (deadline != TIMEOUT_NEVER && clock_ns() >= deadline)
			break;
	}
	/* What went wrong after something was received is told next time. */
	if (done && result < 0 && result != -EAGAIN)
		WRITE_ONCE(socket->error, (int)-result);
	return done ? (long)done : result;
}

long sys_recvmmsg(int fd, struct user_ptr entries, unsigned int count, u32 flags,
		  struct user_ptr timeout)
{
	u64 wait_ns = TIMEOUT_NEVER, deadline;
	struct socket *socket;
	struct fd_ref ref;
	long result = 0;

	if (timeout.addr)
		result = timespec_from_user(&wait_ns, timeout);
	if (!result)
		result = socket_by_fd(fd, &ref, &socket);
	if (result)
		return result;
	deadline = deadline_after(wait_ns);
	result = receive_many(socket, entries, MIN(count, (unsigned int)UIO_MAXIOV),
			      with_file_flags(flags, ref), deadline);
	fd_put(ref);
	if (result > 0 && timeout.addr) {
		u64 now = clock_ns();

		if (timespec_to_user(timeout, deadline > now ? deadline - now : 0))
			return -EFAULT;
	}
	return result;
}
