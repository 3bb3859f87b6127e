/*
 * The host harness of libs/: include it once in a libs/<area>/test_<area>.c. Each TEST runs in the
 * order of the file; the program prints one line for each that failed and exits with 1 if any did.
 */
#pragma once

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lib/types.h>

struct unit_test {
	const char *name;
	void (*run)(void);
	struct unit_test *next;
};

static struct unit_test *unit_first, **unit_end = &unit_first;
static int unit_failures;

static inline void unit_fail(const char *file, int line, const char *what)
{
	if (++unit_failures <= 20)
		printf("%s:%d: %s\n", file, line, what);
}

static inline void unit_fail_equal(const char *file, int line, const char *what, u64 a, u64 b)
{
	if (++unit_failures <= 20)
		printf("%s:%d: %s: %#" PRIx64 " and %#" PRIx64 "\n", file, line, what, a, b);
}

#define TEST(test)                                                                                 \
	static void test_##test(void);                                                             \
	__attribute__((constructor)) static void add_##test(void)                                  \
	{                                                                                          \
		static struct unit_test entry = { #test, test_##test, NULL };                      \
		*unit_end = &entry;                                                                \
		unit_end = &entry.next;                                                            \
	}                                                                                          \
	static void test_##test(void)

#define EXPECT(condition)                                                                          \
	do {                                                                                       \
		if (!(condition))                                                                  \
			unit_fail(__FILE__, __LINE__, #condition);                                 \
	} while (0)

/* Of integers or pointers. */
#define EXPECT_EQ(a, b)                                                                            \
	do {                                                                                       \
		u64 unit_a = (u64)(a), unit_b = (u64)(b);                                          \
		if (unit_a != unit_b)                                                              \
			unit_fail_equal(__FILE__, __LINE__, #a " == " #b, unit_a, unit_b);         \
	} while (0)

#define EXPECT_STR(a, b)                                                                           \
	do {                                                                                       \
		const char *unit_a = (a), *unit_b = (b);                                           \
		if (strcmp(unit_a, unit_b) != 0) {                                                 \
			unit_fail(__FILE__, __LINE__, #a " == " #b);                               \
			printf("\t\"%s\"\n\t\"%s\"\n", unit_a, unit_b);                            \
		}                                                                                  \
	} while (0)

/* The same numbers on every run. */
static inline u64 unit_random(void)
{
	static u64 state = 0x9e3779b97f4a7c15UL;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static inline u64 unit_random_below(u64 limit)
{
	return unit_random() % limit;
}

int main(void)
{
	int tests = 0, failed = 0;

	for (struct unit_test *test = unit_first; test; test = test->next) {
		int before = unit_failures;

		test->run();
		tests++;
		if (unit_failures != before) {
			failed++;
			printf("FAILED %s\n", test->name);
		}
	}
	printf("%d tests, %d failed\n", tests, failed);
	return failed || !tests;
}
