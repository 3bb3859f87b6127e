/* meminfo.h - one figure of /proc/meminfo. */
#pragma once

#include "contract.h"

static char meminfo_text[8192];

static inline void meminfo_look(void)
{
	int fd = must(open("/proc/meminfo", O_RDONLY));
	ssize_t size = must(read(fd, meminfo_text, sizeof(meminfo_text) - 1));

	must(close(fd));
	meminfo_text[size] = 0;
}

/* As it was at the last look, in kB; `rest`, if not NULL, is set to what follows the number. */
static inline long meminfo_seen(const char *name, const char **rest)
{
	char line[40], *at = meminfo_text, *end;
	long value;

	snprintf(line, sizeof(line), "%s:", name);
	while (at && strncmp(at, line, strlen(line)))
		at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL;
	if (!at)
		broken("no %s in /proc/meminfo", name);
	value = strtol(at + strlen(line), &end, 10);
	if (rest)
		*rest = end;
	return value;
}

/* The same, as it is now. */
static inline long meminfo_kb(const char *name)
{
	meminfo_look();
	return meminfo_seen(name, NULL);
}
