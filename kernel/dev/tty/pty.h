/* Shared by the two files of pseudo-terminals. */
#pragma once

#include "internal.h"

#include <kernel/vfs.h>

#define PTY_BUFFER 8192

/* The slave's driver: its tty->driver_data. tty->lock is the slave's. */
struct pty {
	struct tty *slave; /* [I] freed with it */
	struct super *super; /* [I] reference while the master is open: where the slave's node is */
	int number; /* [I] */
	struct mutex read_lock, write_lock; /* RANK_TTY: of the master */
	struct wait_queue wait; /* whoever has the master */
	bool locked; /* [A] TIOCSPTLCK: the slave cannot be opened yet */
	bool slave_closed; /* [A] it was open, and is no more */
	bool master_closed; /* [A] */
	bool packet; /* [tty->lock] TIOCPKT */
	u8 packet_status; /* [tty->lock] TIOCPKT_* that the master has not read */
	struct ring ring; /* [tty->lock] from the slave to the master */
	u8 storage[PTY_BUFFER];
};

static inline struct pty *pty_of(const struct tty *slave)
{
	return slave->driver_data;
}

#define PTY_ARRIVED_MAX (TTY_LINE_SIZE - 1) /* as much as Linux's master has in its own buffer */

/* Of what the slave has sent, the bytes that are with the master; the others could still be dropped. tty->lock held. */
static inline u32 pty_arrived(const struct pty *pty)
{
	return (u32)MIN(ring_used(&pty->ring), (size_t)PTY_ARRIVED_MAX);
}

long pty_master_ioctl(struct file *file, unsigned int command, u64 argument);
/* The master is told of `set` in packet mode. tty->lock held. */
void pty_packet_locked(struct pty *pty, u8 clear, u8 set);
