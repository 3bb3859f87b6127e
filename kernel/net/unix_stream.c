/*
 * AF_UNIX streams: sending and receiving bytes. A send is cut into pieces of at most PIECE_MAX; each piece is queued whole,
 * so that writers mix only between pieces. Reading does not go past open files that came with a piece, nor, when
 * credentials are wanted, from one writer's bytes to another's.
 */
#include "internal.h"

#include <abi/errno.h>
#include <abi/signal.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <lib/err.h>

#define LINEAR_MAX 3776u /* what Linux puts into one page with its own headers */
#define PIECE_MAX (LINEAR_MAX + 32768u)

/* --- Sending ---------------------------------------------------------------------------------------------------------- */

static struct net_buffer *piece_make(struct socket *socket, struct message *message)
{
	u32 limit = MIN(READ_ONCE(socket->send_limit) / 2 - 64, PIECE_MAX);
	u32 size = (u32)MIN(message->iter->left, (size_t)limit);
	u32 paged = size > LINEAR_MAX ? (size - LINEAR_MAX + PAGE_SIZE - 1) & ~(u32)(PAGE_SIZE - 1)
				      : 0;

	return net_buffer_send(socket, message->iter, size, MIN(paged, size),
			       message_no_wait(message));
}

/* Files travel with the first piece, credentials with each. Consumes the files. */
static int piece_attach(struct net_buffer *piece, struct scm *scm, bool cred)
{
	int error = scm->files ? scm_files_charge(scm->files) : 0;

	if (error)
		return error;
	piece->scm = *scm;
	scm->files = NULL;
	if (cred && !piece->scm.cred.pid)
		piece->scm.cred = cred_of_current();
	return 0;
}

static int piece_queue(struct socket *peer, struct net_buffer *piece)
{
	bool closed;

	spin_lock(&peer->lock);
	closed = peer->dead || (peer->shutdown & ENDED_READ);
	if (!closed)
		list_add_tail(&piece->link, &peer->queue);
	spin_unlock(&peer->lock);
	if (closed)
		return -EPIPE;
	wait_wake_all(&peer->read_wait, READY_IN);
	return 0;
}

static int piece_send(struct socket *socket, struct socket *peer, struct message *message,
		      struct scm *scm)
{
	struct net_buffer *piece = piece_make(socket, message);
	int error;

	if (IS_ERR(piece))
		return (int)PTR_ERR(piece);
	error = piece_attach(piece, scm, scm_wants_cred(socket, peer));
	if (!error)
		error = piece_queue(peer, piece);
	if (error)
		net_buffer_free(piece);
	return error;
}

static int send_check(struct socket *socket, const struct message *message)
{
	if (message->name)
		return READ_ONCE(socket->state) == SOCKET_CONNECTED ? -EISCONN : -EOPNOTSUPP;
	if (!load_acquire(&unix_of(socket)->peer))
		return -ENOTCONN;
	return READ_ONCE(socket->shutdown) & ENDED_WRITE ? -EPIPE : 0;
}

static ssize_t send_bytes(struct socket *socket, struct message *message)
{
	size_t wanted = message->iter->left, sent;
	struct scm scm;
	int error = scm_parse(&scm, message);

	if (error)
		return error;
	error = send_check(socket, message);
	for (sent = 0; !error && sent < wanted;) {
		error = piece_send(socket, &unix_of(socket)->peer->socket, message, &scm);
		if (!error)
			sent = wanted - message->iter->left;
	}
	scm_files_free(scm.files);
	if (error == -EPIPE && !sent && !(message->flags & MSG_NOSIGNAL))
		signal_kernel(current, SIGPIPE, false);
	return sent ? (ssize_t)sent : error;
}

static int send_last(struct socket *socket, struct message *message, struct scm *scm)
{
	struct socket *peer = &unix_of(socket)->peer->socket;
	struct net_buffer *piece =
		net_buffer_send(socket, message->iter, 1, 0, message_no_wait(message));
	int error;

	if (IS_ERR(piece))
		return (int)PTR_ERR(piece);
	error = piece_attach(piece, scm, scm_wants_cred(socket, peer));
	if (!error)
		return unix_urgent_queue(peer, piece);
	net_buffer_free(piece);
	return error;
}

/* The last byte is the urgent one; those before it go first, with the control messages. */
static ssize_t send_urgent(struct socket *socket, struct message *message)
{
	size_t before = message->iter->left - 1;
	ssize_t sent = 0;
	struct scm scm;
	int error;

	if (!message->iter->left)
		return -EOPNOTSUPP;
	if (before) {
		message->iter->left--;
		sent = send_bytes(socket, message);
		message->iter->left++;
		message->control_size = 0;
		if (sent < (ssize_t)before)
			return sent;
	}
	error = scm_parse(&scm, message);
	if (error)
		return sent ? sent : error;
	error = send_check(socket, message);
	if (error == -EPIPE && !sent && !(message->flags & MSG_NOSIGNAL))
		signal_kernel(current, SIGPIPE, false);
	if (!error)
		error = send_last(socket, message, &scm);
	scm_files_free(scm.files);
	if (!error)
		sent++;
	return sent ? sent : error;
}

static ssize_t stream_send(struct socket *socket, struct message *message)
{
	if (unlikely(message->flags & MSG_OOB))
		return send_urgent(socket, message);
	return send_bytes(socket, message);
}

/* --- Receiving -------------------------------------------------------------------------------------------------------- */

struct reading {
	struct socket *socket;
	struct message *message;
	struct scm scm; /* of what was read */
	size_t copied;
	size_t target; /* enough to return */
	bool has_cred; /* scm.cred is that of the first piece */
	bool over;
	bool skipped; /* a peek went past the urgent byte */
	struct list dropped; /* pieces that nobody reads, to be freed without read_lock */
};

/* May the piece be joined to what was read before? */
static bool may_join_cred(struct reading *reading, const struct net_buffer *piece)
{
	const struct abi_ucred *a = &reading->scm.cred, *b = &piece->scm.cred;

	if (reading->has_cred)
		return a->pid == b->pid && a->uid == b->uid && a->gid == b->gid;
	if (READ_ONCE(reading->socket->options) & OPTION_PASS_CREDENTIALS) {
		reading->scm.cred = piece->scm.cred;
		reading->has_cred = true;
	}
	return true;
}

static enum piece_verdict judge(struct reading *reading, struct net_buffer *piece)
{
	u32 options = READ_ONCE(reading->socket->options);
	enum piece_verdict verdict = PIECE_READ;

	if (likely(!(options & (OPTION_PASS_CREDENTIALS | OPTION_URGENT)) && !reading->has_cred))
		return PIECE_READ;
	if (options & OPTION_URGENT)
		verdict = unix_urgent_judge(reading->socket, piece, reading->message->flags,
					    reading->copied, &reading->dropped);
	return verdict == PIECE_READ && !may_join_cred(reading, piece) ? PIECE_STOP : verdict;
}

static int verdict_apply(struct reading *reading, enum piece_verdict verdict)
{
	reading->over = verdict == PIECE_STOP;
	if (verdict == PIECE_SKIP && (reading->message->flags & MSG_PEEK))
		reading->skipped = true;
	return verdict == PIECE_NOTHING ? -ENODATA : 0;
}

static void source_copy(struct message *message, const struct net_buffer *piece)
{
	if (message->name && !message->name->length && load_acquire(&unix_of(piece->owner)->address))
		unix_name_copy(unix_of(piece->owner), message->name);
}

static int files_take(struct reading *reading, struct net_buffer *piece, bool peek)
{
	if (!piece->scm.files)
		return 0;
	reading->over = true;
	if (!peek) {
		reading->scm.files = piece->scm.files;
		piece->scm.files = NULL;
		scm_files_uncharge(reading->scm.files);
		return 0;
	}
	reading->scm.files = scm_files_copy(piece->scm.files);
	return reading->scm.files ? 0 : -ENOMEM;
}

/* read_lock held. 0 or -errno, -ENODATA for an end of the urgent byte's making; bytes are counted in reading->copied. */
static int piece_read(struct reading *reading, struct net_buffer *piece)
{
	struct io_iter *iter = reading->message->iter;
	bool peek = reading->message->flags & MSG_PEEK;
	size_t size = MIN(iter->left, (size_t)piece->length), moved;
	enum piece_verdict verdict = judge(reading, piece);
	int error;

	if (unlikely(verdict != PIECE_READ))
		return verdict_apply(reading, verdict);
	source_copy(reading->message, piece);
	moved = net_buffer_copy(piece, iter, 0, size);
	reading->copied += moved;
	if (moved < size)
		reading->over = true;
	if (!moved && size)
		return -EFAULT;
	error = files_take(reading, piece, peek);
	if (!peek) {
		piece->start += (u32)moved;
		piece->length -= (u32)moved;
		if (!piece->length)
			unix_piece_remove(reading->socket, piece);
	}
	return error;
}

/* The piece behind `last`, or the first. */
static struct net_buffer *piece_after(struct socket *socket, const struct net_buffer *last)
{
	struct list *next;

	spin_lock(&socket->lock);
	next = last ? last->link.next : socket->queue.next;
	if (next == &socket->queue)
		next = NULL;
	spin_unlock(&socket->lock);
	return next ? list_entry(next, struct net_buffer, link) : NULL;
}

/* What is there. read_lock held: pieces are only added meanwhile. -ENODATA: as if there were nothing. */
static int read_available(struct reading *reading)
{
	bool peek = reading->message->flags & MSG_PEEK;
	struct net_buffer *piece = NULL;
	int error = 0;

	while (!error && !reading->over) {
		piece = piece_after(reading->socket, peek ? piece : NULL);
		if (!piece)
			break;
		error = piece_read(reading, piece);
		if (!reading->message->iter->left)
			reading->over = true;
	}
	if (peek && reading->copied)
		reading->over = true;
	return error;
}

/* Nothing is there: 0 and reading->over at the end, -errno, or 0 to wait. */
static int read_empty(struct reading *reading, u64 deadline)
{
	struct socket *socket = reading->socket;
	int error;

	if (reading->over)
		return 0;
	if (reading->copied >= reading->target) {
		reading->over = true;
		return 0;
	}
	error = socket_take_error(socket);
	if (error)
		return error;
	if (READ_ONCE(socket->shutdown) & ENDED_READ) {
		reading->over = list_empty(&socket->queue) || reading->skipped;
		return 0;
	}
	return deadline ? 0 : -EAGAIN;
}

static int read_wait(struct socket *socket, u64 deadline)
{
	int error = wait_event_until(&socket->read_wait,
				     !list_empty(&socket->queue) || READ_ONCE(socket->error) ||
					     (READ_ONCE(socket->shutdown) & ENDED_READ),
				     SLEEP_INTERRUPTIBLE, deadline);

	return error ? socket_wait_error(error, deadline) : 0;
}

/* All that is there is an urgent byte, which a peek does not see: until there is more. */
static int peek_wait(struct reading *reading, u64 deadline)
{
	struct socket *socket = reading->socket;
	int error = wait_event_until(&socket->read_wait,
				     unix_has_plain(socket) || READ_ONCE(socket->error) ||
					     (READ_ONCE(socket->shutdown) & ENDED_READ),
				     SLEEP_INTERRUPTIBLE, deadline);

	reading->skipped = false;
	return error ? socket_wait_error(error, deadline) : 0;
}

static int read_until_target(struct reading *reading, u64 deadline)
{
	struct socket *socket = reading->socket;
	int error;

	for (;;) {
		mutex_lock(&socket->read_lock);
		error = read_available(reading);
		if (!error || error == -ENODATA)
			error = read_empty(reading, deadline);
		mutex_unlock(&socket->read_lock);
		net_buffers_free(&reading->dropped);
		if (error || reading->over)
			return error;
		error = unlikely(reading->skipped) ? peek_wait(reading, deadline)
						   : read_wait(socket, deadline);
		if (error)
			return error;
	}
}

static ssize_t stream_receive(struct socket *socket, struct message *message)
{
	struct reading reading = { .socket = socket, .message = message };
	size_t low_water = (size_t)READ_ONCE(socket->low_water);
	int error;

	list_init(&reading.dropped);
	if (READ_ONCE(socket->state) != SOCKET_CONNECTED)
		return -EINVAL;
	if (message->flags & MSG_OOB)
		return unix_urgent_receive(socket, message);
	reading.target = MIN(message->flags & MSG_WAITALL ? message->iter->left : low_water,
			     message->iter->left);
	reading.target = MAX(reading.target, (size_t)1);
	error = read_until_target(&reading, socket_deadline(READ_ONCE(socket->receive_timeout_ns),
							    message_no_wait(message)));
	scm_deliver(socket, message, &reading.scm);
	return reading.copied ? (ssize_t)reading.copied : error;
}

/* --- Readiness -------------------------------------------------------------------------------------------------------- */

static u32 stream_poll(struct socket *socket, struct file *file, struct poll_table *table)
{
	u32 ready = unix_poll_in(socket, file, table, true);

	if (READ_ONCE(unix_of(socket)->urgent))
		ready |= POLLPRI;
	if (READ_ONCE(socket->state) != SOCKET_LISTENING && socket_is_writable(socket))
		ready |= READY_OUT | POLLWRBAND;
	return ready;
}

const struct proto_ops unix_stream_ops = {
	.bind = unix_bind,
	.connect = unix_connect,
	.pair = unix_pair,
	.listen = unix_listen,
	.accept = unix_accept,
	.name = unix_name,
	.shutdown = unix_shutdown,
	.send = stream_send,
	.receive = stream_receive,
	.poll = stream_poll,
	.ioctl = unix_ioctl,
	.release = unix_release,
	.destroy = unix_destroy,
};
