/* smaps.h - what /proc/self/smaps says of a piece of memory. */
#pragma once

#include "contract.h"

/* The line `name`, in KiB, of all mappings that begin in [at, at + length); -1 if none has that line. */
static inline long smaps_kb(const void *at, size_t length, const char *name)
{
	FILE *smaps = fopen("/proc/self/smaps", "r");
	const size_t name_length = strlen(name);
	unsigned long start, end;
	bool inside = false;
	long found = -1;
	char line[512];

	expect(smaps);
	while (fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			inside = start >= (uintptr_t)at && start < (uintptr_t)at + length;
		else if (inside && !strncmp(line, name, name_length) && line[name_length] == ':')
			found = (found < 0 ? 0 : found) + atol(line + name_length + 1);
	}
	fclose(smaps);
	return found;
}
