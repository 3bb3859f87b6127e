/* ring.c - processes in a ring of pipes that pass one byte on: what switching between them costs. */
#include "bench.h"
#include "setup.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RING_MAX 16

/* Process i reads pipe i and writes pipe i + 1; process 0 is ours. */
static struct {
	unsigned size;
	int pipes[RING_MAX][2];
	long children[RING_MAX];
} ring;

static _Noreturn void ring_pass(int from, int to)
{
	char token;
	while (syscall_3(SYS_read, from, (long)&token, 1) == 1)
		if (syscall_3(SYS_write, to, (long)&token, 1) != 1)
			break;
	exit_raw(0);
}

static long ring_make(unsigned size)
{
	memset(&ring, 0, sizeof(ring));
	for (; ring.size < size; ring.size++)
		if (pipe(ring.pipes[ring.size]))
			return -errno;
	for (unsigned i = 1; i < size; i++) {
		ring.children[i] = fork_raw();
		if (ring.children[i] < 0)
			return ring.children[i];
		if (!ring.children[i])
			ring_pass(ring.pipes[i][0], ring.pipes[(i + 1) % size][1]);
	}
	return 0;
}

long setup_pingpong(void)
{
	return ring_make(2);
}

long setup_ring(void)
{
	return ring_make((unsigned)atoi(strrchr(bench_now->name, '_') + 1));
}

void teardown_ring(void)
{
	for (unsigned i = 1; i < ring.size; i++)
		child_end(&ring.children[i]);
	for (unsigned i = 0; i < ring.size; i++) {
		close(ring.pipes[i][0]);
		close(ring.pipes[i][1]);
	}
	ring.size = 0;
}

static void ring_turn(struct timer *t, unsigned turns)
{
	char token = 0;
	long result = 1;
	int out = ring.pipes[1][1], in = ring.pipes[0][0];
	timer_begin(t);
	for (unsigned i = turns; i && result == 1; i--) {
		syscall_3(SYS_write, out, (long)&token, 1);
		result = syscall_3(SYS_read, in, (long)&token, 1);
	}
	timer_end(t);
	t->loops += turns;
	t->result = result == 1 ? 0 : result < 0 ? result : -EPIPE;
}

void run_pipe_pingpong(struct timer *t, unsigned n)
{
	ring_turn(t, n);
}

void run_ctx_switch_2(struct timer *t, unsigned n)
{
	ring_turn(t, n / 2);
}

void run_ctx_switch_4(struct timer *t, unsigned n)
{
	ring_turn(t, n / 4);
}

void run_ctx_switch_8(struct timer *t, unsigned n)
{
	ring_turn(t, n / 8);
}

void run_ctx_switch_16(struct timer *t, unsigned n)
{
	ring_turn(t, n / 16);
}
