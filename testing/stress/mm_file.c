/*
 * mm_file.c - files in memory. One is mapped shared by all, and truncated beside all that touch it: what lies beyond its end is refused
 * by SIGBUS; a word is zero, or of that page. And one of each thread's own, whose private copies are exact.
 */
#include "mm.h"

#include <signal.h>
#include <unistd.h>

#define FILE_PAGES 96UL
#define COPY_PAGES 20UL

static int common = -1;
static unsigned char *common_memory;

static int file_new(uint64_t pages)
{
	int fd = memfd_create("stress", 0);

	if (fd < 0 || ftruncate(fd, (off_t)(pages * PAGE)))
		bad("memfd_create");
	return fd;
}

void file_prepare(struct worker *worker)
{
	worker->file = file_new(COPY_PAGES);
	worker->copy = map_aligned(COPY_PAGES * PAGE);
	if (common >= 0)
		return;
	common = file_new(FILE_PAGES);
	common_memory = mmap(NULL, FILE_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, common, 0);
	if (common_memory == MAP_FAILED)
		bad("shared mapping of a file");
}

/* What the file itself has in the first word of a page. */
static uint64_t file_word(uint64_t page)
{
	uint64_t word = 0;

	if (pread(self->file, &word, sizeof(word), (off_t)(page * PAGE)) != sizeof(word))
		bad("pread");
	return word;
}

/* All is cut off, and comes back empty. */
static void copy_cut(unsigned char *copy)
{
	if (ftruncate(self->file, 0))
		bad("ftruncate to 0");
	if (!sigsetjmp(self->refused, 0)) {
		touch_begin(copy, COPY_PAGES, SIGBUS);
		bad("%lx beyond the end of a file", *spot(copy, draw(COPY_PAGES), 0));
	}
	touch_end();
	self->done[BEYOND]++;
	if (ftruncate(self->file, COPY_PAGES * PAGE))
		bad("ftruncate");
	for (uint64_t page = 0; page < COPY_PAGES; page++)
		if (*spot(copy, page, 0) || *spot(copy, page, 2))
			bad("a copy of page %lu outlives its file", page);
	self->done[TRUNCATE] += 2;
}

/* Some pages are written by pwrite, some of them again in a private mapping, which the file does not notice. */
void file_copy(void)
{
	unsigned char *copy = mmap(self->copy, COPY_PAGES * PAGE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_FIXED, self->file, 0);
	uint64_t page = draw(COPY_PAGES), old, value = draw(1ULL << 40) + 1;

	if (copy == MAP_FAILED)
		bad("private mapping of a file");
	if (pwrite(self->file, &value, sizeof(value), (off_t)(page * PAGE)) != sizeof(value))
		bad("pwrite");
	for (uint64_t at = 0; at < COPY_PAGES; at++) {
		old = file_word(at);
		if (*spot(copy, at, 0) != old || (at == page && old != value))
			bad("page %lu of a file is %lx, its mapping %lx", at, old,
			    *spot(copy, at, 0));
		if (!draw(2))
			continue;
		*spot(copy, at, 0) = ~old;
		if (*spot(copy, at, 0) != ~old || file_word(at) != old)
			bad("page %lu of a file has changed with its copy", at);
	}
	self->done[PRIVATE]++;
	if (!draw(4))
		copy_cut(copy);
}

void file_touch(void)
{
	const struct area area = { common_memory, "a shared file", FILE_PAGES, 16,
				   SIGBUS,	  SHARED,	   BEYOND };

	area_touch(&area);
}

/* Also to the middle of a page. Mostly it is whole. */
void file_truncate(void)
{
	uint64_t size = draw(FILE_PAGES + 1) * PAGE;

	if (size && draw(2))
		size -= 2048;
	if (ftruncate(common, (off_t)size) || ftruncate(common, FILE_PAGES * PAGE))
		bad("ftruncate");
	self->done[TRUNCATE] += 2;
}
