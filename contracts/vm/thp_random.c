/*
 * thp_random.c - random mmap, munmap, mprotect, mremap, MADV_DONTNEED and fork in memory that may have 2 MiB pages leave each
 * page with what a model has for it; in parent and child.
 * mutants: munmap#2+=0 mprotect=0 madvise(advice:MADV_DONTNEED)=0 mremap=0
 */
#include "random.h"
#include "thp.h"

#define BLOCKS 5
#define PAGES (BLOCKS * 512)
#define STEPS 400
#define SECONDS 2 /* at most, where steps are slow */
#define GONE (-1)

struct page {
	int prot; /* GONE: not mapped */
	uint32_t value; /* 0: never written */
};

#define WORDS (PAGE / sizeof(uint32_t))
/* Of a page that is written, every 93rd word: the first and the last among them. */
#define WORD_STEP 93

static struct page model[PAGES];
static unsigned char *window;
static uint64_t seed; /* `thp_random SEED` repeats what failed */
static uint32_t next_value;
static long steps;

/* Half of the ranges are whole blocks. */
static unsigned int range_pick(unsigned int *start)
{
	unsigned int count;

	if (below(2)) {
		*start = below(BLOCKS) * 512;
		count = (1 + below(2)) * 512;
	} else {
		*start = below(PAGES);
		count = 1 + below(below(2) ? 8 : 700);
	}
	return *start + count > PAGES ? PAGES - *start : count;
}

static void page_check(unsigned int i)
{
	const uint32_t *at = (const uint32_t *)(window + i * PAGE);
	const unsigned int word = below(2) ? below(WORDS) : below(WORDS / WORD_STEP) * WORD_STEP;

	if (at[0] != model[i].value || at[WORDS - 1] != model[i].value ||
	    at[word] != (word % WORD_STEP ? 0 : model[i].value))
		broken("seed %llu, step %ld: page %u has %u, not %u", (unsigned long long)seed,
		       steps, i, at[0], model[i].value);
}

static void page_write(unsigned int i)
{
	uint32_t *at = (uint32_t *)(window + i * PAGE);

	next_value++;
	for (unsigned int word = 0; word < WORDS; word += WORD_STEP)
		at[word] = next_value;
	model[i].value = next_value;
}

static void check_all(void)
{
	for (unsigned int i = 0; i < PAGES; i++)
		if (model[i].prot > 0 && (model[i].prot & PROT_READ))
			page_check(i);
	for (unsigned int tries = 0; tries < 4; tries++) {
		unsigned int i = below(PAGES);
		struct touch got;

		if (model[i].prot == (PROT_READ | PROT_WRITE))
			continue;
		got = touch(window + i * PAGE, model[i].prot == PROT_READ);
		if (got.signo != SIGSEGV ||
		    got.code != (model[i].prot == GONE ? SEGV_MAPERR : SEGV_ACCERR))
			broken("seed %llu, step %ld: page %u gives signal %d",
			       (unsigned long long)seed, steps, i, got.signo);
	}
}

static void step_map(void)
{
	unsigned int start, count = range_pick(&start);

	must(mmap(window + start * PAGE, count * PAGE, PROT_READ | PROT_WRITE,
		  MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	must(madvise(window + start * PAGE, count * PAGE, MADV_HUGEPAGE));
	for (unsigned int i = start; i < start + count; i++)
		model[i] = (struct page){ PROT_READ | PROT_WRITE, 0 };
}

static void step_unmap(void)
{
	unsigned int start, count = range_pick(&start);

	must(munmap(window + start * PAGE, count * PAGE));
	for (unsigned int i = start; i < start + count; i++)
		model[i] = (struct page){ GONE, 0 };
}

static unsigned int mapped_run(unsigned int start, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count && model[start + i].prot != GONE; i++)
		continue;
	return i;
}

static void step_protect(void)
{
	static const int prots[] = { PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE,
				     PROT_NONE };
	unsigned int start, count = range_pick(&start);
	int prot = prots[below(4)];

	count = mapped_run(start, count);
	if (!count)
		return;
	must(mprotect(window + start * PAGE, count * PAGE, prot));
	for (unsigned int i = start; i < start + count; i++)
		model[i].prot = prot;
	if (!(prot & PROT_WRITE))
		expect_eq(touch(window + (start + below(count)) * PAGE, true).signo, SIGSEGV);
}

static void step_discard(void)
{
	unsigned int start, count = range_pick(&start);

	count = mapped_run(start, count);
	if (!count)
		return;
	must(madvise(window + start * PAGE, count * PAGE, MADV_DONTNEED));
	for (unsigned int i = start; i < start + count; i++)
		model[i].value = 0;
}

/* What is not one mapping gives EFAULT, and then the target may be gone or not: it is made so. */
static void step_move(void)
{
	unsigned int start, count = range_pick(&start), to = below(PAGES);
	struct page moved[1024];

	if (below(2))
		to = to / 512 * 512 + start % 512;
	count = mapped_run(start, count > 1024 ? 1024 : count);
	if (!count || to + count > PAGES || (to < start + count && start < to + count))
		return;
	memcpy(moved, &model[start], count * sizeof(moved[0]));
	if (mremap(window + start * PAGE, count * PAGE, count * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		   window + to * PAGE) == MAP_FAILED) {
		expect_eq(errno, EFAULT);
		must(munmap(window + to * PAGE, count * PAGE));
		for (unsigned int i = to; i < to + count; i++)
			model[i] = (struct page){ GONE, 0 };
		return;
	}
	memcpy(&model[to], moved, count * sizeof(moved[0]));
	for (unsigned int i = start; i < start + count; i++)
		model[i] = (struct page){ GONE, 0 };
}

static void step_write(void)
{
	unsigned int start, count = range_pick(&start), stride = 1 + below(3) * below(60);

	for (unsigned int i = start; i < start + count; i += stride)
		if (model[i].prot == (PROT_READ | PROT_WRITE))
			page_write(i);
}

static void step_read(void)
{
	unsigned int start, count = range_pick(&start);

	for (unsigned int i = start; i < start + count; i++)
		if (model[i].prot > 0 && (model[i].prot & PROT_READ))
			page_check(i);
}

static void (*const kinds[])(void) = { step_map,   step_unmap, step_protect, step_discard,
				       step_move,  step_write, step_write,   step_write,
				       step_write, step_read };

static void step(void)
{
	steps++;
	kinds[below(sizeof(kinds) / sizeof(kinds[0]))]();
}

/* Both go on for a while, each with its own memory. */
static void split_up(void)
{
	pid_t pid = fork_child();

	if (!pid) {
		random_state += 77;
		next_value += 1000000;
	}
	for (int i = 0; i < 12; i++)
		step();
	check_all();
	if (!pid)
		_exit(0);
	expect_exit(pid, 0);
	check_all();
}

int main(int argc, char **argv)
{
	long long end = now_ns() + SECONDS * 1000000000LL;

	seed = argc > 1 ? strtoull(argv[1], NULL, 0) : (uint64_t)now_ns() | 1;
	random_state = seed;
	thp_on();
	window = thp_map(BLOCKS);
	for (unsigned int i = 0; i < PAGES; i++)
		model[i] = (struct page){ PROT_READ | PROT_WRITE, 0 };
	while (steps < STEPS && now_ns() < end) {
		for (int i = 0; i < 10; i++)
			step();
		if (below(2))
			split_up();
		else
			check_all();
		if (below(8) == 0) {
			must(mmap(window, PAGES * PAGE, PROT_READ | PROT_WRITE,
				  MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
			must(madvise(window, PAGES * PAGE, MADV_HUGEPAGE));
			for (unsigned int i = 0; i < PAGES; i++)
				model[i] = (struct page){ PROT_READ | PROT_WRITE, 0 };
		}
	}
	say("every page is what the model says");
	return 0;
}
