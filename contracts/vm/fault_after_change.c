/*
 * fault_after_change.c - the first touch of a page obeys what was last said about it: by munmap, mprotect, mmap or fork, by this
 * thread or another one, however many pages beside it were just touched.
 * mutants: munmap=0 mprotect=0 mmap=ENOMEM wait4=0 clone=EAGAIN
 */
#include "contract.h"

#include <pthread.h>

#define PAGES 1024 /* of two page tables */
#define RW (PROT_READ | PROT_WRITE)

static char *region;

/* Fresh memory, its first pages touched in order: whatever a kernel remembers of such faults it remembers now. */
static void region_make(void)
{
	region = must(mmap(NULL, PAGES * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	for (int i = 0; i < 40; i++)
		region[i * PAGE] = 1;
}

static void region_drop(void)
{
	must(munmap(region, PAGES * PAGE));
}

static void *at(int page)
{
	return region + page * PAGE;
}

/* One page at the same place again and again, a mapping of its own: each is zero, and goes. */
static void page_again(void)
{
	char *hole = must(mmap(NULL, 3 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	char *page = hole + PAGE;

	for (int i = 0; i < 100; i++) {
		must(munmap(page, PAGE));
		must(mmap(page, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
		if (i % 2) /* else the first touch is the write */
			expect_eq(*page, 0);
		*page = 1;
	}
	must(munmap(page, PAGE));
	expect_fault(page, false, SIGSEGV, SEGV_MAPERR);
	must(munmap(hole, 3 * PAGE));
}

static void protect(void)
{
	must(mprotect(region, PAGES * PAGE, PROT_READ));
}

static void protect_tail(void)
{
	must(mprotect(at(40), (PAGES - 40) * PAGE, PROT_READ));
}

/* All of it goes, page tables too, and memory that may only be read comes. */
static void replace(void)
{
	region_drop();
	must(mmap(region, PAGES * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
}

static void (*const changes[])(void) = { protect, protect_tail, replace };

static pthread_barrier_t barrier;

/* Its own faults come before and after another thread's change. */
static void *toucher(void *arg)
{
	(void)arg;
	for (int i = 40; i < 60; i++)
		region[i * PAGE] = 1;
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	expect_fault(at(60), true, SIGSEGV, SEGV_ACCERR);
	expect_fault(at(700), true, SIGSEGV, SEGV_ACCERR);
	expect_readable(at(61));
	return NULL;
}

static void by_another_thread(void (*change)(void))
{
	pthread_t thread;

	region_make();
	expect_eq(pthread_create(&thread, NULL, toucher, NULL), 0);
	pthread_barrier_wait(&barrier);
	change();
	pthread_barrier_wait(&barrier);
	expect_eq(pthread_join(thread, NULL), 0);
	region_drop();
}

static void by_this_thread(void (*change)(void))
{
	region_make();
	change();
	expect_fault(at(40), true, SIGSEGV, SEGV_ACCERR);
	expect_fault(at(600), true, SIGSEGV, SEGV_ACCERR);
	expect_readable(at(41));
	region_drop();
}

#define TAIL 24

static char *tail;

/* Writes to the pages one after the other, as long as it may; which the last one was, the other thread need not know. */
static void *runner(void *arg)
{
	(void)arg;
	pthread_barrier_wait(&barrier);
	for (int i = 1; i < TAIL && !touch(tail + i * PAGE, true).signo; i++)
		;
	return NULL;
}

/* While another thread comes there, fresh memory goes, or is protected: afterwards nobody may write to any of it. */
static void beside_faults(bool unmap)
{
	for (int round = 0; round < 25; round++) {
		char *hole = must(mmap(NULL, (TAIL + 2) * PAGE, PROT_NONE,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
		pthread_t thread;

		tail = must(mmap(hole + PAGE, TAIL * PAGE, RW,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
		tail[0] = 1;
		expect_eq(pthread_create(&thread, NULL, runner, NULL), 0);
		pthread_barrier_wait(&barrier);
		for (volatile int pause = 0; pause < round * 50; pause++)
			;
		if (unmap)
			must(munmap(tail + PAGE, (TAIL - 1) * PAGE));
		else
			must(mprotect(tail + PAGE, (TAIL - 1) * PAGE, PROT_READ));
		expect_eq(pthread_join(thread, NULL), 0);
		for (int i = 1; i < TAIL; i++)
			expect_eq(touch(tail + i * PAGE, true).signo, SIGSEGV);
		must(munmap(hole, (TAIL + 2) * PAGE));
	}
}

static void file_in_its_place(void)
{
	int fd = must(memfd_create("file", 0));

	region_make();
	must(ftruncate(fd, 10 * PAGE));
	must(pwrite(fd, "file", 4, PAGE));
	must(mmap(at(40), 10 * PAGE, RW, MAP_PRIVATE | MAP_FIXED, fd, 0));
	expect_eq(memcmp(at(41), "file", 4), 0);
	expect_eq(*(char *)at(50), 0);
	region_drop();
	close(fd);
}

/* Both go on where the other has pages of the same page table: nothing is seen by the other. */
static void after_fork(void)
{
	pid_t child;

	region_make();
	child = fork_child();
	if (!child) {
		for (int i = 40; i < 80; i++)
			memset(at(i), 'c', PAGE);
		for (int i = 40; i < 80; i++)
			expect_eq(region[i * PAGE], 'c');
		_exit(0);
	}
	for (int i = 40; i < 60; i++) {
		expect_eq(region[i * PAGE], 0);
		region[i * PAGE] = 'p';
	}
	expect_exit(child, 0);
	for (int i = 40; i < 80; i++)
		expect_eq(region[i * PAGE], i < 60 ? 'p' : 0);
	region_drop();
}

int main(void)
{
	pthread_barrier_init(&barrier, NULL, 2);
	page_again();
	for (int i = 0; i < 3; i++) {
		by_this_thread(changes[i]);
		by_another_thread(changes[i]);
	}
	beside_faults(true);
	beside_faults(false);
	file_in_its_place();
	after_fork();
	say("faults see every change");
	return 0;
}
