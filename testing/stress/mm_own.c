/*
 * mm_own.c - memory of each thread's own: moved to and fro by mremap between two places, beside each other or in two page tables, of
 * which one is mapped; locked; filled in advance. And the heap, which is everybody's, one at a time.
 */
#include "mm.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#define OWN_PAGES 24UL
#define HEAP_PAGES 40UL

static pthread_mutex_t heap_lock = PTHREAD_MUTEX_INITIALIZER;

void own_prepare(struct worker *worker)
{
	worker->own = map_aligned(2 * TABLE);
	if (munmap(worker->own + OWN_PAGES * PAGE, 2 * TABLE - OWN_PAGES * PAGE))
		bad("own memory");
}

void own_move(void)
{
	const unsigned long length = OWN_PAGES * PAGE;
	unsigned char *from = self->own, *to = draw(2) ? from + TABLE : from + length;
	uint64_t page = draw(OWN_PAGES);

	for (unsigned int round = 0; round < 2; round++) {
		unsigned char *source = round ? to : from, *target = round ? from : to;

		*spot(source, page, round) += page + 1;
		if (mremap(source, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, target) != target)
			bad("mremap");
		if (*spot(target, page, 2) != *spot(target, page, round) - (page + 1))
			bad("own page %lu is another", page);
		*spot(target, page, round) -= page + 1;
		self->done[MREMAP]++;
	}
}

static void own_check_resident(const char *after)
{
	unsigned char there[OWN_PAGES];

	if (mincore(self->own, OWN_PAGES * PAGE, there))
		bad("mincore");
	for (unsigned int page = 0; page < OWN_PAGES; page++) {
		if (!(there[page] & 1))
			bad("own page %u is not there after %s", page, after);
		for (unsigned int i = 0; i < SPOTS; i++)
			if (*spot(self->own, page, i))
				bad("own page %u is not zero after %s", page, after);
	}
}

/* Given up, and filled again, in one of two ways. */
void own_populate(void)
{
	const unsigned long length = OWN_PAGES * PAGE;

	if (madvise(self->own, length, MADV_DONTNEED))
		bad("own MADV_DONTNEED");
	if (madvise(self->own, length, MADV_POPULATE_WRITE))
		bad("own MADV_POPULATE_WRITE");
	own_check_resident("MADV_POPULATE_WRITE");
	self->done[POPULATE]++;
	if (madvise(self->own, length, MADV_DONTNEED) || mlock(self->own, length))
		bad("mlock");
	own_check_resident("mlock");
	if (!madvise(self->own, length, MADV_DONTNEED))
		bad("locked memory is given up");
	if (munlock(self->own, length))
		bad("munlock");
	self->done[MLOCK] += 2;
}

/* Grows by some pages, which are zero, and shrinks to where it was: what lies there does not come back. */
void heap_move(void)
{
	uint64_t pages = 1 + draw(HEAP_PAGES);
	unsigned char *start;

	pthread_mutex_lock(&heap_lock);
	start = sbrk((intptr_t)(pages * PAGE));
	if (start == (void *)-1)
		bad("brk");
	for (uint64_t page = 0; page < pages; page++) {
		if (start[page * PAGE] || start[page * PAGE + PAGE - 1])
			bad("page %lu of the heap is not zero", page);
		memset(start + page * PAGE, (int)page + 1, PAGE);
	}
	for (uint64_t page = 0; page < pages; page++)
		if (start[page * PAGE] != page + 1 || start[page * PAGE + PAGE - 1] != page + 1)
			bad("page %lu of the heap is another", page);
	if (sbrk(-(intptr_t)(pages * PAGE)) == (void *)-1)
		bad("brk back");
	pthread_mutex_unlock(&heap_lock);
	self->done[BRK] += 2;
}
