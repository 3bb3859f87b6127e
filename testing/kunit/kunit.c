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

void kunit_survived(const char *mistake)
{
	pr_info("kunit: survived %s", mistake);
}

void kunit_observed(const char *mechanism, bool seen)
{
	pr_info("kunit: %s is %s", mechanism, seen ? "on" : "off");
}

static bool run_one(const struct kunit_case *test)
{
	failures = 0;
	test->run();
	pr_info("kunit: %s %s", failures ? "FAIL" : "pass", test->name);
	return !failures;
}

/* Whether `names`, separated by commas, has the name. */
static bool is_named(const char *names, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = names; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, name, length) == 0 && (at[length] == ',' || !at[length]))
			return true;
	}
	return false;
}

static void run_named(const char *names)
{
	for (const struct kunit_case *const *test = __kunit_start; test < __kunit_end; test++)
		if (is_named(names, (*test)->name))
			(void)run_one(*test);
	pr_info("kunit: end of %s", names);
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
