/*
 * zero_after_idle.c - memory that was given back, and over which the machine has idled, comes back as zeros: from MADV_DONTNEED, and
 * from a new mapping. A kernel that clears pages in idle time has done so, and hands them out.
 * mutants: madvise=0
 */
#include "contract.h"

#define SIZE_CLEARED (48UL << 20) /* more than a kernel keeps cleared */
#define SIZE (6UL << 20)
#define ROUNDS 200

static size_t size = SIZE;

static void check_zero(const unsigned char *at, size_t length)
{
	const uint64_t *words = (const void *)at;

	for (size_t i = 0; i < length / sizeof(*words); i++)
		if (words[i])
			broken("byte %zu is not zero", i * sizeof(*words));
}

/* A counter of /proc/vmstat, or -1. */
static long counter(const char *name)
{
	FILE *file = fopen("/proc/vmstat", "r");
	char found[64];
	long value;

	expect(file);
	while (fscanf(file, "%63s %ld", found, &value) == 2) {
		if (strcmp(found, name) == 0) {
			fclose(file);
			return value;
		}
	}
	fclose(file);
	return -1;
}

static void idle(void)
{
	const struct timespec time = { .tv_nsec = 5000000 };

	must(nanosleep(&time, NULL));
}

/* Junk in all of it, some of which comes back from madvise, the rest from a new mapping. */
static void give_back(void)
{
	unsigned char *at = map_anon(size);

	memset(at, 0xa5, size);
	must(madvise(at, size / 2, MADV_DONTNEED));
	idle();
	check_zero(at, size / 2);
	must(munmap(at, size));
	idle();
	at = map_anon(size);
	check_zero(at, size / 2);
	for (size_t page = size / 2; page < size; page += PAGE) {
		at[page] = 1;
		at[page] = 0;
	}
	check_zero(at + size / 2, size / 2);
	must(munmap(at, size));
}

int main(void)
{
	long cleared = counter("page_zero_ahead"), hits = counter("page_zero_ahead_hit");
	bool clears = access("/proc/sys/vm/zero_ahead_high", F_OK) == 0;

	if (clears)
		size = SIZE_CLEARED;
	for (int round = 0; round < 3; round++)
		give_back();
	if (clears) {
		for (int round = 0; counter("page_zero_ahead") == cleared ||
				    counter("page_zero_ahead_hit") == hits;
		     round++) {
			expect(round < ROUNDS);
			give_back();
		}
	}
	say("zeros");
	return 0;
}
