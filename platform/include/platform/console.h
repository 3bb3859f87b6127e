/* Output before and below the tty: where kernel messages and oopses go. Never sleeps, takes no lock, works in any context. */
#pragma once

#include <lib/types.h>

/* A device that can show a byte now, polling if it must. */
struct console {
	const char *name; /* "ttyS0", as in console= */
	void (*write)(const char *text,
		      size_t length); /* polled; '\n' is translated by the device */
};

/* COM1 (and the debug port if command line has `debugcon`), usable from the first C instruction on. */
extern const struct console serial_console;
void serial_console_early_init(void);
/* One line on the VGA text screen, for those who look there. */
void vga_text_line(unsigned int row, const char *text);
