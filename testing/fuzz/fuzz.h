/*
 * fuzz.h - the parts of the system-call fuzzer: the table of calls, values for their arguments, and the workers that make
 * the calls. All of them draw from one generator per thread, so that a seed and a round's number give the same calls again.
 */
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE 4096UL
#define SCRATCH "/tmp/fuzz"
#define USER_END 0x7ffffffff000UL
#define MAX_WORKERS 16
#define UNPRIVILEGED 1000 /* user and group of the workers that are not root */

/* --- The table, made from the kernel's own list ------------------------------------------------------------------ */

enum kind {
	KIND_NONE,
	KIND_FD,
	KIND_DIRFD,
	KIND_INT,
	KIND_UINT,
	KIND_LONG,
	KIND_ULONG,
	KIND_FLAGS,
	KIND_FLAGS64,
	KIND_CMD,
	KIND_LEN,
	KIND_OFFSET,
	KIND_MODE,
	KIND_PID,
	KIND_UID,
	KIND_GID,
	KIND_SIG,
	KIND_ADDR,
	KIND_ADDRP,
	KIND_PATH,
	KIND_STRING,
	KIND_IN,
	KIND_OUT,
	KIND_INOUT,
};

struct argument {
	enum kind kind;
	const char *name;
};

struct call {
	int number;
	const char *name;
	struct argument arguments[6];
};

extern const struct call calls[];
extern const unsigned int call_count;

/* What a call may do to the fuzzer itself, and so may not. */
enum rule {
	RULE_NONE,
	RULE_UNPRIVILEGED, /* as root it would end the run or blind it */
	RULE_RARE, /* ends its caller */
	RULE_CHILD, /* returns twice */
};
enum rule call_rule(const struct call *call);

/* --- Random numbers ------------------------------------------------------------------------------------------------ */

struct random {
	uint64_t state;
};

static inline uint64_t random_mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

static inline uint64_t random_next(struct random *random)
{
	random->state += 0x9e3779b97f4a7c15ULL;
	return random_mix(random->state);
}

static inline unsigned int random_below(struct random *random, unsigned int limit)
{
	return (unsigned int)((random_next(random) >> 32) * limit >> 32);
}

static inline bool one_in(struct random *random, unsigned int n)
{
	return random_below(random, n) == 0;
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PICK(random, array) ((array)[random_below(random, COUNT(array))])

/* --- A worker's memory ---------------------------------------------------------------------------------------------- */

#define ARENA_PAGES 16

/*
 * What pointers point to. Each is followed by a page that cannot be touched, so that a structure at the end of a page is
 * cut off by the next.
 */
struct arena {
	char *data; /* ARENA_PAGES, read and write */
	char *read_only; /* one page */
	char *hole; /* one page that is not mapped */
	char *beyond; /* a page of a mapped file behind the file's end */
	char *shared; /* one page that all workers share: futexes */
};

/* All workers see it. */
struct shared {
	char *futexes; /* one page, apart from this struct, which calls must not reach */
	volatile int forks; /* in this round */
	volatile long calls;
	struct slot {
		volatile int pid;
		volatile int call; /* index in calls[], -1: none */
		volatile long arguments[6];
	} slots[MAX_WORKERS];
};
extern struct shared *shared;
extern int null_file; /* opened by init, before anybody could replace /dev/null */

struct worker {
	struct random random;
	struct arena *arena;
	struct slot *slot;
	bool root;
	bool failing; /* makes allocations fail, where the kernel lets it */
	bool trace;
};

void arena_make(struct arena *arena);

/* A value for the argument; may fill memory it points to. */
long value_make(struct worker *worker, const struct call *call, unsigned int index);
unsigned int length_small(struct worker *worker);

/* An address for a structure; `written`: where results may go without destroying what another call reads. */
long pointer_make(struct worker *worker, bool written);
/* An address for memory that the call reads, then filled as `name` suggests, or writes. */
long memory_make(struct worker *worker, const char *name, bool in, bool out);
/* For mappings: page aligned mostly. */
long address_make(struct worker *worker);
long text_make(struct worker *worker, const struct call *call);
long string_make(struct worker *worker, const struct call *call);

/* Fills memory as the argument's name suggests; `room` bytes are there. */
void shape_fill(struct worker *worker, const char *name, char *at, size_t room);

/* --- Workers -------------------------------------------------------------------------------------------------------- */

/* Makes `count` calls, in this process and two threads more, and exits. */
_Noreturn void worker_run(uint64_t seed, unsigned int slot, unsigned int count, bool trace);
/* A call's name and arguments as text. */
void call_describe(char *text, size_t size, int call, const volatile long *arguments);
