/*
 * bench.h - what the groups of benchmarks share: the table's row, the timer, system calls without a libc.
 *
 * A benchmark is a row of list.h and a function run_<name>(timer, n) that does its operation n times between
 * timer_begin and timer_end. What is not timed lies outside the pair, or in setup and teardown. A run that
 * cannot do its work leaves -errno in timer->result, and the benchmark counts as failed, never as fast.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define PAGE 4096ul
#define MIB (1024ul * 1024)
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

struct timer {
	uint64_t start;
	uint64_t ticks; /* between the pairs, added up */
	uint64_t pairs; /* timer_begin/timer_end pairs, whose own cost is subtracted */
	uint64_t loops; /* rounds of LOOP, whose own cost is subtracted */
	long result; /* of the last operation; negative: it failed */
};

enum {
	SHARE = 1, /* runs programs, whose user instructions are a column of their own */
	COLD = 2, /* no untimed sample first: it would take long and change nothing */
	BIG = 4, /* needs 4 GiB of memory */
	SMP = 8, /* needs 2 CPUs, and is measured by the wall clock only */
	BOOT = 16, /* measured by init, once a boot */
	LONG = 32, /* takes long: in a full run, or by its name or group */
};

struct bench {
	const char *name, *group;
	unsigned flags;
	unsigned ops; /* operations in one sample */
	unsigned quick, full; /* samples; the median counts */
	long (*setup)(void); /* 0 or -errno; NULL: nothing to do */
	void (*run)(struct timer *t, unsigned n);
	void (*teardown)(void); /* also after a failed setup or run */
	const char *op;
};

extern const struct bench benches[];
extern const unsigned bench_count;
/* The row that runs now, for what serves several rows. */
extern const struct bench *bench_now;
/* The folder that file benchmarks use: /tmp in a machine of our own, a new one elsewhere. */
extern const char *work_folder;

#define BENCH(name, ...) void run_##name(struct timer *t, unsigned n);
#include "list.h"
#undef BENCH

/* ---- timer.c. Ticks are the counter's, or nanoseconds; main chooses before the first use. */
extern int timer_counts;
void timer_begin(struct timer *t);
void timer_end(struct timer *t);
uint64_t timer_now(void);
void timer_calibrate(void);
double timer_pair_cost(void);
double timer_loop_cost(void);
/* What t measured, without the timer's and the loop's own cost. */
double timer_net(const struct timer *t);
/* Tells a profiler that samples follow, or that they are over. They do nothing. */
void profile_on(void);
void profile_off(void);

/* Defines run_<name>: the expression n times; its last value is the result. */
#define LOOP(name, expression)                                                                     \
	void run_##name(struct timer *t, unsigned n)                                               \
	{                                                                                          \
		long result = 0;                                                                   \
		timer_begin(t);                                                                    \
		for (unsigned i = n; i; i--)                                                       \
			result = (expression);                                                     \
		timer_end(t);                                                                      \
		t->loops += n;                                                                     \
		t->result = result;                                                                \
	}

/* ---- help.c. Each returns -errno on failure. */
/* The path of a file in the work folder; the string lives as long as the program. */
const char *work_path(const char *name);
long file_write(const char *path, const void *data, size_t size);
void *map_fresh(size_t size); /* anonymous, private, readable and writable; NULL on failure */
void map_touch(void *at, size_t size);
long wait_child(long pid); /* 0 if it ended with status 0 */
long fork_raw(void);
_Noreturn void exit_raw(int status);
/* Ends children that teardown must not leave behind. */
void child_end(long *pid);

/* ---- counters.c */
void counters_begin(void);
void counters_print(const char *name); /* what grew since then */

/* ---- sha256.c */
void sha256(const void *data, size_t size, char hex[65]);

/* ---- init.c */
_Noreturn void init_main(int argc, char **argv, uint64_t boot_ticks);

static inline long syscall_6(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	__asm__ volatile("syscall"
			 : "+a"(number)
			 : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return number;
}

static inline long syscall_4(long number, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;
	__asm__ volatile("syscall"
			 : "+a"(number)
			 : "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
	return number;
}

static inline long syscall_3(long number, long a, long b, long c)
{
	__asm__ volatile("syscall"
			 : "+a"(number)
			 : "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return number;
}

static inline long syscall_2(long number, long a, long b)
{
	__asm__ volatile("syscall" : "+a"(number) : "D"(a), "S"(b) : "rcx", "r11", "memory");
	return number;
}

static inline long syscall_1(long number, long a)
{
	__asm__ volatile("syscall" : "+a"(number) : "D"(a) : "rcx", "r11", "memory");
	return number;
}

static inline long syscall_0(long number)
{
	__asm__ volatile("syscall" : "+a"(number) : : "rcx", "r11", "memory");
	return number;
}
