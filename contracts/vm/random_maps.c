/*
 * random_maps.c - random mmap, munmap, mprotect, mremap, madvise and fork leave each page with the bytes a model has for it.
 * mutants: munmap=0 mprotect=0 madvise=0 mremap=0 mmap#3+=ENOMEM
 */
#include "random.h"

#define PAGES 48 /* of the window that the calls work in */
#define STEPS 2000
#define SECONDS 2 /* at most, where steps are slow */
#define FILE_PAGES 16

/*
 * The model of a page: whether it is mapped, with which protection, and what it holds. Each page is filled with one byte
 * value, and its number is in its first bytes, so that a page that is taken for another is seen. A shared page's content is
 * the file's, which all that map it see.
 */
struct page {
	int prot; /* -1: not mapped */
	int file_page; /* -1: anonymous and private */
	bool shared;
	bool written; /* a private page that has its own content */
	unsigned char fill; /* its content; 0 if anonymous and never written */
};

static struct page model[PAGES];
static unsigned char file_fill[FILE_PAGES];
static unsigned char *window;
static int file;
static uint64_t seed; /* `random_maps SEED` repeats what failed */
static long steps;

static unsigned char model_fill(const struct page *page)
{
	if (page->file_page < 0 || (!page->shared && page->written))
		return page->fill;
	return file_fill[page->file_page];
}

/* A private page of a file that was not written shows either what the file had when it was read or has now: not specified. */
static void page_write(unsigned int index, unsigned char fill)
{
	struct page *page = &model[index];

	memset(window + index * PAGE, fill, PAGE);
	if (page->shared)
		file_fill[page->file_page] = fill;
	else
		page->fill = fill;
	page->written = true;
}

static void page_check(unsigned int index)
{
	const unsigned char *at = window + index * PAGE;
	unsigned char want = model_fill(&model[index]);

	for (unsigned int i = 0; i < PAGE; i++)
		if (at[i] != want)
			broken("seed %llu, step %ld: byte %u of page %u is %u, not %u",
			       (unsigned long long)seed, steps, i, index, at[i], want);
}

static void check_all(void)
{
	unsigned char seen;

	for (unsigned int i = 0; i < PAGES; i++) {
		struct touch got = { 0 };

		if (model[i].prot > 0 && (model[i].prot & PROT_READ)) {
			page_check(i);
			continue;
		}
		got = touch(window + i * PAGE, false);
		if (got.signo != SIGSEGV ||
		    got.code != (model[i].prot < 0 ? SEGV_MAPERR : SEGV_ACCERR))
			broken("seed %llu, step %ld: page %u gives signal %d code %d",
			       (unsigned long long)seed, steps, i, got.signo, got.code);
	}
	for (unsigned int i = 0; i < FILE_PAGES; i++) {
		expect_eq(pread(file, &seen, 1, (off_t)(i * PAGE + below(PAGE))), 1);
		expect_eq(seen, file_fill[i]);
	}
}

static void range_pick(unsigned int *start, unsigned int *count)
{
	*start = below(PAGES);
	*count = 1 + below(PAGES - *start < 12 ? PAGES - *start : 12);
}

static int prot_pick(void)
{
	static const int prots[] = { PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE,
				     PROT_READ | PROT_WRITE, PROT_NONE };

	return prots[below(5)];
}

static void step_map(void)
{
	unsigned int start, count, offset = 0;
	bool shared = below(3) == 0, of_file = shared || below(4) == 0;
	int prot = prot_pick();

	range_pick(&start, &count);
	if (of_file) {
		offset = below(FILE_PAGES);
		if (count > FILE_PAGES - offset)
			count = FILE_PAGES - offset;
	}
	must(mmap(window + start * PAGE, count * PAGE, prot,
		  MAP_FIXED | (shared ? MAP_SHARED : MAP_PRIVATE) | (of_file ? 0 : MAP_ANONYMOUS),
		  of_file ? file : -1, (off_t)(offset * PAGE)));
	for (unsigned int i = 0; i < count; i++)
		model[start + i] =
			(struct page){ prot, of_file ? (int)(offset + i) : -1, shared, false, 0 };
}

static void step_unmap(void)
{
	unsigned int start, count;

	range_pick(&start, &count);
	must(munmap(window + start * PAGE, count * PAGE));
	for (unsigned int i = start; i < start + count; i++)
		model[i] = (struct page){ .prot = -1, .file_page = -1 };
}

/* As far as the first hole; ENOMEM there. */
static void step_protect(void)
{
	unsigned int start, count, i;
	int prot = prot_pick();

	range_pick(&start, &count);
	for (i = start; i < start + count && model[i].prot >= 0; i++)
		model[i].prot = prot;
	if (i == start + count)
		must(mprotect(window + start * PAGE, count * PAGE, prot));
	else
		must_fail(mprotect(window + start * PAGE, count * PAGE, prot), ENOMEM);
}

static void step_dontneed(void)
{
	unsigned int start, count;
	bool whole = true;

	range_pick(&start, &count);
	for (unsigned int i = start; i < start + count; i++) {
		whole = whole && model[i].prot >= 0;
		if (model[i].shared)
			continue;
		model[i].written = false;
		model[i].fill = 0;
	}
	if (whole)
		must(madvise(window + start * PAGE, count * PAGE, MADV_DONTNEED));
	else
		must_fail(madvise(window + start * PAGE, count * PAGE, MADV_DONTNEED), ENOMEM);
}

/* Whether the pages are one mapping for mremap: alike, and of consecutive pages of the file. */
static bool alike(unsigned int start, unsigned int count)
{
	for (unsigned int i = start; i < start + count; i++) {
		if (model[i].prot < 0 || model[i].prot != model[start].prot ||
		    model[i].shared != model[start].shared)
			return false;
		if (model[start].file_page < 0
			    ? model[i].file_page >= 0
			    : model[i].file_page != model[start].file_page + (int)(i - start))
			return false;
	}
	return true;
}

/* Two anonymous mappings that look alike may still be two, which mremap refuses with EFAULT: then nothing has changed. */
static void step_move(void)
{
	unsigned int start, count, to;
	struct page moved[12];

	range_pick(&start, &count);
	to = below(PAGES - count + 1);
	if (!alike(start, count) || (to < start + count && start < to + count))
		return;
	memcpy(moved, &model[start], count * sizeof(moved[0]));
	if (mremap(window + start * PAGE, count * PAGE, count * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		   window + to * PAGE) == MAP_FAILED) {
		expect_eq(errno, EFAULT);
		for (unsigned int i = to; i < to + count; i++) /* unmapped first, or not: look */
			if (touch(window + i * PAGE, false).code == SEGV_MAPERR)
				model[i] = (struct page){ .prot = -1, .file_page = -1 };
		return;
	}
	for (unsigned int i = 0; i < count; i++)
		model[start + i] = (struct page){ .prot = -1, .file_page = -1 };
	memcpy(&model[to], moved, count * sizeof(moved[0]));
}

static void step_write(void)
{
	unsigned int start, count;

	range_pick(&start, &count);
	for (unsigned int i = start; i < start + count; i++)
		if (model[i].prot > 0 && (model[i].prot & PROT_WRITE))
			page_write(i, (unsigned char)(1 + below(255)));
}

static void step_write_file(void)
{
	unsigned int index = below(FILE_PAGES);
	unsigned char bytes[PAGE];

	file_fill[index] = (unsigned char)(1 + below(255));
	memset(bytes, file_fill[index], sizeof(bytes));
	expect_eq(pwrite(file, bytes, sizeof(bytes), (off_t)(index * PAGE)), sizeof(bytes));
}

/* A child sees all as it is, changes what is private, and the parent sees nothing of that. */
static void step_fork(void)
{
	pid_t child = fork_child();

	if (child) {
		expect_exit(child, 0);
		return;
	}
	check_all();
	for (unsigned int i = 0; i < PAGES; i++)
		if (model[i].prot > 0 && (model[i].prot & PROT_WRITE) && !model[i].shared)
			page_write(i, (unsigned char)(1 + below(255)));
	check_all();
	_exit(0);
}

static void step(void)
{
	static void (*const kinds[])(
		void) = { step_map,  step_map,	 step_unmap, step_protect, step_dontneed,
			  step_move, step_write, step_write, step_write,   step_write_file };

	steps++;
	if (below(150) == 0)
		step_fork();
	else
		kinds[below(sizeof(kinds) / sizeof(kinds[0]))]();
}

int main(int argc, char **argv)
{
	unsigned char bytes[PAGE] = { 0 };
	long long end = now_ns() + SECONDS * 1000000000LL;

	seed = argc > 1 ? strtoull(argv[1], NULL, 0) : (unsigned long long)now_ns();
	random_state = seed | 1;
	file = file_with("pages", "");
	for (unsigned int i = 0; i < FILE_PAGES; i++)
		expect_eq(write(file, bytes, sizeof(bytes)), sizeof(bytes));
	window = must(mmap(NULL, PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	for (unsigned int i = 0; i < PAGES; i++)
		model[i] = (struct page){ .prot = PROT_NONE, .file_page = -1 };
	while (steps < STEPS && now_ns() < end) {
		step();
		if (steps % 16 == 0)
			check_all();
	}
	check_all();
	say("every page as the model has it");
	return 0;
}
