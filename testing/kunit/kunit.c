/* Runs the in-kernel tests: see kunit/kunit.h. Ends in one line "kunit: ok N/M", which the boot runner waits for. */
#include <kernel/init.h>
#include <kernel/param.h>
#include <kernel/printk.h>
#include <kunit/kunit.h>
#include <lib/string.h>

extern const struct kunit_case *const __kunit_start[], *const __kunit_end[];

static unsigned int failures;

void kunit_failed(const char *file, int line, const char *condition)
{
	failures++;
	pr_err("kunit: %s:%d: failed: %s", file, line, condition);
}

void kunit_failed_equal(const char *file, int line, const char *condition, long a, long b)
{
	failures++;
	pr_err("kunit: %s:%d: failed: %s (%ld, %ld)", file, line, condition, a, b);
}

static bool run_one(const struct kunit_case *test)
{
	failures = 0;
	test->run();
	pr_info("kunit: %s %s", failures ? "FAIL" : "pass", test->name);
	return !failures;
}

static void run_named(const char *name)
{
	for (const struct kunit_case *const *test = __kunit_start; test < __kunit_end; test++)
		if (strcmp((*test)->name, name) == 0)
			(void)run_one(*test);
}

void kunit_run(void)
{
	const char *name = param_get("kunit");
	unsigned int passed = 0, total = 0;

	if (name && *name) {
		run_named(name);
		return;
	}
	for (const struct kunit_case *const *test = __kunit_start; test < __kunit_end; test++) {
		if ((*test)->must_die)
			continue;
		total++;
		passed += run_one(*test);
	}
	pr_info("kunit: ok %u/%u", passed, total);
}
