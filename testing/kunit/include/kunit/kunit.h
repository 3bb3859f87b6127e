/*
 * In-kernel tests: linked only with CONFIG_KERNEL_TESTS, registered by a linker section, run in a kernel thread before
 * init starts. A case is a function; expectations that fail are printed and counted, and the case goes on.
 *
 *	KUNIT(page_alloc_zeroed)
 *	{
 *		KEXPECT(page_is_zero(...));
 *	}
 *
 * What must stop the kernel (a bounds check, a sanitizer trap) is tested with KUNIT_MUST_DIE: it is not run with the
 * others but by its name, kunit=<name>[,<name>...] on the command line, and the test expects the panic. Where the profile
 * lacks the mechanism, such a case does no harm and ends in kunit_survived(), or is not tried there.
 *
 * What a mechanism does without stopping anything is reported by kunit_observed(): a case looks, and says whether it saw
 * it. testing/kunit/test_kunit.py compares both with the table of the profiles.
 */
#pragma once

#include <lib/compiler.h>

struct kunit_case {
	const char *name;
	void (*run)(void);
	bool must_die;
};

#define KUNIT_CASE(function, dies)                                                                 \
	static void function(void);                                                                \
	static const struct kunit_case kunit_##function = { #function, function, dies };           \
	static const struct kunit_case *const kunit_entry_##function __used __section(".kunit") =  \
		&kunit_##function;                                                                 \
	static void function(void)

#define KUNIT(function) KUNIT_CASE(function, false)
#define KUNIT_MUST_DIE(function) KUNIT_CASE(function, true)

#define KEXPECT(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			kunit_failed(__FILE__, __LINE__, #condition);                              \
	} while (0)
#define KEXPECT_EQ(a, b)                                                                           \
	do {                                                                                       \
		long kunit_a = (long)(a), kunit_b = (long)(b);                                     \
		if (kunit_a != kunit_b)                                                            \
			kunit_failed_equal(__FILE__, __LINE__, #a " == " #b, kunit_a, kunit_b);    \
	} while (0)

void kunit_survived(const char *mistake);
void kunit_observed(const char *mechanism, bool seen);
void kunit_failed(const char *file, int line, const char *condition);
void kunit_failed_equal(const char *file, int line, const char *condition, long a, long b);
