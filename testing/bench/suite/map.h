/* map.h - the mapping that a benchmark of memory keeps from setup to teardown. */
#pragma once
#include <stddef.h>

struct map {
	char *at;
	size_t size;
	long child; /* a process that shares it after a fork; 0: none */
};
extern struct map map_now;

/* Makes map_now a fresh mapping; 0 or -ENOMEM. teardown_map ends it, and the child. */
long map_set(size_t size);
/* Forks a child that sleeps until it is ended, and keeps it in map_now.child; 0 or -errno. */
long map_share(void);
