/* getsockopt and setsockopt: the options of every socket (SOL_SOCKET). */
#include "internal.h"

#include <abi/capability.h>
#include <abi/errno.h>
#include <abi/time.h>
#include <kernel/cred.h>

#define SEND_MIN 4608u
#define RECEIVE_MIN 2304u
#define SO_RCVTIMEO_64 66
#define SO_SNDTIMEO_64 67

/* Options that are one bit. */
static u32 bit_of_option(int option)
{
	switch (option) {
	case SO_DEBUG:
		return OPTION_DEBUG;
	case SO_REUSEADDR:
		return OPTION_REUSE_ADDRESS;
	case SO_REUSEPORT:
		return OPTION_REUSE_PORT;
	case SO_KEEPALIVE:
		return OPTION_KEEP_ALIVE;
	case SO_BROADCAST:
		return OPTION_BROADCAST;
	case SO_DONTROUTE:
		return OPTION_DONT_ROUTE;
	case SO_OOBINLINE:
		return OPTION_OOB_INLINE;
	case SO_NO_CHECK:
		return OPTION_NO_CHECK;
	case SO_PASSCRED:
		return OPTION_PASS_CREDENTIALS;
	case SO_PASSSEC:
		return OPTION_PASS_SECURITY;
	}
	return 0;
}

static __always_inline void bits_change(struct socket *socket, u32 bits, bool on)
{
	spin_lock(&socket->lock);
	WRITE_ONCE(socket->options, on ? socket->options | bits : socket->options & ~bits);
	spin_unlock(&socket->lock);
}

/* --- Setting ------------------------------------------------------------------------------------------------------ */

/* Linux doubles what is asked, for its own overhead, and shows the double. */
static void limit_set(u32 *limit, u32 value, u32 least)
{
	value = MIN(value, 0x3fffffffu);
	WRITE_ONCE(*limit, MAX(value * 2, least));
}

static int limit_option(struct socket *socket, int option, s32 value)
{
	bool sending = option == SO_SNDBUF || option == SO_SNDBUFFORCE;
	bool forced = option == SO_SNDBUFFORCE || option == SO_RCVBUFFORCE;

	if (forced && !capable(CAP_NET_ADMIN))
		return -EPERM;
	if (forced)
		value = MAX(value, 0);
	else
		value = (s32)MIN((u32)value, SOCKET_BUFFER_DEFAULT);
	if (!sending) {
		limit_set(&socket->receive_limit, (u32)value, RECEIVE_MIN);
		return 0;
	}
	limit_set(&socket->send_limit, (u32)value, SEND_MIN);
	wait_wake_all(&socket->write_wait, READY_OUT);
	return 0;
}

static int linger_set(struct socket *socket, struct user_ptr user, int size)
{
	struct abi_linger linger;

	if ((size_t)size < sizeof(linger))
		return -EINVAL;
	if (user_read(&linger, user, sizeof(linger)))
		return -EFAULT;
	if (linger.l_onoff)
		WRITE_ONCE(socket->linger_seconds, linger.l_linger);
	bits_change(socket, OPTION_LINGER, linger.l_onoff);
	return 0;
}

static int timeout_set(u64 *timeout_ns, struct user_ptr user, int size)
{
	struct abi_timeval time;
	u64 ns;

	if ((size_t)size < sizeof(time))
		return -EINVAL;
	if (user_read(&time, user, sizeof(time)))
		return -EFAULT;
	if (time.tv_usec < 0 || time.tv_usec >= 1000000)
		return -EDOM;
	if (time.tv_sec < 0)
		ns = 0;
	else if (!time.tv_sec && !time.tv_usec)
		ns = TIMEOUT_NEVER;
	else if ((u64)time.tv_sec >= TIMEOUT_NEVER / NSEC_PER_SEC - 1)
		ns = TIMEOUT_NEVER;
	else
		ns = (u64)time.tv_sec * NSEC_PER_SEC + (u64)time.tv_usec * NSEC_PER_USEC;
	WRITE_ONCE(*timeout_ns, ns);
	return 0;
}

static int priority_set(struct socket *socket, s32 value)
{
	if ((value < 0 || value > 6) && !capable(CAP_NET_RAW) && !capable(CAP_NET_ADMIN))
		return -EPERM;
	WRITE_ONCE(socket->priority, value);
	return 0;
}

static int mark_set(struct socket *socket, u32 value)
{
	if (!capable(CAP_NET_RAW) && !capable(CAP_NET_ADMIN))
		return -EPERM;
	WRITE_ONCE(socket->mark, value);
	return 0;
}

static int number_set(struct socket *socket, int option, s32 value)
{
	switch (option) {
	case SO_SNDBUF:
	case SO_RCVBUF:
	case SO_SNDBUFFORCE:
	case SO_RCVBUFFORCE:
		return limit_option(socket, option, value);
	case SO_PRIORITY:
		return priority_set(socket, value);
	case SO_MARK:
		return mark_set(socket, (u32)value);
	case SO_RCVLOWAT:
		WRITE_ONCE(socket->low_water, value < 0 ? 0x7fffffff : MAX(value, 1));
		return 0;
	case SO_BSDCOMPAT: /* a word of the past that Linux takes and forgets */
		return 0;
	}
	return -ENOPROTOOPT;
}

int socket_set_option(struct socket *socket, int level, int option, struct user_ptr user, int size)
{
	u32 value, bit = bit_of_option(option);

	if (size < 0)
		return -EINVAL;
	if (level != SOL_SOCKET)
		return socket->ops->set_option
			       ? socket->ops->set_option(socket, level, option, user, size)
			       : -EOPNOTSUPP;
	if ((size_t)size < sizeof(value))
		return -EINVAL;
	if (user_read_u32(&value, user))
		return -EFAULT;
	switch (option) {
	case SO_LINGER:
		return linger_set(socket, user, size);
	case SO_RCVTIMEO:
	case SO_RCVTIMEO_64:
		return timeout_set(&socket->receive_timeout_ns, user, size);
	case SO_SNDTIMEO:
	case SO_SNDTIMEO_64:
		return timeout_set(&socket->send_timeout_ns, user, size);
	}
	if (!bit)
		return number_set(socket, option, (s32)value);
	if (option == SO_DEBUG && value && !capable(CAP_NET_ADMIN))
		return -EACCES;
	bits_change(socket, bit, value);
	return 0;
}

/* --- Getting ------------------------------------------------------------------------------------------------------ */

/* As much of it as there is room for. */
static int value_out(const void *value, size_t size, struct user_ptr user,
		     struct user_ptr user_size, u32 room)
{
	size = MIN(size, (size_t)room);
	if (user_write(user, value, size))
		return -EFAULT;
	return user_write_u32(user_size, (u32)size);
}

static struct abi_timeval timeval_of(u64 ns)
{
	if (ns == TIMEOUT_NEVER)
		return (struct abi_timeval){ 0 };
	return (struct abi_timeval){ .tv_sec = (s64)(ns / NSEC_PER_SEC),
				     .tv_usec = (s64)(ns % NSEC_PER_SEC / NSEC_PER_USEC) };
}

/* Options that are a number: 0 or -ENOPROTOOPT. */
static int number_get(struct socket *socket, int option, s32 *value)
{
	switch (option) {
	case SO_TYPE:
		*value = socket->type;
		return 0;
	case SO_DOMAIN:
		*value = socket->family;
		return 0;
	case SO_PROTOCOL:
	case SO_BSDCOMPAT:
		*value = 0;
		return 0;
	case SO_ERROR:
		*value = -socket_take_error(socket);
		return 0;
	case SO_SNDBUF:
		*value = (s32)READ_ONCE(socket->send_limit);
		return 0;
	case SO_RCVBUF:
		*value = (s32)READ_ONCE(socket->receive_limit);
		return 0;
	case SO_PRIORITY:
		*value = READ_ONCE(socket->priority);
		return 0;
	case SO_MARK:
		*value = (s32)READ_ONCE(socket->mark);
		return 0;
	case SO_RCVLOWAT:
		*value = READ_ONCE(socket->low_water);
		return 0;
	case SO_SNDLOWAT:
		*value = 1;
		return 0;
	case SO_ACCEPTCONN:
		*value = READ_ONCE(socket->state) == SOCKET_LISTENING;
		return 0;
	}
	return -ENOPROTOOPT;
}

static int peer_name_get(struct socket *socket, struct user_ptr user, struct user_ptr size, u32 room)
{
	struct socket_address address;

	if (socket->ops->name(socket, &address, true))
		return -ENOTCONN;
	if (address.length < room)
		return -EINVAL;
	if (user_write(user, address.bytes, room))
		return -EFAULT;
	return user_write_u32(size, room);
}

static int struct_get(struct socket *socket, int option, struct user_ptr user, struct user_ptr size,
		      u32 room)
{
	struct abi_linger linger = { .l_onoff = !!(READ_ONCE(socket->options) & OPTION_LINGER),
				     .l_linger = READ_ONCE(socket->linger_seconds) };
	struct abi_timeval time;
	struct abi_ucred peer;

	switch (option) {
	case SO_LINGER:
		return value_out(&linger, sizeof(linger), user, size, room);
	case SO_RCVTIMEO:
	case SO_RCVTIMEO_64:
		time = timeval_of(READ_ONCE(socket->receive_timeout_ns));
		return value_out(&time, sizeof(time), user, size, room);
	case SO_SNDTIMEO:
	case SO_SNDTIMEO_64:
		time = timeval_of(READ_ONCE(socket->send_timeout_ns));
		return value_out(&time, sizeof(time), user, size, room);
	case SO_PEERCRED:
		spin_lock(&socket->lock);
		peer = socket->peer;
		spin_unlock(&socket->lock);
		return value_out(&peer, sizeof(peer), user, size, room);
	case SO_PEERNAME:
		return peer_name_get(socket, user, size, room);
	}
	return -ENOPROTOOPT;
}

int socket_get_option(struct socket *socket, int level, int option, struct user_ptr user,
		      struct user_ptr size)
{
	u32 room, bit = bit_of_option(option);
	s32 value;

	if (level != SOL_SOCKET)
		return socket->ops->get_option
			       ? socket->ops->get_option(socket, level, option, user, size)
			       : -EOPNOTSUPP;
	if (user_read_u32(&room, size))
		return -EFAULT;
	if ((s32)room < 0)
		return -EINVAL;
	if (bit)
		value = !!(READ_ONCE(socket->options) & bit);
	else if (number_get(socket, option, &value))
		return struct_get(socket, option, user, size, room);
	return value_out(&value, sizeof(value), user, size, room);
}
