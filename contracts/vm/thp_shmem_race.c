/*
 * thp_shmem_race.c - processes and threads write to shared memory in 2 MiB pages, each to pages of its own, while another cuts holes and
 * ends, unmaps, protects and discards around them: what one writes it reads.
 * mutants: fallocate=0 mprotect=EINVAL
 */
#include "thp_shmem.h"

#include <pthread.h>

#define BLOCKS 3
#define WORKERS 1 /* in each of two processes */
#define MILLISECONDS 100

static unsigned char *memory;
static volatile int *stop;
static int file;

/* Worker n of 2 has the pages n, n + 5, ...; 4, 9, ... and the last block are the main thread's. */
static void *work(void *data)
{
	const unsigned int own = (unsigned int)(uintptr_t)data, end = (BLOCKS - 1) * 512;

	for (uint32_t round = 1; !*stop; round++) {
		for (unsigned int i = own; i < end; i += 5)
			*(volatile uint32_t *)(memory + i * PAGE + 8 * own) = round;
		for (unsigned int i = own; i < end; i += 5)
			if (*(volatile uint32_t *)(memory + i * PAGE + 8 * own) != round)
				broken("round %u: page %u of worker %u has %u", round, i, own,
				       *(volatile uint32_t *)(memory + i * PAGE + 8 * own));
	}
	return NULL;
}

static void start(pthread_t *workers, unsigned int first)
{
	for (unsigned int i = 0; i < WORKERS; i++)
		expect_eq(pthread_create(&workers[i], NULL, work, (void *)(uintptr_t)(first + i)),
			  0);
}

static void finish(pthread_t *workers)
{
	for (unsigned int i = 0; i < WORKERS; i++)
		expect_eq(pthread_join(workers[i], NULL), 0);
}

/* The last block is there, or beyond the end. */
static void look_at_last(void)
{
	while (!*stop) {
		int signo = touch(memory + (BLOCKS - 1) * HUGE + 99 * PAGE, false).signo;

		expect(!signo || signo == SIGBUS);
	}
}

static void hole(unsigned int page)
{
	memset(memory + page * PAGE, 0xa5, PAGE);
	must(fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)(page * PAGE),
		       PAGE));
	pages_check_zero(memory + page * PAGE, 1);
}

static void disturb(unsigned int round)
{
	unsigned char *last = memory + (BLOCKS - 1) * HUGE,
		      *own = memory + (4 + round % 200 * 5) * PAGE, *other;

	/* The last block comes and goes as a whole. */
	must(ftruncate(file, BLOCKS * HUGE));
	pages_check_zero(last + round % 512 * PAGE, 1);
	memset(last, 1, 3 * PAGE);
	must(ftruncate(file, (BLOCKS - 1) * HUGE));
	must(madvise(own, PAGE, MADV_DONTNEED));
	must(mprotect(own, PAGE, PROT_READ));
	expect_fault(own, true, SIGSEGV, SEGV_ACCERR);
	must(mprotect(own, PAGE, PROT_READ | PROT_WRITE));
	other = must(mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0));
	*(volatile uint32_t *)(other + 9 * PAGE) = round;
	expect_eq(*(volatile uint32_t *)(memory + 9 * PAGE), round);
	must(munmap(other + 100 * PAGE, 600 * PAGE));
	must(munmap(other, 2 * HUGE));
	/* Last, after some turns with whole ones. */
	if (round % 4 == 3)
		hole(4 + round % 200 * 5);
}

static void test(void)
{
	long long end = now_ns() + MILLISECONDS * 1000000LL;
	pthread_t workers[WORKERS];
	pid_t pid;

	shmem_mode("always");
	stop = map_shared(PAGE);
	memory = shmem_map(BLOCKS, &file);
	pid = fork_child();
	if (!pid) {
		start(workers, WORKERS);
		look_at_last();
		finish(workers);
		_exit(0);
	}
	start(workers, 0);
	for (unsigned int round = 0; round < 4 || now_ns() < end; round++)
		disturb(round);
	*stop = 1;
	finish(workers);
	expect_exit(pid, 0);
	say("what each writes stays");
}

int main(void)
{
	return with_shmem_modes(test);
}
