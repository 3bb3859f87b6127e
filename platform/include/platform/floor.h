/* What the machine itself takes for the steps that no kernel can do without: only with FLOOR_PROBE. */
#pragma once

#include <lib/types.h>

struct floor {
	const char *name;
	u64 ticks; /* of the time stamp counter, for all of them; the least of several tries */
	u32 times;
};

/* Measured when the boot CPU's traps are set up. */
extern struct floor floors[];
extern const unsigned int floor_count;

void floor_probe(void);
