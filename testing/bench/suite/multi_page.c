/*
 * multi_page.c - what a fault costs if it may bring 1, 2, ... 64 pages: 2 GiB stored to in order, and in a random one. The
 * number is asked for by Aramid's multi_page_alloc; a kernel without the call does what it always does, so that its rows
 * are all the same: the line to compare with.
 */
#include "bench.h"
#include "setup.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define SYS_MULTI_PAGE_ALLOC 422

long setup_multi_page(void)
{
	long result = syscall_3(SYS_MULTI_PAGE_ALLOC, 0, 0, atoi(strrchr(bench_now->name, '_') + 1));
	return result == -ENOSYS ? 0 : result;
}

void teardown_multi_page(void)
{
	syscall_3(SYS_MULTI_PAGE_ALLOC, 0, 0, 0);
}

/* 0..n-1 in another order, each once; n is a power of two. Both steps are one-to-one below it. */
static inline unsigned shuffled(unsigned i, unsigned n)
{
	i = (i * 0x9e3779b1u + 0x7f4a7c15u) & (n - 1);
	i ^= i >> 9;
	return i * 0x85ebca6bu & (n - 1);
}

static inline void store(struct timer *t, unsigned n, unsigned (*page)(unsigned i, unsigned n))
{
	volatile char *at = map_fresh(n * PAGE);
	if (!at) {
		t->result = -ENOMEM;
		return;
	}
	timer_begin(t);
	for (unsigned i = 0; i < n; i++)
		at[page(i, n) * PAGE] = 1;
	timer_end(t);
	t->result = munmap((void *)at, n * PAGE) ? -errno : 0;
}

static inline unsigned in_order(unsigned i, unsigned n)
{
	(void)n;
	return i;
}

#define ROWS(pages)                                                                                \
	void run_multi_page_seq_##pages(struct timer *t, unsigned n)                               \
	{                                                                                          \
		store(t, n, in_order);                                                             \
	}                                                                                          \
	void run_multi_page_random_##pages(struct timer *t, unsigned n)                            \
	{                                                                                          \
		store(t, n, shuffled);                                                             \
	}
ROWS(1)
ROWS(2)
ROWS(4)
ROWS(8)
ROWS(16)
ROWS(32)
ROWS(64)
