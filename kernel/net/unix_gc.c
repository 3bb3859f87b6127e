/*
 * Sockets that nothing but messages holds. A socket sent through itself, or two sent through each other, and then closed
 * can never be received again, and their references keep them for ever; so when a socket is closed while others are in
 * flight, a worker looks for such sockets and frees the messages.
 *
 * A socket whose file has no references but those of messages is a candidate. Of its messages those are taken off that wait
 * in queues of candidates; if any are left, it can be received, and so can all that its own queue leads to. The rest is
 * garbage.
 *
 * flight_lock is held while a socket gets into flight or out of it, and over the whole search. So no message with a
 * candidate can be handed to a program meanwhile: a candidate's queue has no reader, and only grows.
 */
#include "internal.h"

#include <kernel/work.h>

static struct mutex flight_lock = MUTEX_INIT(flight_lock, RANK_SLEEP_MISC);
static struct list in_flight = LIST_INIT(in_flight); /* [flight_lock] unix_socket->flight_link */

static void work_collect(struct work *work);
static struct work collect_work = { .fn = work_collect, .link = LIST_INIT(collect_work.link) };

static struct unix_socket *unix_of_file(const struct file *file)
{
	struct socket *socket = socket_of_file(file);

	return socket && socket->family == AF_UNIX ? unix_of(socket) : NULL;
}

/* --- Into flight, and out of it --------------------------------------------------------------------------------------- */

void unix_flight_begin(const struct scm_files *files)
{
	mutex_lock(&flight_lock);
	for (u32 i = 0; i < files->count; i++) {
		struct unix_socket *self = unix_of_file(files->files[i]);

		if (!self)
			continue;
		if (!self->flights++)
			list_add_tail(&self->flight_link, &in_flight);
		self->flying_file = files->files[i];
	}
	mutex_unlock(&flight_lock);
}

void unix_flight_end(const struct scm_files *files)
{
	mutex_lock(&flight_lock);
	for (u32 i = 0; i < files->count; i++) {
		struct unix_socket *self = unix_of_file(files->files[i]);

		if (self && !--self->flights)
			list_del_init(&self->flight_link);
	}
	mutex_unlock(&flight_lock);
}

void unix_flight_wait(void)
{
	mutex_lock(&flight_lock);
	mutex_unlock(&flight_lock);
}

/* --- The search. flight_lock held. ------------------------------------------------------------------------------------- */

struct search {
	struct list live; /* unix_socket->live_link: reachable, their queues not looked at yet */
	struct list garbage; /* messages */
};

typedef void (*visit_fn)(struct search *search, struct unix_socket *flying);

/* Calls `visit` for each candidate that the message holds: true if there is one. */
static bool buffer_scan(struct search *search, const struct net_buffer *buffer, visit_fn visit)
{
	const struct scm_files *files = buffer->scm.files;
	bool found = false;

	for (u32 i = 0; files && i < files->count; i++) {
		struct unix_socket *flying = unix_of_file(files->files[i]);

		if (!flying || !flying->is_candidate)
			continue;
		found = true;
		if (visit)
			visit(search, flying);
	}
	return found;
}

/* The queue's lock held. Without `visit`, messages that hold candidates are moved to search->garbage. */
static void queue_scan(struct search *search, struct socket *socket, visit_fn visit)
{
	struct net_buffer *buffer, *next;

	list_for_each_entry_safe (buffer, next, &socket->queue, link) {
		if (!buffer_scan(search, buffer, visit) || visit)
			continue;
		list_move_tail(&buffer->link, &search->garbage);
		WRITE_ONCE(socket->queue_length, socket->queue_length - !!socket->queue_length);
	}
}

/* A listener's queue holds connections, with a queue each. */
static void socket_scan(struct search *search, struct unix_socket *self, visit_fn visit)
{
	struct socket *socket = &self->socket;
	struct unix_socket *waiting;

	spin_lock(&socket->lock);
	if (socket->state != SOCKET_LISTENING) {
		queue_scan(search, socket, visit);
	} else {
		list_for_each_entry (waiting, &socket->queue, pending) {
			spin_lock_nested(&waiting->socket.lock);
			queue_scan(search, &waiting->socket, visit);
			spin_unlock(&waiting->socket.lock);
		}
	}
	spin_unlock(&socket->lock);
}

static void count_inside(struct search *search, struct unix_socket *flying)
{
	(void)search;
	flying->outside--;
}

static void make_live(struct search *search, struct unix_socket *flying)
{
	flying->is_candidate = false;
	list_add_tail(&flying->live_link, &search->live);
}

static void find_candidates(void)
{
	struct unix_socket *self;

	list_for_each_entry (self, &in_flight, flight_link) {
		self->outside = self->flights;
		self->is_candidate = (u32)ref_read(&self->flying_file->ref) == self->flights;
	}
}

static void spread_life(struct search *search)
{
	struct unix_socket *self;

	list_for_each_entry (self, &in_flight, flight_link)
		if (self->is_candidate && self->outside)
			make_live(search, self);
	while (!list_empty(&search->live)) {
		self = list_first_entry(&search->live, struct unix_socket, live_link);
		list_del_init(&self->live_link);
		socket_scan(search, self, make_live);
	}
}

static void search_locked(struct search *search)
{
	struct unix_socket *self;

	find_candidates();
	list_for_each_entry (self, &in_flight, flight_link)
		if (self->is_candidate)
			socket_scan(search, self, count_inside);
	spread_life(search);
	list_for_each_entry (self, &in_flight, flight_link)
		if (self->is_candidate)
			socket_scan(search, self, NULL);
}

static void work_collect(struct work *work)
{
	struct search search = { LIST_INIT(search.live), LIST_INIT(search.garbage) };

	(void)work;
	mutex_lock(&flight_lock);
	search_locked(&search);
	mutex_unlock(&flight_lock);
	net_buffers_free(&search.garbage);
}

void unix_gc(void)
{
	if (!list_empty(&in_flight))
		work_queue(&collect_work);
}
