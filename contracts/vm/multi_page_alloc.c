/*
 * multi_page_alloc.c - a program that asks for n pages a fault takes one fault for n pages, and gets zeros; Linux, which has no
 * such call, says so.
 * mutants: multi_page_alloc=0
 */
#include "contract.h"

#include <sys/resource.h>

#define SYS_HELLO_KERNEL 421
#define SYS_MULTI_PAGE_ALLOC 422
#define HUGE (512 * PAGE)

static long multi_page_alloc(void *at, size_t length, unsigned int pages)
{
	return syscall(SYS_MULTI_PAGE_ALLOC, at, length, pages);
}

static long faults_taken(void)
{
	struct rusage usage;

	must(getrusage(RUSAGE_SELF, &usage));
	return usage.ru_minflt;
}

/* Stores to each page of 2 MiB that begin where a page table begins: how many faults. */
static long walk(unsigned char *at)
{
	long before = faults_taken();

	for (size_t page = 0; page < 512; page++) {
		for (size_t i = 0; i < PAGE; i += 512)
			if (at[page * PAGE + i])
				broken("page %zu is not zero", page);
		at[page * PAGE] = 1;
	}
	return faults_taken() - before;
}

static unsigned char *aligned(unsigned char *at)
{
	return (unsigned char *)(((uintptr_t)at + HUGE - 1) & ~(HUGE - 1));
}

static void store_walk(unsigned char *at, long want)
{
	long before = faults_taken();

	for (size_t page = 0; page < 512; page++)
		at[page * PAGE] = 1;
	expect_eq(faults_taken() - before, want);
	expect_eq(walk(at + HUGE) > 0, 1);
}

int main(void)
{
	static const unsigned int sizes[] = { 1, 4, 64, 512 };
	unsigned char *at;

	if (multi_page_alloc(NULL, 0, 0) && errno == ENOSYS)
		goto done;
	expect_eq(syscall(SYS_HELLO_KERNEL), 0);
	must_fail(multi_page_alloc(NULL, 0, 513), EINVAL);
	must_fail(multi_page_alloc((void *)1, PAGE, 4), EINVAL);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		/* For the process: what exists, and what comes. */
		must(multi_page_alloc(NULL, 0, sizes[i]));
		at = map_anon(4 * HUGE);
		(void)faults_taken();
		store_walk(aligned(at), 512 / sizes[i]);
		must(multi_page_alloc(NULL, 0, 0));
		must(munmap(at, 4 * HUGE));
		/* For a part of a mapping. */
		at = map_anon(4 * HUGE);
		must(multi_page_alloc(aligned(at), HUGE, sizes[i]));
		store_walk(aligned(at), 512 / sizes[i]);
		must(munmap(at, 4 * HUGE));
		must_fail(multi_page_alloc(at, HUGE, sizes[i]), ENOMEM);
	}
done:
	say("as many pages a fault as were asked for");
	return 0;
}
