/* What the files of kernel/net share: messages in a queue, what travels with them, and the AF_UNIX socket. */
#pragma once

#include <kernel/io_iter.h>
#include <kernel/socket.h>
#include <kernel/vfs.h>
#include <lib/hlist.h>

#define SCM_FILES_MAX 253 /* open files in one message */

/* Open files on their way; each a reference. */
struct scm_files {
	u32 count;
	struct user_account *account; /* reference, of the one charged; NULL before scm_files_charge */
	struct file *files[SCM_FILES_MAX];
};

/* What a message carries besides bytes. */
struct scm {
	struct scm_files *files; /* owned; NULL */
	struct abi_ucred cred; /* pid 0: the sender's were not asked for */
};

/*
 * A message, or a piece of a stream: bytes in line behind the page pointers, then bytes in pages. Its charge counts in the
 * sender's `sent` until it is freed.
 */
struct net_buffer {
	struct list link; /* [receiver's lock] */
	u32 start, length; /* [receiver's read_lock] bytes read so far, bytes left */
	u32 charge; /* [I] */
	u32 inline_size; /* [I] */
	u32 page_count; /* [I] */
	struct socket *owner; /* [I] the sender, a reference */
	struct scm scm;
	struct page *pages[];
};

/*
 * Waits for room in the sender's buffer, then takes `size` bytes of the iterator. `paged` of them may lie in pages, which is
 * how Linux counts them. ERR_PTR: -EAGAIN, -EPIPE (ended), -EFAULT, -ENOMEM, -ENOBUFS, the pending error, or a signal.
 */
struct net_buffer *net_buffer_send(struct socket *sender, struct io_iter *iter, u32 size, u32 paged,
				   bool no_wait);
/* Bytes moved: short only on a fault. Does not consume. */
size_t net_buffer_copy(const struct net_buffer *buffer, struct io_iter *iter, u32 skip, size_t size);
/* May sleep: closes files, wakes the sender. */
void net_buffer_free(struct net_buffer *buffer);
void net_buffers_free(struct list *buffers);
u32 net_buffers_length(const struct list *buffers);
/* Half of poll's question, as on Linux: a quarter full is still writable. */
static inline bool socket_is_writable(const struct socket *socket)
{
	return (u32)atomic_read(&socket->sent) * 4ULL <= READ_ONCE(socket->send_limit);
}

/* Control messages of a send. 0 or -errno; then nothing is left in *scm. */
int scm_parse(struct scm *scm, const struct message *message);
/* Charges the files to the sender's account, and puts them in flight: -ETOOMANYREFS. */
int scm_files_charge(struct scm_files *files);
/* The reader has taken them out of the queue: before any program gets one. */
void scm_files_uncharge(struct scm_files *files);
struct scm_files *scm_files_copy(const struct scm_files *files); /* NULL: out of memory */
void scm_files_free(struct scm_files *files); /* NULL is allowed */
/* Hands credentials, if the receiver wants them, and files to the caller; consumes the files. */
void scm_deliver(struct socket *receiver, struct message *message, struct scm *scm);
struct abi_ucred cred_of_current(void);
/* The sender's credentials go along if an end asks for them, or nobody has accepted the connection yet: who will may ask. */
static inline bool scm_wants_cred(const struct socket *from, const struct socket *to)
{
	return ((READ_ONCE(from->options) | READ_ONCE(to->options)) & OPTION_PASS_CREDENTIALS) ||
	       !READ_ONCE(to->inode);
}

struct unix_address {
	struct refcount ref;
	u32 length; /* as getsockname tells it */
	union {
		u16 family;
		char bytes[sizeof(struct abi_sockaddr_un) + 1];
	};
};

struct unix_socket {
	struct socket socket; /* first */
	struct unix_socket *
		peer; /* [socket.lock] reference; of a stream set once, cleared by its own release */
	struct unix_address *address; /* [table lock] set once; read by load_acquire; reference */
	struct path path; /* [table lock] of a name in the file system; references */
	u64 name_key; /* [table lock] hash of the name, or of the path's inode */
	struct hlist_node name_node; /* [R table lock] */
	struct list all_link; /* [lock of its part of the list of all] */
	struct list pending; /* [listener's lock] in its queue until accepted */
	/* [socket.lock] of a stream: the last urgent byte, which is in the queue and has not been taken; NULL */
	struct net_buffer *urgent;
	u32 backlog; /* [socket.lock] of a listener or a receiver of datagrams */
	struct wait_queue peer_wait; /* those who wait for room in the queue */
	struct wait_entry relay; /* on the peer's peer_wait: wakes the own write_wait */
	bool relaying; /* [socket.lock] */
	bool is_candidate; /* this and what follows: [flight_lock], see unix_gc.c */
	u32 flights; /* references of its file in messages */
	u32 outside; /* of them, in messages that can be received */
	struct file *flying_file; /* while flights > 0: its file */
	struct list flight_link, live_link;
	struct rcu_head rcu;
};

static inline struct unix_socket *unix_of(struct socket *socket)
{
	return container_of(socket, struct unix_socket, socket);
}

static inline bool unix_is_datagram(const struct unix_socket *unix_socket)
{
	return unix_socket->socket.type == SOCK_DGRAM;
}

/* More waits in the queue than the backlog allows. */
static inline bool unix_is_full(const struct unix_socket *unix_socket)
{
	return READ_ONCE(unix_socket->socket.queue_length) > READ_ONCE(unix_socket->backlog);
}

/* Waits on the socket; then all that poll says but whether it can be written to. `connects`: without a peer it hangs up. */
static inline u32 unix_poll_in(struct socket *socket, struct file *file, struct poll_table *table,
			       bool connects)
{
	u32 ready = 0, shutdown;

	poll_wait(file, &socket->read_wait, table);
	poll_wait(file, &socket->write_wait, table);
	shutdown = READ_ONCE(socket->shutdown);
	if (shutdown == ENDED_BOTH || (connects && READ_ONCE(socket->state) == SOCKET_CLOSED))
		ready |= POLLHUP;
	if (READ_ONCE(socket->error))
		ready |= POLLERR;
	if (shutdown & ENDED_READ)
		ready |= POLLRDHUP | READY_IN;
	if (!list_empty(&socket->queue))
		ready |= READY_IN;
	return ready;
}

extern const struct proto_ops unix_stream_ops, unix_datagram_ops, unix_sequence_ops;

/* unix.c */
struct unix_socket *unix_alloc(int type); /* one reference; NULL */
struct unix_socket *unix_peer_get(struct unix_socket *self); /* NULL */
void unix_put(struct unix_socket *unix_socket); /* NULL is allowed */
void unix_lock_two(struct unix_socket *a, struct unix_socket *b); /* may be the same one */
void unix_unlock_two(struct unix_socket *a, struct unix_socket *b);
void unix_relay_start(struct unix_socket *self, struct unix_socket *peer);
void unix_relay_stop(struct unix_socket *self, struct unix_socket *peer);
void unix_release(struct socket *socket);
void unix_destroy(struct socket *socket);
int unix_pair(struct socket *a, struct socket *b);
int unix_shutdown(struct socket *socket, u32 ends);
long unix_ioctl(struct socket *socket, unsigned int command, struct user_ptr argument);
void unix_init(void);

/* unix_name.c */
int unix_address_check(struct socket_address *address); /* -EINVAL */
int unix_bind(struct socket *socket, struct socket_address *address);
int unix_autobind(struct unix_socket *self);
int unix_name(struct socket *socket, struct socket_address *address, bool peer);
void unix_name_copy(const struct unix_socket *unix_socket, struct socket_address *address);
void unix_name_inherit(struct unix_socket *to, struct unix_socket *from);
void unix_name_remove(struct unix_socket *self);
/* Who has this name: a reference, or ERR_PTR(-ECONNREFUSED, -EPROTOTYPE, -ENOENT, ...). */
struct unix_socket *unix_find(const struct socket_address *address, int type);
void unix_names_init(void);

/* unix_proc.c */
void unix_list_add(struct unix_socket *unix_socket);
void unix_list_remove(struct unix_socket *unix_socket);
void unix_proc_init(void);

/* unix_gc.c. The files are messages' from now on, or no longer; a peeked copy of them may be handed out after wait. */
void unix_flight_begin(const struct scm_files *files);
void unix_flight_end(const struct scm_files *files);
void unix_flight_wait(void);
void unix_gc(void); /* a socket was closed: others may have become unreachable */

/* unix_urgent.c: MSG_OOB. */
/* What becomes of a piece that a read comes to. */
enum piece_verdict {
	PIECE_READ,
	PIECE_SKIP, /* the next one, which is the first if this is not a peek */
	PIECE_STOP, /* the read is over */
	PIECE_NOTHING, /* as if there were nothing more */
};
/* read_lock held. Of sockets with OPTION_URGENT; `copied`: something was read before. May move the piece to `dropped`. */
enum piece_verdict unix_urgent_judge(struct socket *socket, struct net_buffer *piece, u32 flags,
				     bool copied, struct list *dropped);
bool unix_has_plain(struct socket *socket); /* something that a peek past the urgent byte sees */
ssize_t unix_urgent_receive(struct socket *socket, struct message *message);
int unix_urgent_queue(struct socket *peer, struct net_buffer *piece); /* consumes it: 0 or -EPIPE */
long unix_at_mark(struct socket *socket, struct user_ptr argument);
void unix_piece_remove(struct socket *socket,
		       struct net_buffer *piece); /* read_lock held; without files */

/* unix_connect.c */
int unix_listen(struct socket *socket, u32 backlog);
int unix_connect(struct socket *socket, struct socket_address *address, bool no_wait);
int unix_accept(struct socket *socket, bool no_wait, struct socket **accepted);
/* Sleeps until `other` has room or the deadline: 0, or -EAGAIN or a signal. */
int unix_wait_for_room(struct unix_socket *other, u64 deadline_ns);

/* unix_stream.c, unix_dgram.c */
void unix_datagram_disconnected(struct unix_socket *self, struct unix_socket *peer);
