/*
 * AF_UNIX datagrams and sequences (SOCK_SEQPACKET): messages with borders. A sequence is connected like a stream and moves
 * messages like a datagram socket.
 *
 * A receiver that is not connected back takes no more than its backlog; the sender then waits on the receiver's peer_wait.
 * Whoever polls such a sender cannot: its receiver may be closed at any time. So the sender puts one entry there itself
 * (relay), which passes the wake-up on to its own waiters.
 */
#include "internal.h"

#include <abi/errno.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <lib/err.h>

#define LINEAR_MAX 16064u /* as Linux: what lies behind it is counted in whole pages */
#define PAGED_MAX (17u * (u32)PAGE_SIZE)

static bool is_sequence(const struct socket *socket)
{
	return socket->type == SOCK_SEQPACKET;
}

/* --- The receiver ----------------------------------------------------------------------------------------------------- */

/* A datagram of self may go to `other`: that one is connected to nobody, or to self. Its lock held. */
static bool may_send(const struct unix_socket *self, const struct unix_socket *other)
{
	return !other->peer || other->peer == self;
}

/* Only who is not connected back is held to the backlog. Lock of `other` held, or a hint. */
static bool is_full_for(const struct unix_socket *self, const struct unix_socket *other)
{
	return other != self && READ_ONCE(other->peer) != self && unix_is_full(other);
}

/* Self no longer sends to `peer`: what came from there is dropped, and a peer that was connected back is told. */
void unix_datagram_disconnected(struct unix_socket *self, struct unix_socket *peer)
{
	struct list queue = LIST_INIT(queue);
	bool told = false;

	mutex_lock(&self->socket.read_lock);
	spin_lock(&self->socket.lock);
	list_splice_tail_init(&self->socket.queue, &queue);
	self->socket.queue_length = 0;
	spin_unlock(&self->socket.lock);
	mutex_unlock(&self->socket.read_lock);
	if (list_empty(&queue))
		goto out;
	net_buffers_free(&queue);
	wait_wake_all(&self->peer_wait, READY_OUT);
	spin_lock(&peer->socket.lock);
	told = !peer->socket.dead && peer->peer == self;
	if (told)
		WRITE_ONCE(peer->socket.error, ECONNRESET);
	spin_unlock(&peer->socket.lock);
	if (told) {
		wait_wake_all(&peer->socket.read_wait, READY_IN | POLLERR);
		wait_wake_all(&peer->socket.write_wait, READY_OUT | POLLHUP | POLLERR);
	}
out:
	spin_lock(&peer->socket.lock);
	if (!peer->socket.dead)
		peer->socket.state = SOCKET_CLOSED;
	spin_unlock(&peer->socket.lock);
}

/* --- Connecting ------------------------------------------------------------------------------------------------------- */

/* `other` NULL: to nobody. Consumes its reference. */
static int peer_set(struct unix_socket *self, struct unix_socket *other)
{
	struct unix_socket *second = other ? other : self, *old;
	bool relayed;
	int error = 0;

	unix_lock_two(self, second);
	if (other && other->socket.dead)
		error = -ECONNREFUSED;
	else if (other && !may_send(self, other))
		error = -EPERM;
	if (error) {
		unix_unlock_two(self, second);
		unix_put(other);
		return error;
	}
	old = self->peer;
	self->peer = other;
	self->socket.state = other ? SOCKET_CONNECTED : SOCKET_CLOSED;
	if (other)
		other->socket.state = SOCKET_CONNECTED;
	relayed = self->relaying;
	if (relayed)
		wait_remove(&old->peer_wait, &self->relay);
	self->relaying = false;
	unix_unlock_two(self, second);
	if (old && old != other)
		unix_datagram_disconnected(self, old);
	/* Who polls it must look again, and set up a relay to the new peer, or anew to the same one. */
	if (relayed || (old && old != other))
		wait_wake_all(&self->socket.write_wait, READY_OUT);
	unix_put(old);
	return 0;
}

static int datagram_connect(struct socket *socket, struct socket_address *address, bool no_wait)
{
	struct unix_socket *self = unix_of(socket), *other;
	int error;

	(void)no_wait;
	if (address->length < sizeof(address->family))
		return -EINVAL;
	if (address->family == AF_UNSPEC)
		return peer_set(self, NULL);
	error = unix_address_check(address);
	if (!error && (READ_ONCE(socket->options) & OPTION_PASS_CREDENTIALS))
		error = unix_autobind(self);
	if (error)
		return error;
	other = unix_find(address, socket->type);
	return IS_ERR(other) ? (int)PTR_ERR(other) : peer_set(self, other);
}

static int datagram_listen(struct socket *socket, u32 backlog)
{
	(void)socket, (void)backlog;
	return -EOPNOTSUPP;
}

static int datagram_accept(struct socket *socket, bool no_wait, struct socket **accepted)
{
	(void)socket, (void)no_wait, (void)accepted;
	return -EOPNOTSUPP;
}

/* --- Sending ---------------------------------------------------------------------------------------------------------- */

struct sending {
	struct unix_socket *self, *other; /* other: a reference */
	const struct message *message;
	struct net_buffer *buffer;
};

/* The receiver is gone: a socket that was connected to it no longer is. */
static int receiver_dead(struct sending *sending)
{
	struct unix_socket *self = sending->self, *other = sending->other;
	bool connected;

	if (is_sequence(&self->socket))
		return -EPIPE;
	spin_lock(&self->socket.lock);
	connected = self->peer == other;
	if (connected) {
		self->peer = NULL;
		self->socket.state = SOCKET_CLOSED;
		if (self->relaying)
			wait_remove(&other->peer_wait, &self->relay);
		self->relaying = false;
	}
	spin_unlock(&self->socket.lock);
	if (connected) {
		unix_datagram_disconnected(self, other);
		unix_put(other);
	}
	return -ECONNREFUSED;
}

/* 1: it is queued; 0: the receiver is full; or -errno. Its lock held. */
static int queue_locked(struct sending *sending)
{
	struct socket *other = &sending->other->socket;

	if (!may_send(sending->self, sending->other) && !is_sequence(other))
		return -EPERM;
	if (other->shutdown & ENDED_READ)
		return -EPIPE;
	if (is_full_for(sending->self, sending->other))
		return 0;
	if (!sending->buffer->scm.cred.pid && scm_wants_cred(&sending->self->socket, other))
		sending->buffer->scm.cred = cred_of_current();
	list_add_tail(&sending->buffer->link, &other->queue);
	WRITE_ONCE(other->queue_length, other->queue_length + 1);
	return 1;
}

static int queue_or_wait(struct sending *sending)
{
	struct socket *other = &sending->other->socket;
	u64 deadline = socket_deadline(READ_ONCE(sending->self->socket.send_timeout_ns),
				       message_no_wait(sending->message));

	for (;;) {
		int result;
		bool dead;

		spin_lock(&other->lock);
		dead = other->dead;
		result = dead ? 0 : queue_locked(sending);
		spin_unlock(&other->lock);
		if (dead)
			return receiver_dead(sending);
		if (result < 0)
			return result;
		if (result) {
			wait_wake_all(&other->read_wait, READY_IN);
			return 0;
		}
		result = unix_wait_for_room(sending->other, deadline);
		if (result)
			return result;
	}
}

static int message_make(struct sending *sending, struct scm *scm)
{
	struct socket *socket = &sending->self->socket;
	size_t size = sending->message->iter->left;
	u32 paged = 0;
	int error;

	if (size > READ_ONCE(socket->send_limit) - 32)
		return -EMSGSIZE;
	if (size > LINEAR_MAX)
		paged = (u32)MIN(size - LINEAR_MAX + PAGE_SIZE - 1, (size_t)PAGED_MAX) &
			~(u32)(PAGE_SIZE - 1);
	sending->buffer = net_buffer_send(socket, sending->message->iter, (u32)size, paged,
					  message_no_wait(sending->message));
	if (IS_ERR(sending->buffer))
		return (int)PTR_ERR(sending->buffer);
	error = scm->files ? scm_files_charge(scm->files) : 0;
	if (error) {
		net_buffer_free(sending->buffer);
		return error;
	}
	sending->buffer->scm = *scm;
	scm->files = NULL;
	return 0;
}

static int receiver_find(struct sending *sending)
{
	struct socket_address *name = sending->message->name;
	int error;

	if (!name) {
		sending->other = unix_peer_get(sending->self);
		return sending->other ? 0 : -ENOTCONN;
	}
	error = unix_address_check(name);
	return error;
}

static int send_parsed(struct sending *sending, struct scm *scm)
{
	struct unix_socket *self = sending->self;
	int error;

	if (sending->message->flags & MSG_OOB)
		return -EOPNOTSUPP;
	error = receiver_find(sending);
	if (!error && (READ_ONCE(self->socket.options) & OPTION_PASS_CREDENTIALS))
		error = unix_autobind(self);
	if (!error)
		error = message_make(sending, scm);
	if (error)
		return error;
	if (!sending->other) {
		struct unix_socket *found = unix_find(sending->message->name, self->socket.type);

		if (IS_ERR(found))
			error = (int)PTR_ERR(found);
		else
			sending->other = found;
	}
	if (!error)
		error = queue_or_wait(sending);
	if (error)
		net_buffer_free(sending->buffer);
	return error;
}

static ssize_t datagram_send(struct socket *socket, struct message *message)
{
	struct sending sending = { .self = unix_of(socket), .message = message };
	size_t size = message->iter->left;
	struct scm scm;
	int error = scm_parse(&scm, message);

	if (error)
		return error;
	error = send_parsed(&sending, &scm);
	unix_put(sending.other);
	scm_files_free(scm.files);
	return error ? error : (ssize_t)size;
}

static ssize_t sequence_send(struct socket *socket, struct message *message)
{
	int error = socket_take_error(socket);

	if (error)
		return error;
	if (READ_ONCE(socket->state) != SOCKET_CONNECTED)
		return -ENOTCONN;
	message->name = NULL;
	return datagram_send(socket, message);
}

/* --- Receiving -------------------------------------------------------------------------------------------------------- */

/* The first message, out of the queue unless peeking. read_lock held. */
static struct net_buffer *first_take(struct socket *socket, bool peek)
{
	struct net_buffer *first;

	spin_lock(&socket->lock);
	first = list_first_entry_or_null(&socket->queue, struct net_buffer, link);
	if (first && !peek) {
		list_del(&first->link);
		WRITE_ONCE(socket->queue_length, socket->queue_length - 1);
	}
	spin_unlock(&socket->lock);
	return first;
}

static ssize_t message_copy(struct message *message, struct net_buffer *buffer, struct scm *scm,
			    bool peek)
{
	size_t size = MIN(message->iter->left, (size_t)buffer->length);
	struct unix_socket *source = unix_of(buffer->owner);

	if (message->name && load_acquire(&source->address))
		unix_name_copy(source, message->name);
	if (size < buffer->length)
		message->result_flags |= MSG_TRUNC;
	if (net_buffer_copy(buffer, message->iter, 0, size) < size)
		return -EFAULT;
	*scm = buffer->scm;
	if (!peek) {
		buffer->scm.files = NULL;
		scm_files_uncharge(scm->files);
	} else if (scm->files && !(scm->files = scm_files_copy(scm->files))) {
		return -ENOMEM;
	}
	return (ssize_t)(message->flags & MSG_TRUNC ? buffer->length : size);
}

/* 1 and *result, or 0 if nothing is there, or the pending error. */
static int receive_one(struct socket *socket, struct message *message, struct scm *scm,
		       ssize_t *result)
{
	bool peek = message->flags & MSG_PEEK;
	struct net_buffer *buffer;
	int error;

	mutex_lock(&socket->read_lock);
	error = socket_take_error(socket);
	buffer = error ? NULL : first_take(socket, peek);
	if (buffer)
		*result = message_copy(message, buffer, scm, peek);
	mutex_unlock(&socket->read_lock);
	if (!buffer)
		return error;
	wait_wake_all(&unix_of(socket)->peer_wait, READY_OUT);
	if (!peek)
		net_buffer_free(buffer);
	return 1;
}

static int receive_wait(struct socket *socket, u64 deadline)
{
	int error = wait_event_until(&socket->read_wait,
				     !list_empty(&socket->queue) || READ_ONCE(socket->error) ||
					     (READ_ONCE(socket->shutdown) & ENDED_READ),
				     SLEEP_INTERRUPTIBLE, deadline);

	return error ? socket_wait_error(error, deadline) : 0;
}

static ssize_t datagram_receive(struct socket *socket, struct message *message)
{
	u64 deadline =
		socket_deadline(READ_ONCE(socket->receive_timeout_ns), message_no_wait(message));
	struct scm scm = { .files = NULL };
	ssize_t result = 0;
	int got;

	if (message->flags & MSG_OOB)
		return -EOPNOTSUPP;
	while (!(got = receive_one(socket, message, &scm, &result))) {
		bool ended = READ_ONCE(socket->shutdown) & ENDED_READ;

		if (ended && (deadline || is_sequence(socket)) && list_empty(&socket->queue))
			return 0;
		if (!deadline)
			return -EAGAIN;
		got = receive_wait(socket, deadline);
		if (got)
			break;
	}
	if (got < 0)
		return got;
	if (result >= 0)
		scm_deliver(socket, message, &scm);
	return result;
}

static ssize_t sequence_receive(struct socket *socket, struct message *message)
{
	return READ_ONCE(socket->state) == SOCKET_CONNECTED ? datagram_receive(socket, message)
							    : -ENOTCONN;
}

/* --- Readiness -------------------------------------------------------------------------------------------------------- */

static bool can_send(struct unix_socket *self)
{
	struct unix_socket *other;
	bool full;

	if (READ_ONCE(self->socket.state) == SOCKET_LISTENING || !socket_is_writable(&self->socket))
		return false;
	other = unix_peer_get(self);
	if (!other)
		return true;
	full = is_full_for(self, other);
	if (full) {
		unix_relay_start(self, other);
		memory_fence(); /* the relay is there, or the room made before it is seen */
		full = is_full_for(self, other);
	}
	unix_put(other);
	return !full;
}

static u32 datagram_poll(struct socket *socket, struct file *file, struct poll_table *table)
{
	u32 ready = unix_poll_in(socket, file, table, is_sequence(socket));

	if (can_send(unix_of(socket)))
		ready |= READY_OUT | POLLWRBAND;
	return ready;
}

const struct proto_ops unix_datagram_ops = {
	.bind = unix_bind,
	.connect = datagram_connect,
	.pair = unix_pair,
	.listen = datagram_listen,
	.accept = datagram_accept,
	.name = unix_name,
	.shutdown = unix_shutdown,
	.send = datagram_send,
	.receive = datagram_receive,
	.poll = datagram_poll,
	.ioctl = unix_ioctl,
	.release = unix_release,
	.destroy = unix_destroy,
};

const struct proto_ops unix_sequence_ops = {
	.bind = unix_bind,
	.connect = unix_connect,
	.pair = unix_pair,
	.listen = unix_listen,
	.accept = unix_accept,
	.name = unix_name,
	.shutdown = unix_shutdown,
	.send = sequence_send,
	.receive = sequence_receive,
	.poll = datagram_poll,
	.ioctl = unix_ioctl,
	.release = unix_release,
	.destroy = unix_destroy,
};
