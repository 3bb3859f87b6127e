/*
 * AF_UNIX streams: the urgent byte (MSG_OOB). It lies in the queue as a piece of its own. Taken by itself it leaves an empty
 * piece behind; a read stops before it and, once at it, drops it, unless it is to be read in line (SO_OOBINLINE). A second one
 * makes the first a byte as others. Where a read stops is Linux 6.1's, down to the empty piece that ends one.
 */
#include "internal.h"

#include <abi/errno.h>

static void piece_unlink(struct socket *socket, struct net_buffer *piece)
{
	spin_lock(&socket->lock);
	list_del(&piece->link);
	if (unix_of(socket)->urgent == piece)
		WRITE_ONCE(unix_of(socket)->urgent, NULL);
	spin_unlock(&socket->lock);
}

void unix_piece_remove(struct socket *socket, struct net_buffer *piece)
{
	piece_unlink(socket, piece);
	net_buffer_free(piece);
}

bool unix_has_plain(struct socket *socket)
{
	struct net_buffer *piece;
	bool found = false;

	spin_lock(&socket->lock);
	list_for_each_entry (piece, &socket->queue, link)
		found = found || (piece->length && piece != unix_of(socket)->urgent);
	spin_unlock(&socket->lock);
	return found;
}

static bool is_in_line(const struct socket *socket)
{
	return READ_ONCE(socket->options) & OPTION_OOB_INLINE;
}

/* read_lock is held, and the last references of open files may come with it: they are dropped later. */
static void piece_drop(struct socket *socket, struct net_buffer *piece, struct list *dropped)
{
	piece_unlink(socket, piece);
	list_add_tail(&piece->link, dropped);
}

static enum piece_verdict judge_urgent(struct socket *socket, struct net_buffer *piece, u32 flags,
				       struct list *dropped)
{
	if (!is_in_line(socket)) {
		if (!(flags & MSG_PEEK))
			piece_drop(socket, piece, dropped);
		return PIECE_SKIP;
	}
	if (!(flags & MSG_PEEK)) {
		spin_lock(&socket->lock);
		if (unix_of(socket)->urgent == piece)
			WRITE_ONCE(unix_of(socket)->urgent, NULL);
		spin_unlock(&socket->lock);
	}
	return PIECE_READ;
}

enum piece_verdict unix_urgent_judge(struct socket *socket, struct net_buffer *piece, u32 flags,
				     bool copied, struct list *dropped)
{
	if (!piece->length) {
		if (flags & MSG_PEEK)
			return PIECE_SKIP;
		piece_drop(socket, piece, dropped);
		return copied ? PIECE_STOP : PIECE_NOTHING;
	}
	if (READ_ONCE(unix_of(socket)->urgent) != piece)
		return PIECE_READ;
	return copied ? PIECE_STOP : judge_urgent(socket, piece, flags, dropped);
}

/* read_lock held, so that nobody else removes it; NULL: there is none to be taken by itself. */
static struct net_buffer *urgent_take(struct socket *socket, bool peek)
{
	struct net_buffer *piece = NULL;

	spin_lock(&socket->lock);
	if (!is_in_line(socket))
		piece = unix_of(socket)->urgent;
	if (piece && !peek)
		WRITE_ONCE(unix_of(socket)->urgent, NULL);
	spin_unlock(&socket->lock);
	return piece;
}

ssize_t unix_urgent_receive(struct socket *socket, struct message *message)
{
	bool peek = message->flags & MSG_PEEK;
	struct net_buffer *piece;
	ssize_t result = -EINVAL;

	mutex_lock(&socket->read_lock);
	piece = urgent_take(socket, peek);
	if (piece) {
		result = net_buffer_copy(piece, message->iter, 0, 1) == 1 ? 1 : -EFAULT;
		if (!peek) {
			piece->start++;
			piece->length--;
		}
	}
	mutex_unlock(&socket->read_lock);
	if (result == 1)
		message->result_flags |= MSG_OOB;
	return result;
}

int unix_urgent_queue(struct socket *peer, struct net_buffer *piece)
{
	bool closed;

	spin_lock(&peer->lock);
	closed = peer->dead || (peer->shutdown & ENDED_READ);
	if (!closed) {
		WRITE_ONCE(peer->options, peer->options | OPTION_URGENT);
		WRITE_ONCE(unix_of(peer)->urgent, piece);
		list_add_tail(&piece->link, &peer->queue);
	}
	spin_unlock(&peer->lock);
	if (closed) {
		net_buffer_free(piece);
		return -EPIPE;
	}
	socket_signal_urgent(peer);
	unix_gc(); /* which may have taken the reference that the signal needed for a user's */
	wait_wake_all(&peer->read_wait, POLLPRI | POLLRDBAND);
	wait_wake_all(&peer->read_wait, READY_IN);
	return 0;
}

long unix_at_mark(struct socket *socket, struct user_ptr argument)
{
	struct net_buffer *first;
	bool at_mark;

	if (socket->type != SOCK_STREAM)
		return -EOPNOTSUPP;
	spin_lock(&socket->lock);
	first = socket->state == SOCKET_CONNECTED
			? list_first_entry_or_null(&socket->queue, struct net_buffer, link)
			: NULL;
	at_mark = first && first == unix_of(socket)->urgent;
	spin_unlock(&socket->lock);
	return user_write_u32(argument, at_mark);
}
