/* counters.c - what the kernel itself counted while a row's samples were taken: the growth of /proc/vmstat's lines. */
#include "bench.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT_SIZE 16384

/* Allocated, so that a process that does not count is no larger. */
static char *before, *after;

static void vmstat_read(char *text)
{
	int fd = open("/proc/vmstat", O_RDONLY);
	size_t size = 0;
	ssize_t got;
	while (fd >= 0 && (got = read(fd, text + size, TEXT_SIZE - 2 - size)) > 0)
		size += (size_t)got;
	text[size] = 0;
	close(fd);
}

/* The figure of the line that begins with the name; 0 if there is none. */
static long long figure(const char *text, const char *name)
{
	char line[80], *at;
	snprintf(line, sizeof(line), "\n%s ", name);
	at = strstr(text, line);
	return at ? strtoll(at + strlen(line), NULL, 10) : 0;
}

/* Without a newline before it the first line would not be found: begin one byte in. */
void counters_begin(void)
{
	if (!before)
		before = malloc(2 * TEXT_SIZE);
	if (!before)
		exit(2);
	after = before + TEXT_SIZE;
	before[0] = '\n';
	vmstat_read(before + 1);
}

void counters_print(const char *name)
{
	vmstat_read(after);
	printf("@@@ bench counters {\"name\": \"%s\"", name);
	for (char *line = strtok(after, "\n"); line; line = strtok(NULL, "\n")) {
		char *space = strchr(line, ' ');
		if (!space)
			continue;
		*space = 0;
		long long grown = strtoll(space + 1, NULL, 10) - figure(before, line);
		if (grown > 0)
			printf(", \"%s\": %lld", line, grown);
	}
	printf("}\n");
}
