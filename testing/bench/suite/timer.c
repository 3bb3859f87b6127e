/* timer.c - the clock of the benchmarks: the time stamp counter, or nanoseconds; and what reading it costs. */
#include "bench.h"
#include <time.h>

#define CALIBRATIONS 101
#define EMPTY_ROUNDS 1000

int timer_counts;
static double pair_cost, loop_cost;

static inline uint64_t counter_read(void)
{
	uint32_t low, high;
	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static uint64_t nanoseconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t timer_now(void)
{
	return timer_counts ? counter_read() : nanoseconds();
}

/* Not inlined, so that a pair costs the same wherever it stands, and a profiler finds it by its address. */
__attribute__((noinline)) void timer_begin(struct timer *t)
{
	t->pairs++;
	t->start = timer_now();
}

__attribute__((noinline)) void timer_end(struct timer *t)
{
	t->ticks += timer_now() - t->start;
}

__attribute__((noinline)) void profile_on(void)
{
	__asm__ volatile("" : : : "memory");
}

__attribute__((noinline)) void profile_off(void)
{
	__asm__ volatile("nop" : : : "memory");
}

/* Inlined, it leaves the loop alone. */
static inline long nothing(void)
{
	__asm__ volatile("");
	return 0;
}

static void run_empty_loop(struct timer *t, unsigned n);
static LOOP(empty_loop, nothing())

	static double median_of_runs(unsigned rounds)
{
	double best[CALIBRATIONS];
	for (unsigned i = 0; i < CALIBRATIONS; i++) {
		struct timer t = { 0 };
		if (rounds) {
			run_empty_loop(&t, rounds);
		} else {
			timer_begin(&t);
			timer_end(&t);
		}
		unsigned at = i;
		for (; at && best[at - 1] > (double)t.ticks; at--)
			best[at] = best[at - 1];
		best[at] = (double)t.ticks;
	}
	return best[CALIBRATIONS / 2];
}

void timer_calibrate(void)
{
	pair_cost = median_of_runs(0);
	loop_cost = (median_of_runs(EMPTY_ROUNDS) - pair_cost) / EMPTY_ROUNDS;
}

double timer_pair_cost(void)
{
	return pair_cost;
}

double timer_loop_cost(void)
{
	return loop_cost;
}

double timer_net(const struct timer *t)
{
	double net = (double)t->ticks - pair_cost * (double)t->pairs - loop_cost * (double)t->loops;
	return net > 0 ? net : 0;
}
