/*
 * Serial ports of the 16550 kind (data sheet PC16550D), interrupt driven both ways: ttyS0 to ttyS3.
 *
 * Sending: a ring, from which each "transmitter empty" interrupt moves one FIFO's worth. Receiving: the terminal is asked
 * for room before the device is read, and when there is none the receive interrupt stays off and RTS low, so that the
 * other side, or the emulator, holds its bytes back. The interrupt is an edge: the handler leaves only when the device
 * asks for nothing more.
 */
#include <kernel/dev.h>
#include <kernel/locks.h>
#include <kernel/printk.h>
#include <kernel/slab.h>
#include <kernel/tty.h>
#include <lib/ring.h>
#include <platform/console.h>
#include <platform/port.h>

/* Registers, with the divisor latch off. */
#define REG_DATA 0
#define REG_INTERRUPT_ENABLE 1
#define REG_INTERRUPT_ID 2 /* read */
#define REG_FIFO_CONTROL 2 /* write */
#define REG_LINE_CONTROL 3
#define REG_MODEM_CONTROL 4
#define REG_LINE_STATUS 5
#define REG_MODEM_STATUS 6
#define REG_SCRATCH 7

#define ENABLE_RECEIVE 0x01
#define ENABLE_TRANSMIT 0x02
#define ENABLE_LINE_STATUS 0x04
#define ID_NOTHING 0x01
#define ID_FIFO 0xc0
#define FIFO_ENABLE 0x01
#define FIFO_TRIGGER_14 0xc0 /* of 16; with fewer the interrupt comes when the line falls silent */
#define LINE_DIVISOR 0x80
#define MODEM_DTR 0x01
#define MODEM_RTS 0x02
#define MODEM_OUT2 0x08 /* gates the interrupt on a PC */
#define STATUS_DATA 0x01
#define STATUS_BREAK 0x10
#define STATUS_TRANSMIT_EMPTY 0x20

#define FIFO_SIZE 16
#define SEND_SIZE 8192 /* a power of two */
#define WAKE_BELOW (SEND_SIZE / 2)
#define RECEIVE_BATCH 32
#define ROUNDS_MAX 256 /* of one interrupt */
#define LINE_REST_MAX 512 /* of a program's line that a kernel message lets out first */
#define SPINS_MAX 100000 /* a status read is at least some 100 ns, a byte at 115200 baud 87 us */

struct port {
	u16 base; /* [I] */
	u8 fifo_size; /* [I] 1: no working FIFO */
	struct tty *tty; /* [I] */
	struct spinlock lock; /* RANK_DEVICE */
	u8 enabled; /* [lock] interrupt enable register */
	u8 modem; /* [lock] modem control register */
	bool stopped; /* [lock] */
	bool in_line; /* [lock] the last byte sent was no newline */
	struct ring send; /* [lock] */
	u8 send_storage[SEND_SIZE];
};

static u8 reg_read(const struct port *port, u16 reg)
{
	return port_read8(port->base + reg);
}

static void reg_write(const struct port *port, u16 reg, u8 value)
{
	port_write8(port->base + reg, value);
}

static void interrupts_set(struct port *port, u8 on, u8 off)
{
	u8 enabled = (port->enabled | on) & (u8)~off;

	if (enabled == port->enabled)
		return;
	port->enabled = enabled;
	reg_write(port, REG_INTERRUPT_ENABLE, enabled);
}

/* Something is to be sent, or nothing any more. port->lock held. */
static void send_interrupt_update(struct port *port)
{
	if (port->stopped || ring_empty(&port->send))
		interrupts_set(port, 0, ENABLE_TRANSMIT);
	else
		interrupts_set(port, ENABLE_TRANSMIT, 0);
}

/* --- The terminal's requests --------------------------------------------------------------------------------------------- */

static size_t serial_write(struct tty *tty, const u8 *data, size_t size)
{
	struct port *port = tty_driver_data(tty);
	unsigned long flags = spin_lock_irq(&port->lock);
	size_t taken = ring_put(&port->send, data, size);

	send_interrupt_update(port);
	spin_unlock_irq(&port->lock, flags);
	return taken;
}

static size_t serial_write_room(struct tty *tty)
{
	struct port *port = tty_driver_data(tty);

	return ring_free(&port->send);
}

static size_t serial_chars_in_buffer(struct tty *tty)
{
	struct port *port = tty_driver_data(tty);

	return ring_used(&port->send);
}

static void serial_throttle(struct tty *tty, bool stop)
{
	struct port *port = tty_driver_data(tty);
	unsigned long flags = spin_lock_irq(&port->lock);

	port->modem = stop ? port->modem & (u8)~MODEM_RTS : port->modem | MODEM_RTS;
	reg_write(port, REG_MODEM_CONTROL, port->modem);
	if (stop)
		interrupts_set(port, 0, ENABLE_RECEIVE);
	else
		interrupts_set(port, ENABLE_RECEIVE, 0);
	spin_unlock_irq(&port->lock, flags);
}

static void serial_stop(struct tty *tty, bool stop)
{
	struct port *port = tty_driver_data(tty);
	unsigned long flags = spin_lock_irq(&port->lock);

	port->stopped = stop;
	send_interrupt_update(port);
	spin_unlock_irq(&port->lock, flags);
}

static void serial_flush_output(struct tty *tty)
{
	struct port *port = tty_driver_data(tty);
	unsigned long flags = spin_lock_irq(&port->lock);

	ring_consume(&port->send, ring_used(&port->send));
	send_interrupt_update(port);
	spin_unlock_irq(&port->lock, flags);
}

static const struct tty_driver_ops serial_ops = {
	.write = serial_write,
	.write_room = serial_write_room,
	.chars_in_buffer = serial_chars_in_buffer,
	.throttle = serial_throttle,
	.stop = serial_stop,
	.flush_output = serial_flush_output,
};

/* --- The device's ----------------------------------------------------------------------------------------------------------- */

static size_t receive_batch(struct port *port, u8 *bytes, size_t room)
{
	unsigned long flags = spin_lock_irq(&port->lock);
	size_t count = 0;
	u8 status;

	while (count < room && ((status = reg_read(port, REG_LINE_STATUS)) & STATUS_DATA)) {
		u8 c = reg_read(port, REG_DATA);

		if (!(status & STATUS_BREAK))
			bytes[count++] = c;
	}
	spin_unlock_irq(&port->lock, flags);
	return count;
}

static void receive(struct port *port)
{
	u8 bytes[RECEIVE_BATCH];
	size_t room, count;

	while ((room = tty_receive_room(port->tty))) {
		count = receive_batch(port, bytes, MIN(room, sizeof(bytes)));
		if (!count)
			break;
		(void)tty_receive(port->tty, bytes, count);
	}
}

/* Moves up to one FIFO's worth from the ring, if the transmitter is empty: bytes moved. port->lock held. */
static unsigned int fill_fifo(struct port *port, bool one_line)
{
	unsigned int count = 0;
	u8 c;

	if (port->stopped || !(reg_read(port, REG_LINE_STATUS) & STATUS_TRANSMIT_EMPTY))
		return 0;
	while (count < port->fifo_size && ring_get_byte(&port->send, &c)) {
		reg_write(port, REG_DATA, c);
		count++;
		port->in_line = c != '\n';
		if (one_line && !port->in_line)
			break;
	}
	return count;
}

static void transmit(struct port *port)
{
	unsigned long flags = spin_lock_irq(&port->lock);
	size_t before = ring_used(&port->send), left;

	(void)fill_fifo(port, false);
	left = ring_used(&port->send);
	send_interrupt_update(port);
	spin_unlock_irq(&port->lock, flags);
	if (left != before && (left == 0 || (left < WAKE_BELOW && before >= WAKE_BELOW)))
		tty_write_wakeup(port->tty);
}

static void serial_interrupt(void *data)
{
	struct port *port = data;

	for (unsigned int i = 0; i < ROUNDS_MAX; i++) {
		if (reg_read(port, REG_INTERRUPT_ID) & ID_NOTHING)
			break;
		receive(port);
		transmit(port);
		(void)reg_read(port, REG_MODEM_STATUS); /* ends that kind of interrupt */
	}
}

/* --- Kernel messages --------------------------------------------------------------------------------------------------------- */

static struct port *console_port; /* [I] the one that the boot console writes to */

/* What a program has begun is finished first, within limits: the line may be long, the other side may hold it back. */
static void finish_line(struct port *port)
{
	unsigned int sent = 0, spins = 0;

	while (port->in_line && !ring_empty(&port->send) && sent < LINE_REST_MAX &&
	       spins < SPINS_MAX) {
		unsigned int count = fill_fifo(port, true);

		sent += count;
		spins += !count;
		if (port->stopped)
			break;
	}
}

/*
 * For another CPU that fills the FIFO: soon done, unless the host has taken it away. What interrupted the owner on this CPU,
 * an oops, waits in vain: once.
 */
static bool console_lock(struct port *port)
{
	static bool in_vain; /* [A] */

	for (unsigned int i = 0; i < SPINS_MAX; i++) {
		if (spin_try_lock(&port->lock)) {
			WRITE_ONCE(in_vain, false);
			return true;
		}
		if (READ_ONCE(in_vain))
			return false;
		cpu_relax();
	}
	WRITE_ONCE(in_vain, true);
	return false;
}

/* Any context. When the port stays busy the message goes out regardless. */
static void serial_console_write(const char *text, size_t length)
{
	unsigned long flags = irq_save();

	if (console_lock(console_port)) {
		finish_line(console_port);
		serial_console.write(text, length);
		spin_unlock(&console_port->lock);
	} else {
		serial_console.write(text, length);
	}
	irq_restore(flags);
}

static const struct console driver_console = { .name = "ttyS0", .write = serial_console_write };

/* --- Finding and starting ----------------------------------------------------------------------------------------------- */

struct port_place {
	const char *name;
	u16 base;
	u8 irq, minor;
};

static const struct port_place places[] = {
	{ "ttyS0", 0x3f8, 4, 64 },
	{ "ttyS1", 0x2f8, 3, 65 },
	{ "ttyS2", 0x3e8, 4, 66 },
	{ "ttyS3", 0x2e8, 3, 67 },
};

/* The scratch register keeps what is written; where nothing is, all bits read as ones. */
static bool port_exists(const struct port *port)
{
	if (reg_read(port, REG_LINE_STATUS) == 0xff)
		return false;
	reg_write(port, REG_SCRATCH, 0x5a);
	if (reg_read(port, REG_SCRATCH) != 0x5a)
		return false;
	reg_write(port, REG_SCRATCH, 0xa5);
	return reg_read(port, REG_SCRATCH) == 0xa5;
}

/* Speed and frame are the boot console's, or the firmware's. */
static void port_start(struct port *port)
{
	reg_write(port, REG_INTERRUPT_ENABLE, 0);
	reg_write(port, REG_LINE_CONTROL, reg_read(port, REG_LINE_CONTROL) & (u8)~LINE_DIVISOR);
	reg_write(port, REG_FIFO_CONTROL, FIFO_ENABLE | FIFO_TRIGGER_14);
	port->fifo_size = (reg_read(port, REG_INTERRUPT_ID) & ID_FIFO) == ID_FIFO ? FIFO_SIZE : 1;
	port->modem = MODEM_DTR | MODEM_RTS | MODEM_OUT2;
	reg_write(port, REG_MODEM_CONTROL, port->modem);
}

static struct port *port_make(const struct port_place *place)
{
	struct port *port = kzalloc(sizeof(*port));

	if (!port)
		return NULL;
	port->base = place->base;
	if (!port_exists(port)) {
		kfree(port);
		return NULL;
	}
	spin_init(&port->lock, RANK_DEVICE);
	ring_init(&port->send, port->send_storage, sizeof(port->send_storage));
	return port;
}

static void port_add(const struct port_place *place)
{
	struct port *port = port_make(place);
	unsigned long flags;

	if (!port)
		return;
	port_start(port);
	port->tty = tty_create(place->name, DEV_MAKE(4, place->minor), &serial_ops, port);
	if (!port->tty || irq_request_isa(place->irq, serial_interrupt, port, place->name)) {
		pr_err("%s: no memory or no interrupt line", place->name);
		return;
	}
	pr_info("%s at I/O 0x%x (irq = %u) is a 16550A", place->name, place->base, place->irq);
	flags = spin_lock_irq(&port->lock);
	interrupts_set(port, ENABLE_RECEIVE | ENABLE_LINE_STATUS, 0);
	send_interrupt_update(port);
	spin_unlock_irq(&port->lock, flags);
	if (place == &places[0]) {
		console_port = port;
		console_register(&driver_console);
	}
}

void serial_tty_init(void)
{
	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		port_add(&places[i]);
}
