/* faults.c - page faults: fresh pages, the zero page, copy on write, one at a time and in order. */
#include "bench.h"
#include "map.h"
#include "setup.h"
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HUGE (2 * MIB)
#define RANDOM_SIZE (256 * MIB)
#define RANDOM_PAGES 4096
/* Where fault_single's page lies in its window: far from the touched page that keeps the page table. */
#define WINDOW_PAGE 64

static unsigned random_pages[RANDOM_PAGES];

static inline void pages_store(volatile char *at, size_t pages)
{
	for (; pages; pages--, at += PAGE)
		*at = 1;
}

static inline void pages_load(volatile char *at, size_t pages)
{
	for (; pages; pages--, at += PAGE)
		(void)*at;
}

static void fault_fresh(struct timer *t, unsigned n, void (*touch)(volatile char *, size_t))
{
	char *at = map_fresh(n * PAGE);
	if (!at) {
		t->result = -ENOMEM;
		return;
	}
	timer_begin(t);
	touch(at, n);
	timer_end(t);
	t->result = munmap(at, n * PAGE) ? -errno : 0;
}

void run_mmap_fault(struct timer *t, unsigned n)
{
	fault_fresh(t, n, pages_store);
}

void run_mmap_fault_256m(struct timer *t, unsigned n)
{
	fault_fresh(t, n, pages_store);
}

void run_mmap_fault_2g(struct timer *t, unsigned n)
{
	fault_fresh(t, n, pages_store);
}

void run_fault_zero(struct timer *t, unsigned n)
{
	fault_fresh(t, n, pages_load);
}

void run_fault_zero_write(struct timer *t, unsigned n)
{
	char *at = map_fresh(n * PAGE);
	if (!at) {
		t->result = -ENOMEM;
		return;
	}
	pages_load(at, n);
	timer_begin(t);
	pages_store(at, n);
	timer_end(t);
	t->result = munmap(at, n * PAGE) ? -errno : 0;
}

void run_mmap_fault_teardown(struct timer *t, unsigned n)
{
	timer_begin(t);
	char *at = map_fresh(n * PAGE);
	if (at) {
		pages_store(at, n);
		t->result = munmap(at, n * PAGE);
	}
	timer_end(t);
	if (!at)
		t->result = -ENOMEM;
}

void run_mmap_fault_thp(struct timer *t, unsigned n)
{
	size_t size = n * HUGE;
	char *at = map_fresh(size + HUGE);
	if (!at) {
		t->result = -ENOMEM;
		return;
	}
	char *aligned = (char *)(((uintptr_t)at + HUGE - 1) & ~(HUGE - 1));
	/* A kernel without huge pages may refuse the advice; it is advice. */
	madvise(aligned, size, MADV_HUGEPAGE);
	timer_begin(t);
	pages_store(aligned, size / PAGE);
	timer_end(t);
	t->result = munmap(at, size + HUGE) ? -errno : 0;
}

/* Address space of 2 MiB, aligned, with its first page touched: the page table is there and stays. */
long setup_window(void)
{
	map_now.at = mmap(NULL, 2 * HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map_now.at == MAP_FAILED) {
		map_now.at = NULL;
		return -ENOMEM;
	}
	map_now.size = 2 * HUGE;
	char *window = (char *)(((uintptr_t)map_now.at + HUGE - 1) & ~(HUGE - 1));
	if (mprotect(window, PAGE, PROT_READ | PROT_WRITE))
		return -errno;
	map_touch(window, PAGE);
	return munmap(window + PAGE, HUGE - PAGE) ? -errno : 0;
}

static void fault_one(struct timer *t, unsigned n, void (*touch)(volatile char *, size_t))
{
	char *at = (char *)(((uintptr_t)map_now.at + HUGE - 1) & ~(HUGE - 1)) + WINDOW_PAGE * PAGE;
	for (unsigned i = 0; i < n && t->result >= 0; i++) {
		char *page = mmap(at, PAGE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		if (page != at) {
			t->result = -ENOMEM;
			return;
		}
		timer_begin(t);
		touch(page, 1);
		timer_end(t);
		t->result = munmap(page, PAGE) ? -errno : 0;
	}
}

void run_fault_single(struct timer *t, unsigned n)
{
	fault_one(t, n, pages_store);
}

void run_fault_zero_single(struct timer *t, unsigned n)
{
	fault_one(t, n, pages_load);
}

/* Draws distinct pages before any clock runs, with a generator of fixed seed: the same on every kernel. */
long setup_random(void)
{
	static unsigned char drawn[RANDOM_SIZE / PAGE];
	uint64_t state = 0x9e3779b97f4a7c15;
	for (size_t i = 0; i < sizeof(drawn); i++)
		drawn[i] = 0;
	for (unsigned i = 0; i < RANDOM_PAGES;) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		unsigned page = (unsigned)(state % (RANDOM_SIZE / PAGE));
		if (drawn[page])
			continue;
		drawn[page] = 1;
		random_pages[i++] = page;
	}
	return 0;
}

void run_fault_random(struct timer *t, unsigned n)
{
	volatile char *at = map_fresh(RANDOM_SIZE);
	if (!at) {
		t->result = -ENOMEM;
		return;
	}
	timer_begin(t);
	for (unsigned i = 0; i < n; i++)
		at[random_pages[i] * PAGE] = 1;
	timer_end(t);
	t->result = munmap((void *)at, RANDOM_SIZE) ? -errno : 0;
}

long map_share(void)
{
	map_now.child = fork_raw();
	if (map_now.child < 0)
		return map_now.child;
	while (!map_now.child)
		syscall_0(SYS_pause);
	return 0;
}

long setup_cow(void)
{
	return map_set(bench_now->ops * PAGE);
}

void run_cow_fault(struct timer *t, unsigned n)
{
	map_touch(map_now.at, n * PAGE);
	t->result = map_share();
	if (t->result < 0)
		return;
	/* Time for the child to fall asleep; it would run in the middle otherwise. */
	usleep(1000);
	timer_begin(t);
	pages_store(map_now.at, n);
	timer_end(t);
	child_end(&map_now.child);
}
