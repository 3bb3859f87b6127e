/*
 * AF_UNIX: life and death of a socket, pairs, shutdown.
 *
 * A stream's or sequence's peer never changes once it is set, so a call on the socket may use it without the lock: only the
 * socket's own release drops the reference. A datagram socket's peer changes with each connect, and is taken under the lock.
 */
#include "internal.h"

#include <abi/errno.h>
#include <abi/ioctl.h>
#include <kernel/sched.h>
#include <kernel/slab.h>
#include <kernel/task.h>

#define SIOCOUTQ TIOCOUTQ
#define BACKLOG_DEFAULT 10 /* net.unix.max_dgram_qlen */

static struct slab_cache *unix_cache __ro_after_init;

static bool relay_wake(struct wait_entry *entry, u32 key)
{
	struct unix_socket *self = container_of(entry, struct unix_socket, relay);

	wait_wake_all(&self->socket.write_wait, key);
	return false;
}

static const struct proto_ops *ops_of_type(int type)
{
	switch (type) {
	case SOCK_STREAM:
		return &unix_stream_ops;
	case SOCK_SEQPACKET:
		return &unix_sequence_ops;
	}
	return &unix_datagram_ops;
}

struct unix_socket *unix_alloc(int type)
{
	struct unix_socket *self = slab_alloc(unix_cache, SLAB_ZERO);

	if (!self)
		return NULL;
	socket_init(&self->socket, AF_UNIX, type, ops_of_type(type));
	self->backlog = BACKLOG_DEFAULT;
	list_init(&self->pending);
	list_init(&self->flight_link);
	list_init(&self->live_link);
	wait_queue_init(&self->peer_wait);
	self->peer_wait.lock.rank = RANK_SOCKET_PEER;
	list_init(&self->relay.link);
	self->relay.wake = relay_wake;
	unix_list_add(self);
	return self;
}

static int unix_create(int type, int protocol, struct socket **socket)
{
	struct unix_socket *self;

	if (protocol && protocol != AF_UNIX)
		return -EPROTONOSUPPORT;
	if (type == SOCK_RAW)
		type = SOCK_DGRAM;
	if (type != SOCK_STREAM && type != SOCK_DGRAM && type != SOCK_SEQPACKET)
		return -ESOCKTNOSUPPORT;
	self = unix_alloc(type);
	if (!self)
		return -ENOMEM;
	*socket = &self->socket;
	return 0;
}

static void unix_free(struct rcu_head *head)
{
	struct unix_socket *self = container_of(head, struct unix_socket, rcu);

	if (ref_put(&self->address->ref))
		kfree(self->address);
	slab_free(unix_cache, self);
}

void unix_destroy(struct socket *socket)
{
	struct unix_socket *self = unix_of(socket);

	unix_list_remove(self);
	/* Somebody may be comparing its name on the way to another one. */
	if (self->address)
		rcu_call(&self->rcu, unix_free);
	else
		slab_free(unix_cache, self);
}

void unix_put(struct unix_socket *self)
{
	if (self)
		socket_put(&self->socket);
}

struct unix_socket *unix_peer_get(struct unix_socket *self)
{
	struct unix_socket *peer;

	spin_lock(&self->socket.lock);
	peer = self->peer;
	if (peer)
		socket_get(&peer->socket);
	spin_unlock(&self->socket.lock);
	return peer;
}

void unix_lock_two(struct unix_socket *a, struct unix_socket *b)
{
	struct unix_socket *first = a < b ? a : b;

	spin_lock(&first->socket.lock);
	if (a != b)
		spin_lock_nested(first == a ? &b->socket.lock : &a->socket.lock);
}

void unix_unlock_two(struct unix_socket *a, struct unix_socket *b)
{
	if (a != b)
		spin_unlock(&b->socket.lock);
	spin_unlock(&a->socket.lock);
}

/* The other end has ended these directions; 0: it was this one itself. With O_ASYNC only who can read no more is told. */
static void wake_ended(struct unix_socket *self, u32 ends)
{
	u32 key = 0; /* anything may have changed */

	if (ends == ENDED_BOTH)
		key = READY_IN | POLLRDHUP | POLLHUP | POLLERR;
	else if (ends & ENDED_READ)
		key = READY_IN | POLLRDHUP;
	wait_wake_all(&self->socket.read_wait, key);
	wait_wake_all(&self->socket.write_wait, READY_OUT | POLLHUP | POLLERR);
}

/* --- Relays: see unix_dgram.c ----------------------------------------------------------------------------------------- */

void unix_relay_stop(struct unix_socket *self, struct unix_socket *peer)
{
	bool was;

	spin_lock(&self->socket.lock);
	was = self->relaying;
	self->relaying = false;
	if (was)
		wait_remove(&peer->peer_wait, &self->relay);
	spin_unlock(&self->socket.lock);
}

void unix_relay_start(struct unix_socket *self, struct unix_socket *peer)
{
	spin_lock(&self->socket.lock);
	if (self->peer == peer && !self->relaying) {
		self->relaying = true;
		wait_add(&peer->peer_wait, &self->relay);
	}
	spin_unlock(&self->socket.lock);
}

/* --- The end -------------------------------------------------------------------------------------------------------- */

/* The other end of a connection learns that this one is gone; `lost`: with something that it had sent. */
static void peer_hang_up(struct unix_socket *peer, bool lost)
{
	if (unix_is_datagram(peer))
		return;
	spin_lock(&peer->socket.lock);
	peer->socket.shutdown = ENDED_BOTH;
	if (lost)
		WRITE_ONCE(peer->socket.error, ECONNRESET);
	spin_unlock(&peer->socket.lock);
	wake_ended(peer, ENDED_BOTH);
}

static void release(struct unix_socket *self, bool never_accepted);

static void queue_end(struct list *queue, bool was_listening)
{
	if (!was_listening) {
		net_buffers_free(queue);
		return;
	}
	while (!list_empty(queue)) {
		struct unix_socket *waiting = list_first_entry(queue, struct unix_socket, pending);

		list_del_init(&waiting->pending);
		release(waiting, true);
	}
}

static void release(struct unix_socket *self, bool never_accepted)
{
	struct list queue = LIST_INIT(queue);
	struct unix_socket *peer;
	bool was_listening;

	spin_lock(&self->socket.lock);
	self->socket.dead = true;
	self->socket.shutdown = ENDED_BOTH;
	was_listening = self->socket.state == SOCKET_LISTENING;
	self->socket.state = SOCKET_CLOSED;
	peer = self->peer;
	self->peer = NULL;
	list_splice_tail_init(&self->socket.queue, &queue);
	self->socket.queue_length = 0;
	self->urgent = NULL;
	spin_unlock(&self->socket.lock);
	if (self->address)
		unix_name_remove(self);
	wait_wake_all(&self->peer_wait, READY_OUT);
	if (peer) {
		peer_hang_up(peer, never_accepted || !list_empty(&queue));
		unix_relay_stop(self, peer);
		unix_put(peer);
	}
	queue_end(&queue, was_listening);
	unix_put(self);
	unix_gc();
}

void unix_release(struct socket *socket)
{
	release(unix_of(socket), false);
}

/* --- Pairs, shutdown -------------------------------------------------------------------------------------------------- */

int unix_pair(struct socket *a, struct socket *b)
{
	unix_of(a)->peer = unix_of(socket_get(b));
	unix_of(b)->peer = unix_of(socket_get(a));
	a->peer = b->peer = cred_of_current();
	a->state = b->state = SOCKET_CONNECTED;
	return 0;
}

int unix_shutdown(struct socket *socket, u32 ends)
{
	struct unix_socket *self = unix_of(socket), *peer;
	u32 peer_ends = (ends & ENDED_READ ? ENDED_WRITE : 0) |
			(ends & ENDED_WRITE ? ENDED_READ : 0);

	spin_lock(&socket->lock);
	WRITE_ONCE(socket->shutdown, socket->shutdown | ends);
	peer = self->peer;
	if (peer)
		socket_get(&peer->socket);
	spin_unlock(&socket->lock);
	wake_ended(self, 0);
	if (!peer)
		return 0;
	if (!unix_is_datagram(self)) {
		spin_lock(&peer->socket.lock);
		WRITE_ONCE(peer->socket.shutdown, peer->socket.shutdown | peer_ends);
		spin_unlock(&peer->socket.lock);
		wake_ended(peer, peer_ends);
	}
	unix_put(peer);
	return 0;
}

/* --- ioctl ------------------------------------------------------------------------------------------------------------ */

static int bytes_readable(struct socket *socket, u32 *bytes)
{
	int error = 0;

	mutex_lock(&socket->read_lock);
	spin_lock(&socket->lock);
	if (socket->state == SOCKET_LISTENING)
		error = -EINVAL;
	else if (list_empty(&socket->queue))
		*bytes = 0;
	else if (socket->type == SOCK_DGRAM)
		*bytes = list_first_entry(&socket->queue, struct net_buffer, link)->length;
	else
		*bytes = net_buffers_length(&socket->queue);
	spin_unlock(&socket->lock);
	mutex_unlock(&socket->read_lock);
	return error;
}

long unix_ioctl(struct socket *socket, unsigned int command, struct user_ptr argument)
{
	u32 value;
	int error;

	switch (command) {
	case FIONREAD:
		error = bytes_readable(socket, &value);
		return error ? error : user_write_u32(argument, value);
	case SIOCATMARK:
		return unix_at_mark(socket, argument);
	case SIOCOUTQ:
		return user_write_u32(argument, (u32)atomic_read(&socket->sent));
	}
	return -ENOTTY;
}

void unix_init(void)
{
	static const struct net_family family = { .family = AF_UNIX, .create = unix_create };

	unix_cache = slab_cache_create("unix_socket", sizeof(struct unix_socket), CACHE_LINE);
	unix_names_init();
	unix_proc_init();
	net_family_register(&family);
}
