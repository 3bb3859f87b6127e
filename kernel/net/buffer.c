/* Messages in socket queues: room in the sender's buffer, storage, copying. */
#include "internal.h"

#include <abi/errno.h>
#include <kernel/page.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/slab.h>
#include <lib/err.h>

/* What a message costs is Linux's sum, for programs see it: when a send blocks, and by SIOCOUTQ. */
#define COST_HEADER 256u
#define COST_TAIL 320u

static u32 charge_of(u32 size, u32 paged)
{
	u32 head = ((size - paged + 63) & ~63u) + COST_TAIL;
	u32 pages = (paged + PAGE_SIZE - 1) & ~(u32)(PAGE_SIZE - 1);

	return (2u << ilog2(head - 1)) + COST_HEADER + pages;
}

static int wait_for_room(struct socket *sender, bool no_wait)
{
	u64 deadline = socket_deadline(READ_ONCE(sender->send_timeout_ns), no_wait);

	for (;;) {
		int error = socket_take_error(sender);

		if (error)
			return error;
		if (READ_ONCE(sender->shutdown) & ENDED_WRITE)
			return -EPIPE;
		if ((u32)atomic_read(&sender->sent) < READ_ONCE(sender->send_limit))
			return 0;
		WRITE_ONCE(sender->no_space, true);
		if (!deadline)
			return -EAGAIN;
		/* Once it is full, much of it must be empty again: fewer switches between the two ends. */
		error = wait_event_until(&sender->write_wait,
					 socket_is_writable(sender) || READ_ONCE(sender->error) ||
						 (READ_ONCE(sender->shutdown) & ENDED_WRITE),
					 SLEEP_INTERRUPTIBLE, deadline);
		if (error)
			return socket_wait_error(error, deadline);
	}
}

static char *inline_data(const struct net_buffer *buffer)
{
	return (char *)(uintptr_t)&buffer->pages[buffer->page_count];
}

static void storage_free(struct net_buffer *buffer)
{
	for (u32 i = 0; i < buffer->page_count; i++)
		if (buffer->pages[i])
			page_put(buffer->pages[i]);
	kfree(buffer);
}

static struct net_buffer *storage_alloc(u32 size)
{
	u32 in_line = size <= PAGE_SIZE ? size : 0;
	u32 pages = (size - in_line + PAGE_SIZE - 1) >> PAGE_SHIFT;
	struct net_buffer *buffer;

	buffer = kmalloc(sizeof(*buffer) + pages * sizeof(*buffer->pages) + in_line, 0);
	if (!buffer)
		return NULL;
	*buffer = (struct net_buffer){ .length = size, .inline_size = in_line, .page_count = pages };
	for (u32 i = 0; i < pages; i++)
		buffer->pages[i] = NULL;
	for (u32 i = 0; i < pages; i++) {
		buffer->pages[i] = page_alloc(0, 0, PAGE_KERNEL);
		if (!buffer->pages[i]) {
			storage_free(buffer);
			return NULL;
		}
	}
	return buffer;
}

/* The bytes at `at`, and how many lie together there. */
static char *data_at(const struct net_buffer *buffer, u32 at, size_t *together)
{
	if (at < buffer->inline_size) {
		*together = buffer->inline_size - at;
		return inline_data(buffer) + at;
	}
	at -= buffer->inline_size;
	*together = PAGE_SIZE - at % PAGE_SIZE;
	return (char *)page_virt(buffer->pages[at >> PAGE_SHIFT]) + at % PAGE_SIZE;
}

static int fill(struct net_buffer *buffer, struct io_iter *iter)
{
	for (u32 at = 0; at < buffer->length;) {
		size_t size;
		char *data = data_at(buffer, at, &size);

		size = MIN(size, (size_t)(buffer->length - at));
		if (io_iter_read(iter, data, size) != size)
			return -EFAULT;
		at += (u32)size;
	}
	return 0;
}

size_t net_buffer_copy(const struct net_buffer *buffer, struct io_iter *iter, u32 skip, size_t size)
{
	u32 at = buffer->start + skip;
	size_t done = 0;

	while (done < size) {
		size_t piece, moved;
		const char *data = data_at(buffer, at, &piece);

		piece = MIN(piece, size - done);
		moved = io_iter_write(iter, data, piece);
		done += moved;
		at += (u32)moved;
		if (moved < piece)
			break;
	}
	return done;
}

struct net_buffer *net_buffer_send(struct socket *sender, struct io_iter *iter, u32 size, u32 paged,
				   bool no_wait)
{
	int error = wait_for_room(sender, no_wait);
	struct net_buffer *buffer;

	if (error)
		return ERR_PTR(error);
	buffer = storage_alloc(size);
	if (!buffer)
		return ERR_PTR(-ENOBUFS);
	buffer->charge = charge_of(size, paged);
	buffer->owner = socket_get(sender);
	(void)atomic_add_return(&sender->sent, (int)buffer->charge);
	error = fill(buffer, iter);
	if (error) {
		net_buffer_free(buffer);
		return ERR_PTR(error);
	}
	return buffer;
}

void net_buffer_free(struct net_buffer *buffer)
{
	struct socket *owner = buffer->owner;

	scm_files_free(buffer->scm.files);
	(void)atomic_sub_return(&owner->sent, (int)buffer->charge);
	if (wait_queue_active(&owner->write_wait) && socket_is_writable(owner))
		wait_wake_all(&owner->write_wait, READY_OUT);
	socket_put(owner);
	storage_free(buffer);
}

void net_buffers_free(struct list *buffers)
{
	while (!list_empty(buffers)) {
		struct net_buffer *buffer = list_first_entry(buffers, struct net_buffer, link);

		list_del(&buffer->link);
		net_buffer_free(buffer);
	}
}

u32 net_buffers_length(const struct list *buffers)
{
	struct net_buffer *buffer;
	u32 length = 0;

	list_for_each_entry (buffer, buffers, link)
		length += buffer->length;
	return length;
}
