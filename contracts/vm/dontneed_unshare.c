/*
 * dontneed_unshare.c - after a fork two threads write to their pages while another gives up pages beside them, or all: what was given
 * up is zero, what was written stays, or is zero where all was given up; and the child keeps what it had.
 * mutants: madvise(advice:MADV_DONTNEED)=0
 */
#include "contract.h"

#include <pthread.h>

#define BLOCK (512 * PAGE) /* what a page table maps */
#define BLOCKS 8
#define PAGES 128UL /* in use, evenly spread */
#define SPREAD (BLOCKS * BLOCK / PAGES)
#define WRITERS 2
#define ROUNDS 4
#define STRIDE 37 /* through all pages */

static unsigned char *memory;
static pthread_barrier_t begin, end;
static volatile bool all_goes;

static volatile uint32_t *word(unsigned long page)
{
	return (volatile uint32_t *)(memory + page * SPREAD + 8 * page);
}

static uint32_t old_value(unsigned int round, unsigned long page)
{
	return (round * 2 + 1) << 16 | page;
}

static uint32_t new_value(unsigned int round, unsigned long page)
{
	return (round * 2 + 2) << 16 | page;
}

static void writer_check(unsigned int round, unsigned long page)
{
	uint32_t seen = *word(page);

	if (seen != new_value(round, page) && !(all_goes && !seen))
		broken("round %u: page %lu was written, and has %x", round, page, seen);
}

/* Every second of the odd pages. */
static void *write_own(void *data)
{
	const unsigned long first = 1 + 2 * (uintptr_t)data;

	for (unsigned int round = 0; round < ROUNDS; round++) {
		pthread_barrier_wait(&begin);
		for (unsigned long i = first; i < PAGES; i += 2 * WRITERS) {
			unsigned long page = (i * STRIDE) % PAGES;

			*word(page) = new_value(round, page);
			writer_check(round, page);
		}
		for (unsigned long page = first; page < PAGES; page += 2 * WRITERS)
			writer_check(round, page);
		pthread_barrier_wait(&end);
	}
	return NULL;
}

/* The even ones. */
static void give_up_some(unsigned int round)
{
	for (unsigned long i = 0; i < PAGES; i += 2) {
		unsigned long page = (i * STRIDE) % PAGES;

		must(madvise(memory + page * SPREAD, PAGE, MADV_DONTNEED));
		if (*word(page))
			broken("round %u: page %lu was given up, and has %x", round, page,
			       *word(page));
	}
}

static void give_up_all(void)
{
	for (unsigned int turn = 0; turn < 2 * BLOCKS; turn++)
		must(madvise(memory + turn % BLOCKS * BLOCK, BLOCK, MADV_DONTNEED));
}

/* A child that has the memory as it is, until the pipe is closed. */
static pid_t child_start(unsigned int round, int pipe_ends[2])
{
	pid_t pid;
	char byte;

	must(pipe(pipe_ends));
	pid = fork_child();
	if (pid)
		return pid;
	close(pipe_ends[1]);
	expect_eq(read(pipe_ends[0], &byte, 1), 0);
	for (unsigned long page = 0; page < PAGES; page++)
		if (*word(page) != old_value(round, page))
			broken("round %u: the child's page %lu has %x", round, page, *word(page));
	_exit(0);
}

int main(void)
{
	unsigned char *whole = map_anon((BLOCKS + 1) * BLOCK);
	int pipe_ends[2];
	pthread_t writers[WRITERS];

	memory = whole + BLOCK - (uintptr_t)whole % BLOCK;
	expect_eq(pthread_barrier_init(&begin, NULL, WRITERS + 1), 0);
	expect_eq(pthread_barrier_init(&end, NULL, WRITERS + 1), 0);
	for (uintptr_t i = 0; i < WRITERS; i++)
		expect_eq(pthread_create(&writers[i], NULL, write_own, (void *)i), 0);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		pid_t child;

		for (unsigned long page = 0; page < PAGES; page++)
			*word(page) = old_value(round, page);
		child = child_start(round, pipe_ends);
		all_goes = round % 2;
		pthread_barrier_wait(&begin);
		if (all_goes)
			give_up_all();
		else
			give_up_some(round);
		pthread_barrier_wait(&end);
		must(close(pipe_ends[1]));
		expect_exit(child, 0);
		must(close(pipe_ends[0]));
	}
	for (unsigned int i = 0; i < WRITERS; i++)
		expect_eq(pthread_join(writers[i], NULL), 0);
	say("given up is zero, written stays, the child keeps what it had");
	return 0;
}
