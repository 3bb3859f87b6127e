/* bandwidth.c - moving many bytes: through a pipe, through a socket, by memcpy into fresh memory. */
#include "bench.h"
#include "map.h"
#include "setup.h"
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CHUNK (64 * 1024ul)

static char chunk[CHUNK];
static struct {
	int data[2], ack[2];
	long child;
} line = { { -1, -1 }, { -1, -1 }, 0 };

/* Reads, and answers with one byte after each sample's worth. */
static _Noreturn void line_drain(size_t sample)
{
	size_t have = 0;
	long got;
	while ((got = syscall_3(SYS_read, line.data[0], (long)chunk, CHUNK)) > 0) {
		have += (size_t)got;
		if (have < sample)
			continue;
		have -= sample;
		syscall_3(SYS_write, line.ack[1], (long)chunk, 1);
	}
	exit_raw(0);
}

static long line_start(void)
{
	map_touch(chunk, CHUNK);
	if (pipe(line.ack))
		return -errno;
	line.child = fork_raw();
	if (line.child)
		return line.child < 0 ? line.child : 0;
	close(line.data[1]);
	line_drain(bench_now->ops * CHUNK);
}

long setup_bw_pipe(void)
{
	return pipe(line.data) ? -errno : line_start();
}

long setup_bw_unix(void)
{
	return socketpair(AF_UNIX, SOCK_STREAM, 0, line.data) ? -errno : line_start();
}

void teardown_bandwidth(void)
{
	child_end(&line.child);
	for (unsigned i = 0; i < 2; i++) {
		if (line.data[i] >= 0)
			close(line.data[i]);
		if (line.ack[i] >= 0)
			close(line.ack[i]);
		line.data[i] = line.ack[i] = -1;
	}
}

static long chunk_write(void)
{
	size_t done = 0;
	while (done < CHUNK) {
		long got = syscall_3(SYS_write, line.data[1], (long)(chunk + done),
				     (long)(CHUNK - done));
		if (got <= 0)
			return got ? got : -EPIPE;
		done += (size_t)got;
	}
	return 0;
}

static void line_move(struct timer *t, unsigned n)
{
	char answer;
	long result = 0;
	timer_begin(t);
	for (unsigned i = n; i && !result; i--)
		result = chunk_write();
	if (!result)
		result = syscall_3(SYS_read, line.ack[0], (long)&answer, 1);
	timer_end(t);
	t->result = result;
}

void run_bw_pipe(struct timer *t, unsigned n)
{
	line_move(t, n);
}

void run_bw_unix(struct timer *t, unsigned n)
{
	line_move(t, n);
}

long setup_memcpy(void)
{
	long result = map_set(bench_now->ops * CHUNK);
	if (!result)
		map_touch(map_now.at, map_now.size);
	return result;
}

void run_bw_memcpy(struct timer *t, unsigned n)
{
	char *to = map_fresh(n * CHUNK);
	if (!to) {
		t->result = -ENOMEM;
		return;
	}
	timer_begin(t);
	for (unsigned i = 0; i < n; i++)
		memcpy(to + i * CHUNK, map_now.at + i * CHUNK, CHUNK);
	timer_end(t);
	t->result = munmap(to, n * CHUNK) ? -errno : 0;
}
