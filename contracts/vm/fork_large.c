/*
 * fork_large.c - large memory after fork: parent and descendants write, unmap, protect, move and drop parts of it, and each has
 * the pages that its model has.
 * mutants: clone=flags|CLONE_VM|CLONE_VFORK madvise=0
 */
#include "random.h"

#define PAGES 6144UL /* 24 MiB: page tables that one mapping fills, and some that it does not */
#define STEPS 60
#define DEPTH 2

static unsigned char model[PAGES]; /* what each page is filled with */
static unsigned char *window;

static void check_page(unsigned long page)
{
	const unsigned char *at = window + page * PAGE;

	if (at[0] != model[page] || at[PAGE - 1] != model[page])
		broken("page %lu has %u and %u, not %u", page, at[0], at[PAGE - 1], model[page]);
}

static void check_all(void)
{
	for (unsigned long page = 0; page < PAGES; page++)
		check_page(page);
}

static void fill(unsigned long page, unsigned char with)
{
	model[page] = with;
	window[page * PAGE] = with;
	window[page * PAGE + PAGE - 1] = with;
}

static void map_again(unsigned long from, unsigned long count)
{
	void *at = window + from * PAGE;

	expect(mmap(at, count * PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == at);
	memset(model + from, 0, count);
}

/* Moves pages out and back: to a place that was never used. */
static void move(unsigned long from, unsigned long count)
{
	const size_t size = count * PAGE;
	void *at = window + from * PAGE, *other = map_anon(size);

	/* Several mappings are not moved at once, and which pages are one differs. */
	if (mremap(at, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, other) == MAP_FAILED) {
		expect_eq(errno, EFAULT);
		map_again(from, count);
		must(munmap(other, size));
		return;
	}
	expect(mremap(other, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, at) == at);
}

static void step(void)
{
	/* Now and then a multiple of 2 MiB, more often not. */
	unsigned long from = below(4) ? below(PAGES) : below(PAGES / 512) * 512;
	unsigned long count = 1 + below(below(2) ? 1500 : 20);
	unsigned char *at = window + from * PAGE;

	if (from + count > PAGES)
		count = PAGES - from;
	switch (below(8)) {
	case 0:
		must(munmap(at, count * PAGE));
		map_again(from, count);
		break;
	case 1:
		map_again(from, count);
		break;
	case 2:
		must(mprotect(at, count * PAGE, PROT_READ));
		check_page(from);
		must(mprotect(at, count * PAGE, PROT_READ | PROT_WRITE));
		break;
	case 3:
		must(madvise(at, count * PAGE, MADV_DONTNEED));
		memset(model + from, 0, count);
		break;
	case 4:
		move(from, count);
		break;
	case 5:
		must(madvise(at, count * PAGE, MADV_DONTDUMP));
		break;
	default:
		for (unsigned long i = 0; i < count; i += 1 + below(40))
			fill(from + i, (unsigned char)(1 + below(255)));
	}
	check_page(from);
	check_page(from + count - 1);
}

static void live(unsigned int depth)
{
	pid_t children[2] = { 0, 0 };

	for (unsigned int i = 0; i < STEPS; i++) {
		if (depth < DEPTH && i % (STEPS / 2) == 5) {
			children[i / (STEPS / 2)] = fork_child();
			if (!children[i / (STEPS / 2)]) {
				random_state += i * 2654435761ULL + depth;
				check_all();
				live(depth + 1);
				_exit(0);
			}
		}
		step();
	}
	check_all();
	for (unsigned int i = 0; depth < DEPTH && i < 2; i++)
		expect_exit(children[i], 0);
	check_all();
}

int main(void)
{
	/* Not where a page table begins. */
	window = map_anon((PAGES + 300) * PAGE) + 300 * PAGE;
	for (unsigned long page = 0; page < PAGES; page++)
		fill(page, (unsigned char)(1 + page % 255));
	live(0);
	say("all generations had their own pages");
	return 0;
}
