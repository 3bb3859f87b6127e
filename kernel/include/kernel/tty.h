/*
 * Terminals: a line discipline (N_TTY) between a driver and its readers and writers, job control, and the termios ABI.
 *
 *	driver interrupt -> tty_receive -> raw ring -> (line discipline, in a work) -> line buffer -> read
 *	write -> output processing -> driver's transmit ring -> transmit interrupt
 *
 * Flow control: when the reader lags, the driver is asked to stop (throttle); nothing is dropped while it can be held back.
 */
#pragma once

#include <abi/termios.h>
#include <kernel/file.h>
#include <kernel/locks.h>
#include <kernel/work.h>

struct tty;

struct tty_driver_ops {
	/* Queues up to `size` bytes for sending: how many were taken. Never sleeps; interrupts may be on. */
	size_t (*write)(struct tty *tty, const u8 *data, size_t size);
	size_t (*write_room)(struct tty *tty);
	size_t (*chars_in_buffer)(struct tty *tty);
	void (*throttle)(struct tty *tty, bool stop); /* receiver full: stop reading the device */
	void (*set_termios)(struct tty *tty, const struct abi_termios *old); /* optional */
	void (*flush_output)(struct tty *tty); /* optional: discard what is queued */
	void (*stop)(struct tty *tty,
		     bool stop); /* optional: hold what is queued; under the tty's lock */
	void (*input_flushed)(
		struct tty *tty); /* optional: what was typed is dropped; under the tty's lock */
	int (*open)(struct tty *tty); /* first open; optional */
	void (*close)(struct tty *tty); /* last close; optional */
	void (*release)(
		struct tty *tty); /* last reference: driver_data goes. Without it a terminal is for ever */
};

struct tty; /* body in kernel/dev/tty/internal.h */

/* A driver makes one at boot, with a node. NULL: out of memory. */
struct tty *tty_create(const char *name, u64 device, const struct tty_driver_ops *ops,
		       void *driver_data);
void *tty_driver_data(struct tty *tty);
/* From the driver's interrupt: bytes taken (less than size: the ring is full; call again after unthrottle). */
size_t tty_receive(struct tty *tty, const u8 *data, size_t size);
/* From the driver's interrupt, before it reads the device: bytes that tty_receive will take. 0: throttle has been called. */
size_t tty_receive_room(struct tty *tty);
void tty_write_wakeup(struct tty *tty); /* room in the transmit ring again; any context */
void tty_hangup(struct tty *tty);
/* As tty_hangup, and its session loses it: SIGHUP and SIGCONT to the leader. */
void tty_vhangup(struct tty *tty);
/* The running task's terminal is taken from its session, as vhangup(2) does. */
void tty_hangup_current(void);
struct tty *tty_get(struct tty *tty);
void tty_put(struct tty *tty); /* NULL is allowed */
/* For /proc/<pid>/stat: device number (0: none) and foreground group. */
u64 tty_device(struct tty *tty);
int tty_foreground_group(struct tty *tty);
/* A session leader exits: SIGHUP and SIGCONT to the foreground group, the session loses its terminal. */
void tty_disassociate(struct task *task, bool leader_exits);
/* Before the machine stops: waits, at most a second, until the console has sent what was written. */
void tty_drain_console(void);
void serial_tty_init(void); /* platform/drivers/serial */
