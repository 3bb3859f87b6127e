/*
 * Indices that are checked where the profile says so (BOUNDS_CHECKS), and trusted where not. AT is for an array whose
 * length the compiler knows, a slice carries its length along. An index that is out of range stops the kernel: it is a
 * bug in the kernel, never something that a program can cause. What a program can choose is tested by the code itself,
 * in every profile.
 */
#pragma once

#include <profile/config.h>
#include <stdbool.h>
#include <stddef.h>

/* The kernel provides it. */
__attribute__((noreturn, cold)) void bounds_fail(size_t index, size_t length);

static inline size_t checked_index(size_t index, size_t length)
{
	if (config_on(CONFIG_BOUNDS_CHECKS) && __builtin_expect(index >= length, false))
		bounds_fail(index, length);
	return index;
}

/* Does not compile for a pointer. */
#define AT_LENGTH(array)                                                                           \
	(sizeof(array) / sizeof((array)[0]) +                                                      \
	 0 * sizeof(char[1 - 2 * __builtin_types_compatible_p(__typeof__(array),                   \
							      __typeof__(&(array)[0]))]))

#define AT(array, index) ((array)[checked_index((index), AT_LENGTH(array))])

/* Some bytes that somebody else owns. */
struct slice {
	unsigned char *data;
	size_t length;
};

static inline unsigned char *slice_get(struct slice s, size_t index)
{
	return &s.data[checked_index(index, s.length)];
}

/* `count` bytes from `start` on; may be none. */
static inline struct slice slice_sub(struct slice s, size_t start, size_t count)
{
	if (config_on(CONFIG_BOUNDS_CHECKS) &&
	    __builtin_expect(start > s.length || count > s.length - start, false))
		bounds_fail(start > s.length ? start : start + count, s.length);
	return (struct slice){ s.data + start, count };
}
