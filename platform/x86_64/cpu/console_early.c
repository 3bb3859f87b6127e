/*
 * Output without interrupts and without locks: COM1, the debug port, the text screen. Two CPUs that write at once mix
 * their lines; nothing worse can happen.
 */
#include <platform/console.h>

#include <lib/string.h>
#include <x86/io.h>
#include <x86/setup.h>

#define COM1 0x3f8
#define DEBUG_PORT 0xe9

/* 16550 registers (data sheet PC16550D, table II). */
#define UART_DATA 0
#define UART_INTERRUPT_ENABLE 1
#define UART_FIFO_CONTROL 2 /* written */
#define UART_INTERRUPT_ID 2 /* read */
#define UART_LINE_CONTROL 3
#define UART_MODEM_CONTROL 4
#define UART_LINE_STATUS 5

#define LINE_DIVISOR 0x80
#define LINE_8N1 0x03
#define FIFO_ENABLE_CLEAR 0x07
#define FIFO_ENABLED 0xc0
#define MODEM_DTR_RTS_OUT2 0x0b
#define STATUS_TRANSMIT_EMPTY 0x20
/* A status read is at least some 100 ns, a byte at 115200 baud 87 us. */
#define SPINS_MAX 100000

#define FIFO_SIZE 16

static bool serial_present;
static unsigned int fifo_size; /* bytes that fit when the transmitter is empty */
static unsigned int fifo_room;
static bool debug_port;

static void serial_put(char c)
{
	unsigned int spins = 0;

	if (!fifo_room) {
		while (!(inb(COM1 + UART_LINE_STATUS) & STATUS_TRANSMIT_EMPTY)) {
			if (++spins == SPINS_MAX)
				return;
			__builtin_ia32_pause();
		}
		fifo_room = fifo_size;
	}
	fifo_room--;
	outb(COM1 + UART_DATA, c);
}

static void serial_write(const char *text, size_t length)
{
	size_t i;

	/* The interrupt driver may have filled the FIFO since. */
	fifo_room = 0;
	for (i = 0; i < length; i++) {
		if (debug_port)
			outb(DEBUG_PORT, text[i]);
		if (!serial_present)
			continue;
		if (text[i] == '\n')
			serial_put('\r');
		serial_put(text[i]);
	}
}

const struct console serial_console = { .name = "ttyS0", .write = serial_write };

void serial_console_early_init(void)
{
	/* Where nothing is, reads give all ones. */
	serial_present = inb(COM1 + UART_LINE_STATUS) != 0xff;
	if (serial_present) {
		outb(COM1 + UART_INTERRUPT_ENABLE, 0);
		outb(COM1 + UART_LINE_CONTROL, LINE_DIVISOR | LINE_8N1);
		outb(COM1 + UART_DATA, 1); /* 115200 baud */
		outb(COM1 + UART_INTERRUPT_ENABLE, 0);
		outb(COM1 + UART_LINE_CONTROL, LINE_8N1);
		outb(COM1 + UART_FIFO_CONTROL, FIFO_ENABLE_CLEAR);
		outb(COM1 + UART_MODEM_CONTROL, MODEM_DTR_RTS_OUT2);
		fifo_size = 1;
		if ((inb(COM1 + UART_INTERRUPT_ID) & FIFO_ENABLED) == FIFO_ENABLED)
			fifo_size = FIFO_SIZE;
	}
	debug_port = boot_option("debugcon", NULL) >= 0;
}

#define VGA_TEXT 0xb8000
#define VGA_COLUMNS 80
#define VGA_ROWS 25
#define VGA_GREY_ON_BLACK 0x0700

static volatile u16 *screen;

void __init vga_text_init(void)
{
	screen = device_map(VGA_TEXT, VGA_COLUMNS * VGA_ROWS * sizeof(*screen));
}

void vga_text_line(unsigned int row, const char *text)
{
	volatile u16 *cell;
	unsigned int column;

	if (!screen || row >= VGA_ROWS)
		return;
	cell = screen + row * VGA_COLUMNS;
	for (column = 0; column < VGA_COLUMNS; column++)
		*cell++ = VGA_GREY_ON_BLACK | (u8)(*text ? *text++ : ' ');
}
