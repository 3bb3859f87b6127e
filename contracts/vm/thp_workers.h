/* thp_workers.h - threads that write to their pages of BLOCKS times 2 MiB, again and again, and read what they wrote. */
#pragma once

#include "thp.h"

#include <pthread.h>

#define WORKERS 3

static unsigned char *memory;
static volatile bool stop;
static pthread_t workers[WORKERS];

/* Worker n has the pages n, n + 4, ...; the pages 3, 7, ... are the main thread's. */
static void *work(void *data)
{
	const unsigned int own = (unsigned int)(uintptr_t)data;

	for (uint32_t round = 1; !stop; round++) {
		for (unsigned int i = own; i < BLOCKS * 512; i += 4)
			*(volatile uint32_t *)(memory + i * PAGE + 8 * own) = round + i;
		for (unsigned int i = own; i < BLOCKS * 512; i += 4)
			if (*(volatile uint32_t *)(memory + i * PAGE + 8 * own) != round + i)
				broken("round %u: page %u of worker %u has %u", round, i, own,
				       *(volatile uint32_t *)(memory + i * PAGE + 8 * own));
	}
	return NULL;
}

static void workers_start(void)
{
	for (unsigned int i = 0; i < WORKERS; i++)
		expect_eq(pthread_create(&workers[i], NULL, work, (void *)(uintptr_t)i), 0);
}

static void workers_end(void)
{
	stop = true;
	for (unsigned int i = 0; i < WORKERS; i++)
		expect_eq(pthread_join(workers[i], NULL), 0);
	say("what a thread writes stays");
}
