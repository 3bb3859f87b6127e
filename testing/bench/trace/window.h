/* window.h - what the plugins are told alike: where a benchmark's timed parts are, and the file for the figures. */
#pragma once

#include "qemu_plugin.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t address_on, address_off, low, high;
static FILE *out;

/* One of on=A, off=A, low=A, high=A, out=FILE. */
static inline void window_option(const char *option)
{
	const char *text = strchr(option, '=') + 1;
	uint64_t value = strtoull(text, NULL, 0);
	if (!strncmp(option, "on=", 3))
		address_on = value;
	else if (!strncmp(option, "off=", 4))
		address_off = value;
	else if (!strncmp(option, "low=", 4))
		low = value;
	else if (!strncmp(option, "high=", 5))
		high = value;
	else if (!strncmp(option, "out=", 4))
		out = fopen(text, "w");
}
