/* AF_UNIX streams and sequences: listening, connecting, accepting. A connection exists as soon as connect has queued it. */
#include "internal.h"

#include <abi/errno.h>
#include <kernel/sched.h>
#include <lib/err.h>

int unix_listen(struct socket *socket, u32 backlog)
{
	struct unix_socket *self = unix_of(socket);
	int error = 0;

	if (!load_acquire(&self->address))
		return -EINVAL;
	spin_lock(&socket->lock);
	if (socket->state == SOCKET_CONNECTED) {
		error = -EINVAL;
	} else {
		WRITE_ONCE(self->backlog, backlog);
		socket->state = SOCKET_LISTENING;
		socket->peer = cred_of_current();
	}
	spin_unlock(&socket->lock);
	if (!error)
		wait_wake_all(&self->peer_wait, READY_OUT);
	return error;
}

int unix_wait_for_room(struct unix_socket *other, u64 deadline)
{
	int error;

	if (!deadline)
		return -EAGAIN;
	error = wait_event_until(&other->peer_wait,
				 !unix_is_full(other) || READ_ONCE(other->socket.dead) ||
					 (READ_ONCE(other->socket.shutdown) & ENDED_READ),
				 SLEEP_INTERRUPTIBLE, deadline);
	return error ? socket_wait_error(error, deadline) : 0;
}

/* A connected socket for the listener's queue, which holds a reference of the other end. */
static struct unix_socket *connection_alloc(struct unix_socket *self)
{
	struct unix_socket *new = unix_alloc(self->socket.type);

	if (!new)
		return NULL;
	new->peer = unix_of(socket_get(&self->socket));
	new->socket.state = SOCKET_CONNECTED;
	new->socket.peer = cred_of_current();
	return new;
}

/* 0; -EAGAIN: the backlog is full. Both locks held. */
static int connect_locked(struct unix_socket *self, struct unix_socket *listener,
			  struct unix_socket *new)
{
	if (listener->socket.dead || listener->socket.state != SOCKET_LISTENING ||
	    (listener->socket.shutdown & ENDED_READ))
		return -ECONNREFUSED;
	if (unix_is_full(listener))
		return -EAGAIN;
	if (self->socket.state != SOCKET_CLOSED)
		return self->socket.state == SOCKET_CONNECTED ? -EISCONN : -EINVAL;
	self->socket.peer = listener->socket.peer;
	self->peer = unix_of(socket_get(&new->socket));
	self->socket.state = SOCKET_CONNECTED;
	list_add_tail(&new->pending, &listener->socket.queue);
	WRITE_ONCE(listener->socket.queue_length, listener->socket.queue_length + 1);
	return 0;
}

static int connect_to(struct unix_socket *self, struct unix_socket *listener,
		      struct unix_socket *new, u64 deadline)
{
	int error;

	do {
		unix_lock_two(self, listener);
		error = connect_locked(self, listener, new);
		unix_unlock_two(self, listener);
		if (error != -EAGAIN)
			break;
		error = unix_wait_for_room(listener, deadline);
	} while (!error);
	return error;
}

/* A connection that did not come about: nobody but the caller knows it. */
static void connection_free(struct unix_socket *new)
{
	struct unix_socket *peer = new->peer;

	new->peer = NULL;
	unix_put(peer);
	unix_put(new);
}

int unix_connect(struct socket *socket, struct socket_address *address, bool no_wait)
{
	struct unix_socket *self = unix_of(socket), *listener, *new;
	u64 deadline = socket_deadline(READ_ONCE(socket->send_timeout_ns), no_wait);
	int error = unix_address_check(address);

	if (!error && (READ_ONCE(socket->options) & OPTION_PASS_CREDENTIALS))
		error = unix_autobind(self);
	if (error)
		return error;
	new = connection_alloc(self);
	if (!new)
		return -ENOMEM;
	listener = unix_find(address, socket->type);
	if (IS_ERR(listener)) {
		connection_free(new);
		return (int)PTR_ERR(listener);
	}
	unix_name_inherit(new, listener);
	error = connect_to(self, listener, new, deadline);
	if (error)
		connection_free(new);
	else
		wait_wake_all(&listener->socket.read_wait, READY_IN);
	unix_put(listener);
	return error;
}

static struct unix_socket *take_pending(struct unix_socket *self)
{
	struct unix_socket *found;

	spin_lock(&self->socket.lock);
	found = list_first_entry_or_null(&self->socket.queue, struct unix_socket, pending);
	if (found) {
		list_del_init(&found->pending);
		WRITE_ONCE(self->socket.queue_length, self->socket.queue_length - 1);
	}
	spin_unlock(&self->socket.lock);
	return found;
}

int unix_accept(struct socket *socket, bool no_wait, struct socket **accepted)
{
	struct unix_socket *self = unix_of(socket), *found;
	u64 deadline = socket_deadline(READ_ONCE(socket->receive_timeout_ns), no_wait);

	if (READ_ONCE(socket->state) != SOCKET_LISTENING)
		return -EINVAL;
	while (!(found = take_pending(self))) {
		int error = socket_take_error(socket);

		if (error)
			return error;
		if (!deadline)
			return -EAGAIN;
		if (READ_ONCE(socket->shutdown) & ENDED_READ)
			return -EINVAL;
		error = wait_event_until(&socket->read_wait,
					 !list_empty(&socket->queue) ||
						 (READ_ONCE(socket->shutdown) & ENDED_READ),
					 SLEEP_INTERRUPTIBLE, deadline);
		if (error)
			return socket_wait_error(error, deadline);
	}
	wait_wake_all(&self->peer_wait, READY_OUT);
	spin_lock(&found->socket.lock);
	found->socket.options |= READ_ONCE(socket->options) &
				 (OPTION_PASS_CREDENTIALS | OPTION_PASS_SECURITY);
	spin_unlock(&found->socket.lock);
	*accepted = &found->socket;
	return 0;
}
