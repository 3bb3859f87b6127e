/* All AF_UNIX sockets, in parts with a lock each, and /proc/net/unix. */
#include "internal.h"

#include <abi/errno.h>
#include <kernel/procfs.h>
#include <kernel/slab.h>
#include <lib/hash.h>
#include <profile/bounds.h>

#define PART_BITS 4

static struct part {
	struct spinlock lock; /* RANK_SOCKET_TABLE */
	struct list sockets; /* [lock] of unix_socket->all_link */
	u32 count; /* [lock] */
} parts[1u << PART_BITS];

static struct part *part_of(const struct unix_socket *self)
{
	return &AT(parts, hash_bucket(hash_ptr(self), PART_BITS));
}

void unix_list_add(struct unix_socket *self)
{
	struct part *part = part_of(self);

	spin_lock(&part->lock);
	list_add_tail(&self->all_link, &part->sockets);
	part->count++;
	spin_unlock(&part->lock);
}

void unix_list_remove(struct unix_socket *self)
{
	struct part *part = part_of(self);

	spin_lock(&part->lock);
	list_del(&self->all_link);
	part->count--;
	spin_unlock(&part->lock);
}

/* References of up to `room` sockets of a part. */
static u32 part_get(struct part *part, struct unix_socket **found, u32 room)
{
	struct unix_socket *self;
	u32 count = 0;

	spin_lock(&part->lock);
	list_for_each_entry (self, &part->sockets, all_link) {
		if (count == room)
			break;
		if (ref_try_get(&self->socket.ref))
			found[count++] = self;
	}
	spin_unlock(&part->lock);
	return count;
}

/* The states have the numbers of Linux's SS_*. */
static u32 state_number(const struct socket *socket)
{
	if (!READ_ONCE(socket->inode))
		return READ_ONCE(socket->state) == SOCKET_CONNECTED ? 2 : 4;
	return READ_ONCE(socket->state) == SOCKET_CONNECTED ? 3 : 1;
}

static void show_name(struct seq_file *out, const struct unix_address *address)
{
	const u32 header = sizeof(address->family);
	u32 end = address->bytes[header] ? address->length - 1 : address->length;

	seq_putc(out, ' ');
	for (u32 i = header; i < end; i++)
		seq_putc(out, address->bytes[i] ? address->bytes[i] : '@');
}

static void show_one(struct seq_file *out, struct unix_socket *self)
{
	const struct unix_address *address = load_acquire(&self->address);
	const struct socket *socket = &self->socket;
	bool listening = READ_ONCE(socket->state) == SOCKET_LISTENING;

	seq_printf(out, "%016x: %08X %08X %08X %04X %02X %5llu", 0, (u32)ref_read(&socket->ref), 0,
		   listening ? 0x10000u : 0u, socket->type, state_number(socket),
		   (unsigned long long)READ_ONCE(socket->number));
	if (address)
		show_name(out, address);
	seq_putc(out, '\n');
}

static int show_part(struct seq_file *out, struct part *part)
{
	u32 room = READ_ONCE(part->count), count;
	struct unix_socket **found;

	if (!room)
		return 0;
	found = kmalloc_array(room, sizeof(*found), 0);
	if (!found)
		return -ENOMEM;
	count = part_get(part, found, room);
	for (u32 i = 0; i < count; i++) {
		show_one(out, found[i]);
		unix_put(found[i]);
	}
	kfree(found);
	return 0;
}

static int unix_show(struct seq_file *out, void *data)
{
	int error = 0;

	(void)data;
	seq_puts(out, "Num       RefCount Protocol Flags    Type St Inode Path\n");
	for (u32 i = 0; i < ARRAY_LEN(parts) && !error; i++)
		error = show_part(out, &parts[i]);
	return error;
}

void unix_proc_init(void)
{
	static const struct proc_entry entry = { .name = "net/unix",
						 .mode = 0444,
						 .show = unix_show };

	for (u32 i = 0; i < ARRAY_LEN(parts); i++) {
		spin_init(&parts[i].lock, RANK_SOCKET_TABLE);
		list_init(&parts[i].sockets);
	}
	proc_register(&entry);
}
