/*
 * Invariants. check() is cheap enough to ship and stops the kernel where the profile has CHECKS; expect() is for tests
 * and exists only in builds with KERNEL_TESTS. Where one is off it is nothing, and no promise to the compiler either:
 * the condition is compiled, but neither evaluated nor assumed.
 */
#pragma once

#include <profile/config.h>
#include <stdbool.h>

/* The kernel provides it. */
__attribute__((noreturn, cold)) void check_fail(const char *condition, const char *file, int line);

#define check_if(enabled, condition)                                                               \
	do {                                                                                       \
		if ((enabled) && __builtin_expect(!(condition), false))                            \
			check_fail(#condition, __FILE__, __LINE__);                                \
	} while (0)

#define check(condition) check_if(config_on(CONFIG_CHECKS), condition)
#define expect(condition) check_if(config_on(CONFIG_KERNEL_TESTS), condition)
