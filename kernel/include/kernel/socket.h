/*
 * Sockets. A struct socket is what every family shares: type, options, the queue of what has been received, who waits.
 * A family embeds it and serves it through a struct proto_ops; another family is another table.
 *
 * References: one of the file, the others are the family's (a peer's, a message's to its sender). The file's last close
 * calls ops->release, which leaves the object dead; ops->destroy frees it when the last reference is gone.
 *
 * Waiters for data are on read_wait, waiters for room on write_wait; both are woken without the lock. The lock of two
 * sockets at once: in rising address order.
 */
#pragma once

#include <abi/socket.h>
#include <kernel/file.h>
#include <kernel/time.h>

struct inode;
struct socket;

/* sa_family and what follows, as in user memory. A length up to 2 has no family. */
struct socket_address {
	u32 length;
	union {
		u16 family;
		char bytes[sizeof(struct abi_sockaddr_storage) + 1]; /* room for a NUL */
	};
};

/* One send or receive. */
struct message {
	struct io_iter *iter;
	u32 flags; /* MSG_* of the call; MSG_DONTWAIT also for a file with O_NONBLOCK */
	u32 result_flags; /* receive: for msg_flags */
	struct socket_address *name; /* send: the destination; receive: room for the source. NULL: none */
	const void *control; /* send: control messages, in kernel memory */
	struct user_ptr control_user; /* receive: where they go */
	size_t control_size; /* bytes of either; receive: what is left */
};

struct proto_ops {
	int (*bind)(struct socket *socket, struct socket_address *address);
	int (*connect)(struct socket *socket, struct socket_address *address, bool no_wait);
	int (*pair)(struct socket *a, struct socket *b); /* NULL: -EOPNOTSUPP */
	int (*listen)(struct socket *socket, u32 backlog);
	/* A socket without a file, one reference. */
	int (*accept)(struct socket *socket, bool no_wait, struct socket **accepted);
	int (*name)(struct socket *socket, struct socket_address *address, bool peer);
	int (*shutdown)(struct socket *socket, u32 ends);
	ssize_t (*send)(struct socket *socket, struct message *message);
	ssize_t (*receive)(struct socket *socket, struct message *message);
	u32 (*poll)(struct socket *socket, struct file *file, struct poll_table *table);
	long (*ioctl)(struct socket *socket, unsigned int command, struct user_ptr argument);
	/* Options of levels other than SOL_SOCKET. NULL: -EOPNOTSUPP. */
	int (*set_option)(struct socket *socket, int level, int option, struct user_ptr value,
			  int size);
	int (*get_option)(struct socket *socket, int level, int option, struct user_ptr value,
			  struct user_ptr size);
	void (*release)(struct socket *socket); /* the file is closed; consumes its reference */
	void (*destroy)(
		struct socket *socket); /* the last reference is gone; any context that may sleep */
};

enum socket_state { SOCKET_CLOSED, SOCKET_CONNECTED, SOCKET_LISTENING };

/* socket->shutdown */
#define ENDED_READ 1u
#define ENDED_WRITE 2u
#define ENDED_BOTH 3u

/* socket->options */
#define OPTION_REUSE_ADDRESS (1u << 0)
#define OPTION_REUSE_PORT (1u << 1)
#define OPTION_KEEP_ALIVE (1u << 2)
#define OPTION_BROADCAST (1u << 3)
#define OPTION_DONT_ROUTE (1u << 4)
#define OPTION_OOB_INLINE (1u << 5)
#define OPTION_NO_CHECK (1u << 6)
#define OPTION_DEBUG (1u << 7)
#define OPTION_LINGER (1u << 8)
#define OPTION_PASS_CREDENTIALS (1u << 9)
#define OPTION_PASS_SECURITY (1u << 10)
#define OPTION_URGENT (1u << 11) /* no option: an urgent byte has come, once */

struct socket {
	struct refcount ref;
	u8 family, type; /* [I] */
	u8 state; /* [lock] enum socket_state; read without it */
	u8 shutdown; /* [lock] ENDED_*; read without it */
	bool dead; /* [lock] released: nothing more may be queued */
	bool no_space; /* [A] somebody found it full: O_ASYNC tells when it no longer is */
	struct spinlock lock; /* RANK_SOCKET */
	const struct proto_ops *ops; /* [I] */
	struct inode *inode; /* [I] while it has a file */
	struct file *file; /* that, without a reference; gone when `dead` */
	u64 number; /* [I] the inode's number */
	struct list queue; /* [lock] what was received, or connections that wait for accept */
	u32 queue_length; /* [lock] */
	int error; /* [A] told once, then 0: a positive errno */
	atomic_t sent; /* charged for messages that nobody has read yet */
	u32 options; /* [lock] */
	u32 send_limit, receive_limit; /* [A] SO_SNDBUF, SO_RCVBUF: as getsockopt shows them */
	s32 priority, low_water; /* [A] */
	u32 mark; /* [A] */
	s32 linger_seconds; /* [A] */
	u64 receive_timeout_ns, send_timeout_ns; /* [A] TIMEOUT_NEVER by default */
	struct abi_ucred peer; /* [lock] SO_PEERCRED */
	struct mutex read_lock; /* RANK_SOCKET_READ: one reader takes from the queue at a time */
	struct wait_queue read_wait, write_wait;
};

#define SOCKET_BUFFER_DEFAULT 212992u
#define SOCKET_BACKLOG_MAX 4096u

struct net_family {
	int family;
	/* A socket of this type, one reference, or -errno. */
	int (*create)(int type, int protocol, struct socket **socket);
};
void net_family_register(const struct net_family *family);

/* In zeroed memory. */
void socket_init(struct socket *socket, int family, int type, const struct proto_ops *ops);
int socket_create(int family, int type, int protocol, struct socket **socket);
/* An open file for it, which takes over a reference: ERR_PTR leaves the socket as it was. `flags`: O_NONBLOCK. */
struct file *socket_file(struct socket *socket, u32 flags);
/* Of a descriptor: 0, -EBADF, -ENOTSOCK. fd_put(*ref) afterwards. */
int socket_by_fd(int fd, struct fd_ref *ref, struct socket **socket);
struct socket *socket_of_file(const struct file *file); /* NULL: it is no socket */
static inline struct socket *socket_get(struct socket *socket)
{
	ref_get(&socket->ref);
	return socket;
}
void socket_put(struct socket *socket);
void socket_signal_urgent(struct socket *socket); /* SIGURG to the owner of its file */

/* The pending error as -errno, which is forgotten then; 0. */
static inline int socket_take_error(struct socket *socket)
{
	return likely(!READ_ONCE(socket->error)) ? 0 : -xchg(&socket->error, 0);
}

static inline bool message_no_wait(const struct message *message)
{
	return message->flags & MSG_DONTWAIT;
}

static inline u64 socket_deadline(u64 timeout_ns, bool no_wait)
{
	return no_wait ? 0 : deadline_after(timeout_ns);
}
/* What a wait that failed means to the caller: restarted only if the wait had no end. */
int socket_wait_error(int error, u64 deadline_ns);

int socket_set_option(struct socket *socket, int level, int option, struct user_ptr value, int size);
int socket_get_option(struct socket *socket, int level, int option, struct user_ptr value,
		      struct user_ptr size);
/* User addresses. in: -EINVAL (length), -EFAULT. out: as much as the user has room for; *length takes the whole length. */
int socket_address_in(struct socket_address *address, struct user_ptr user, int length);
int socket_address_out(const struct socket_address *address, struct user_ptr user,
		       struct user_ptr length);

void net_init(void);
