/* mm.h - what the parts of the stress of memory share: workers, and pages whose words say which page they are of. */
#pragma once

#define _GNU_SOURCE
#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

#define THREADS 4
#define PAGE 4096UL
#define TABLE (512 * PAGE)
#define SPOTS 3 /* words of a page that are used */

enum kind {
	MMAP,
	MUNMAP,
	MPROTECT,
	MADVISE,
	COLLAPSE,
	MREMAP,
	FORK,
	TOUCH,
	REFUSED, /* by SIGSEGV */
	MLOCK,
	POPULATE,
	BRK,
	PRIVATE, /* private copies of a file */
	SHARED, /* pages of a shared file touched */
	TRUNCATE,
	BEYOND, /* refused by SIGBUS */
	KINDS
};

struct worker {
	unsigned int number;
	uint64_t random;
	unsigned long done[KINDS];
	unsigned char *own;
	int file; /* its own */
	unsigned char *copy; /* where it maps that: what the kernel may choose is wild memory's */
	sigjmp_buf refused;
	unsigned char *volatile touches; /* memory where it expects that signal */
	volatile unsigned long touches_length;
	volatile int expects;
};
extern __thread struct worker *self;

/* Says so, and ends all. */
__attribute__((format(printf, 1, 2), noreturn)) void bad(const char *format, ...);
/* A random number. */
uint64_t draw(uint64_t below);
/* New memory, aligned to page tables. */
unsigned char *map_aligned(unsigned long length);

/* Where in a page: the first word, the last, and one between. */
static inline volatile uint64_t *spot(unsigned char *memory, uint64_t page, unsigned int i)
{
	static const unsigned int at[SPOTS] = { 0, 2040, 4088 };

	return (volatile uint64_t *)(memory + page * PAGE + at[i]);
}

static inline uint64_t tag(uint64_t page, unsigned int i)
{
	return 0x5157 + (page * SPOTS + i) * 0x10001;
}

/* The words of the page at `memory` + `at` pages are unused, or of page `page`. */
static inline bool tags_are_right(unsigned char *memory, uint64_t at, uint64_t page)
{
	for (unsigned int i = 0; i < SPOTS; i++) {
		uint64_t seen = *spot(memory, at, i);

		if (seen && seen >> 24 != tag(page, i))
			return false;
	}
	return true;
}

static inline void tags_write(unsigned char *memory, uint64_t at, uint64_t page)
{
	for (unsigned int i = 0; i < SPOTS; i++)
		*spot(memory, at, i) = tag(page, i) << 24 | draw(1 << 24);
}

/* Between the two, that signal there goes to self->refused, which is set before. */
static inline void touch_begin(unsigned char *memory, unsigned long pages, int signo)
{
	self->expects = signo;
	self->touches_length = pages * PAGE;
	self->touches = memory;
}

static inline void touch_end(void)
{
	self->touches = NULL;
}

/* Memory that all threads touch, where that signal may come; and by what names both are counted. */
struct area {
	unsigned char *memory;
	const char *name;
	uint64_t pages, most; /* in one go */
	int signo;
	enum kind touched, refused;
};
/* Some pages from one on are looked at, and mostly written to. */
void area_touch(const struct area *area);

void own_prepare(struct worker *worker);
void own_move(void);
void own_populate(void);
void heap_move(void);

void file_prepare(struct worker *worker);
void file_copy(void);
void file_touch(void);
void file_truncate(void);
